"""The response half of the context: what handlers say of the answer, before it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aros_core.errors import ContextClosedError, Error, FieldError
from navaros.cookies import cookie_header, expired_cookie_header
from navaros.errors import ResponseStartedError
from navaros.headers import ResponseHeaders
from navaros.request import RequestSide

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from navaros.cookies import SameSite

_TLS_SCHEMES = ("https", "wss")


class ResponseSide(RequestSide):
    """What the client will be told."""

    _status: int | None = None
    _body: Any
    _is_plain: bool
    """Whether there is nothing to the answer but a body so far, and all can be changed."""
    _headers: ResponseHeaders | None = None
    _sent_status: int | None = None
    """The status that went out; `None` before the response began."""
    _is_fixed: bool = False
    """Whether setting anything has to be refused, or ignored."""
    _is_taken_over: bool = False
    """Whether a WebSocket took over, so that there will be no response."""
    _dropped: tuple[Any, ...] = ()
    """Bodies that an error made void, to be closed at the end."""

    @property
    def status(self) -> int | None:
        """The status of the response; `None` lets `response_status` be inferred.

        Setting it raises `ValueError` for what is not from 100 to 599, `ResponseStartedError` after
        the response began and `ContextClosedError` after the end.
        """
        return self._status

    @status.setter
    def status(self, status: int | None) -> None:
        if not (self._is_plain or self._may_change()):
            return
        if status is not None and not 100 <= status <= 599:
            raise ValueError(f"a status is a number from 100 to 599, not {status!r}")
        self._status = None if status is None else int(status)
        self._is_plain = False

    @property
    def body(self) -> Any:
        """The body of the response, `None` for none; see the package's documentation for kinds.

        Setting it raises what setting `status` raises.
        """
        return self._body

    @body.setter
    def body(self, body: Any) -> None:
        if not (self._is_plain or self._may_change()):
            return
        self._body = body

    @property
    def response_headers(self) -> ResponseHeaders:
        """The header fields of the response; `headers` is the same object."""
        if self._headers is None:
            self._headers = ResponseHeaders()
            self._is_plain = False
            if self._is_fixed or self._ended:
                self._fix_headers()
        return self._headers

    @property
    def headers(self) -> ResponseHeaders:
        """The header fields of the response; `response_headers` is the same object."""
        return self.response_headers

    @property
    def error(self) -> Exception | None:
        """What a handler raised, or set; while it is set, `next()` runs nothing.

        An error drops the status, headers, cookies and body that were meant for success, unless the
        response began; what is set after it counts. `None` marks it as handled.
        """
        return self._error

    @error.setter
    def error(self, error: Exception | None) -> None:
        self.require_open()
        if error is not None and error is not self._error and self._sent_status is None:
            self._drop_response(error)
        self._error = error
        self._is_plain = False

    def set_cookie(
        self,
        name: str,
        value: str,
        *,
        max_age: int | timedelta | None = None,
        expires: datetime | float | str | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool | None = None,
        httponly: bool = True,
        samesite: SameSite | None = "lax",
    ) -> None:
        """Have the client keep a cookie (RFC 6265).

        `max_age` is in seconds; without it and `expires` the cookie lasts as long as the browser's
        session. `secure=None` means: where the request came over TLS. Raises `ValueError` for what
        a cookie cannot carry, and what setting `status` raises.
        """
        if secure is None:
            secure = self._scope.get("scheme") in _TLS_SCHEMES
        header = cookie_header(
            name,
            value,
            max_age=max_age,
            expires=expires,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
        )
        self.response_headers.add("set-cookie", header)

    def delete_cookie(self, name: str, *, path: str = "/", domain: str | None = None) -> None:
        """Have the client forget a cookie that was set with the same path and domain."""
        header = expired_cookie_header(name, path=path, domain=domain)
        self.response_headers.add("set-cookie", header)

    def end(self) -> None:
        """Close the chain; what was set up to now is the answer."""
        self._ended = True
        self._is_plain = False
        if self._headers is not None:
            self._headers.freeze(ContextClosedError)

    def _may_change(self) -> bool:
        """Tell whether a change has an effect; raise the error for one that comes too late."""
        self.require_open()
        if self._is_fixed and not self._is_taken_over:
            raise ResponseStartedError
        return not self._is_taken_over

    def _fix(self) -> None:
        """Refuse changes from now on: the response begins, or there will be none."""
        self._is_fixed = True
        self._is_plain = False
        if self._headers is not None:
            self._fix_headers()

    def _fix_headers(self) -> None:
        assert self._headers is not None
        if self._ended:
            self._headers.freeze(ContextClosedError)
        elif self._is_taken_over:
            self._headers.ignore()
        else:
            self._headers.freeze(ResponseStartedError)

    def _drop_response(self, error: Exception) -> None:
        # A status of failure that a handler chose for its own `Error` is part of that answer.
        is_answer = isinstance(error, Error | FieldError)
        if not (is_answer and self._status is not None and self._status >= 400):
            self._status = None
        if self._body is not None:
            self._dropped = (*self._dropped, self._body)
            self.has_leftovers = True
            self._body = None
        if self._headers is not None:
            self._headers.clear()
