"""What would be sent as things stand: the status, the headers and the bytes of an answer."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from navaros.allow import answer_unhandled
from navaros.content import NO_CONTENT, encode_body, is_streamed
from navaros.failures import failure_of, is_special, report
from navaros.fields import (
    answer_fields,
    finished_events,
    is_bodiless,
    plain_events,
)
from navaros.headers import ResponseHeaders
from navaros.redirects import Redirect, location
from navaros.response import ResponseSide
from navaros.traversal import refuse_climbing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aros_core.asgi.types import Event
    from aros_core.steps import Link
    from navaros.fields import Fields

    Conclusion = tuple[int, Any, Mapping[str, str]]

_NO_HEADERS: Final[Mapping[str, str]] = {}


class AnsweringSide(ResponseSide):
    """The answer, as far as it can be told without sending it."""

    @property
    def response_status(self) -> int:
        """The status that would be sent as things stand; once the response began, its own."""
        if self._sent_status is not None:
            return self._sent_status
        try:
            status, body, extra = self._conclusion()
            if isinstance(body, PurePath):
                return self._file_status(Path(body), status)
            if not is_streamed(body):
                self._events(status, body, extra)
        except Exception as error:
            return failure_of(error)[0]
        return status

    def _file_status(self, path: Path, status: int) -> int:
        if is_bodiless(status):
            return status
        from navaros.files import file_status

        refuse_climbing(path, self._scope)
        found = file_status(
            path, self.method, self.request_headers, self._headers, whole=status != 200
        )
        return found if status == 200 else status

    def expect_no_body(self) -> None:
        """Have the answer looked at closely: `HEAD` asks for what comes before a body."""
        self._is_plain = False

    def conclude(self) -> tuple[Event, Event] | None:
        """Close the chain, and return the events of an answer whose bytes are known.

        `None` is for an answer that is to be streamed, or has begun. An error that nobody handled
        is logged here, and so is one that is met here.
        """
        try:
            if self._is_plain:
                # The answers that are given most often take the short way.
                self._ended = True
                self._is_plain = False
                if self._body is None:
                    events = self._not_found_events()
                else:
                    events = plain_events(self._body, self._router)
                if events is not None:
                    return events
            self.end()
            if self._error is not None:
                report(self._error, self.method, self.path)
            return self._known_events() if self._sent_status is None else None
        except Exception as failure:
            return self.failure_events(failure)

    def failure_events(self, error: Exception) -> tuple[Event, Event]:
        """Log an error that was met after the chain, and return the events that answer for it."""
        report(error, self.method, self.path)
        self._headers = None
        self._drop_response(error)
        return self._events(*failure_of(error))

    def _known_events(self) -> tuple[Event, Event] | None:
        status, body, extra = self._conclusion()
        if isinstance(body, PurePath) or is_streamed(body):
            return None
        return self._events(status, body, extra)

    def _events(self, status: int, body: Any, extra: Mapping[str, str]) -> tuple[Event, Event]:
        if is_bodiless(status):
            body = NO_CONTENT
        codecs = self._router.codecs
        accept = self._accept if len(codecs) > 1 else None
        read_by = None if self._inbox_or_none is None else self._inbox_or_none.codec
        content_type, data = encode_body(body, accept, codecs, read_by)
        length: int | None = len(data)
        if self._scope.get("method") == "HEAD":
            # A handler of HEAD may know how long the body would be without making it.
            length = length or None
            data = b""
        return finished_events(status, self._fields(status, extra, content_type, length), data)

    def _fields(
        self, status: int, extra: Mapping[str, str], content_type: str | None, length: int | None
    ) -> Fields:
        headers = self._headers
        if extra:
            headers = ResponseHeaders(headers or ())
            headers.merge(extra)
        return answer_fields(headers, status, content_type, length)

    def _conclusion(self) -> Conclusion:
        """Return the status, the body and the headers that come with them, as things stand."""
        body = self._body
        extra = _NO_HEADERS
        if self._error is not None:
            _, failure, extra = failure_of(self._error)
            body = failure if body is None else body
        elif body is None:
            if self._status is None:
                return self._unhandled()
            return self._status, NO_CONTENT, extra
        status = self._status_with(body)
        if isinstance(body, Redirect):
            extra = {**extra, "location": location(body.to, self.raw_path)}
            return body.status or status, NO_CONTENT, extra
        return status, body, extra

    def _not_found_events(self) -> tuple[Event, Event] | None:
        """Return the events for a path without routes, `None` where there is more to look at."""
        not_found = self._router.not_found
        return None if not_found is None or self._routes_here() else not_found.events()

    def _unhandled(self) -> Conclusion:
        return answer_unhandled(self.method, self._routes_here())

    def _routes_here(self) -> Sequence[Link]:
        # Upgrades never reach the routes of verbs, so those say nothing about them.
        is_upgrade = self._scope["type"] == "websocket"
        return () if is_upgrade else self._router.table.routes_at(self.path)

    def _status_with(self, body: Any) -> int:
        """Return the status of a response that has this body."""
        if self._status is not None:
            return self._status
        if self._error is not None:
            return failure_of(self._error)[0]
        if isinstance(body, Redirect):
            return 302
        return 400 if is_special(body) else 200
