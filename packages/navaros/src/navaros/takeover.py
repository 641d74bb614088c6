"""ASGI applications that answer in the chain's place, for requests and upgrades."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from aros_core.errors import HTTPError
from navaros.body import BodyEvents
from navaros.mounts import scope_below
from navaros.sending import SendingSide

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from aros_core.asgi.types import ASGIApp, Event, Scope, Send

_FORBIDDEN: Final = 403
_SWITCHING_PROTOCOLS: Final = 101

# RFC 6455, section 7.4.1. Servers answer a close before the handshake with 403.
_REFUSED: Final = 1008
_INTERNAL_ERROR: Final = 1011

_LAST_PARTS: Final = frozenset(
    {"http.response.body", "http.response.pathsend", "http.response.zerocopysend"}
)


class TakeoverSide(SendingSide):
    """The answer of somebody else."""

    _server_send: Send
    """The server's own `send`, which speaks no HTTP for upgrades."""
    _was_handed_over: bool = False

    async def hand_over(self, app: ASGIApp) -> None:
        """Let an ASGI application answer in this context's place; its answer is final.

        It is mounted below the part of the path that the running handler's pattern covers. What it
        raises before it answers is an error of this chain. Headers that were set up to here go out
        with its HTTP response, where it does not set them itself. Raises `RuntimeError` when the
        response has begun.
        """
        self.require_open()
        if self._sent_status is not None:
            raise RuntimeError("the response has begun; no application can take over any more")
        scope = scope_below(self._scope, self.running, self.path)
        self._was_handed_over = True
        if self._inbox_or_none is not None:
            await self._inbox_or_none.end_watch()
        try:
            if scope["type"] == "websocket":
                await self._hand_over_upgrade(app, scope)
            else:
                await self._hand_over_request(app, scope)
        except Exception as error:
            translated = _as_http_error(error)
            if translated is None:
                raise
            raise translated from error

    async def _hand_over_request(self, app: ASGIApp, scope: Scope) -> None:
        body = self._request_body()
        body.check_size()
        receive = BodyEvents(self.request_body(), self._inbox().receive)
        await app(scope, receive, self._send_for_app)
        if self._sent_status is not None and not self._is_complete and not self._is_client_gone:
            raise RuntimeError(f"{app!r} returned before its response was complete")

    async def _hand_over_upgrade(self, app: ASGIApp, scope: Scope) -> None:
        inbox = self._inbox_or_none
        receive = self._receive if inbox is None else inbox.receive
        try:
            await app(scope, receive, self._send_for_socket)
        except Exception:
            if self._sent_status == _SWITCHING_PROTOCOLS:
                with suppress(Exception):  # It may have closed the socket itself.
                    await self._server_send({"type": "websocket.close", "code": _INTERNAL_ERROR})
            raise

    def _send_for_app(self, event: Event) -> Awaitable[None]:
        kind = event["type"]
        if kind == "http.response.start":
            event = {**event, "headers": self._merged(event.get("headers") or ())}
            self._sent_status = event["status"]
            self._fix()
        elif kind in _LAST_PARTS and not event.get("more_body", False):
            self._is_complete = True
        return self._server_send(event)

    def _send_for_socket(self, event: Event) -> Awaitable[None]:
        if self._sent_status is None:
            self._take_over(event)
        return self._server_send(event)

    def _take_over(self, event: Event) -> None:
        """Give the connection up to whoever answers the handshake."""
        refused = event.get("status", _FORBIDDEN)
        is_accepted = event["type"] == "websocket.accept"
        self._sent_status = _SWITCHING_PROTOCOLS if is_accepted else refused
        self._is_complete = True
        self._is_taken_over = True
        self._fix()
        self.stop_deadlines()

    def _merged(self, headers: Any) -> list[tuple[bytes, bytes]]:
        fields = [(bytes(name).lower(), bytes(value)) for name, value in headers]
        if self._headers is None:
            return fields
        # The body is not ours, so what tells about ours does not count.
        taken = {name for name, _ in fields if name != b"set-cookie"}
        taken |= {b"content-length", b"content-type", b"transfer-encoding"}
        return fields + [field for field in self._headers.encode() if field[0] not in taken]

    def _send(self, event: Event) -> Awaitable[None]:
        if self._scope["type"] == "websocket":
            return self.deny(event)
        return self._server_send(event)

    async def deny(self, event: Event) -> None:
        """Send a part of an HTTP response to an upgrade, as far as the server can."""
        kind = event["type"]
        if kind == "http.response.start" and not self._was_handed_over:
            await self._inbox().receive()  # Some servers want their opening event taken first.
        if "websocket.http.response" in (self._scope.get("extensions") or {}):
            await self._server_send({**event, "type": f"websocket.{kind}"})
        elif kind == "http.response.start":
            await self._server_send({"type": "websocket.close", "code": _REFUSED, "reason": ""})


def _as_http_error(error: Exception) -> HTTPError | None:
    """Return what Starlette's `HTTPException` says; its applications expect to be understood."""
    status, detail = getattr(error, "status_code", None), getattr(error, "detail", None)
    if not isinstance(status, int) or not isinstance(detail, str) or not 400 <= status <= 599:
        return None
    return HTTPError(status, detail, headers=getattr(error, "headers", None))
