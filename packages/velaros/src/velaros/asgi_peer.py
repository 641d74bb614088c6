"""The client's end of a WebSocket that an ASGI application serves, in memory."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict

from velaros.errors import HandshakeRefused
from velaros.status import CloseSource, CloseStatus, Status, named_status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from aros_core.asgi.types import ASGIApp, Event, Scope

FORBIDDEN = 403
"""What servers answer a `websocket.close` before the handshake with."""

BROKEN = 500
"""What servers answer in the place of an application that ends without an answer."""


class ASGIPeer:
    """What a server and a client together are to one WebSocket of an application.

    `async with ASGIPeer(app, scope) as peer:` runs the application; leaving the block leaves the
    socket as a client does, waits for the application and raises what it raised. It is as strict
    as the specification: in the application, events out of order raise `RuntimeError`, and events
    after the client has left `BrokenPipeError`.
    """

    def __init__(self, app: ASGIApp, scope: Scope, *, close_timeout: float = 15.0) -> None:
        """`close_timeout` is how many seconds the application has to end after the client left."""
        self.subprotocol: str | None = None
        """The subprotocol that the application chose."""
        self.headers: CIMultiDict[str] = CIMultiDict()
        """The header fields that it answered the handshake with."""
        self.frames: list[str | bytes] = []
        """What it sent and nobody took yet."""
        self.close_status: CloseStatus | None = None
        """How the socket was closed; `None` before its end."""
        self._app = app
        self._scope = scope
        self._close_timeout = close_timeout
        self._accepted = False
        self._denial: tuple[int, CIMultiDict[str], bytearray] | None = None
        self._refusal: HandshakeRefused | None = None
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._changed = asyncio.Event()
        self._was_raised = False

    async def __aenter__(self) -> ASGIPeer:
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(lambda _: self._notify())
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.disconnect(Status.NORMAL_CLOSURE if self._accepted else Status.ABNORMAL_CLOSURE)
        try:
            await self._finish()
        except Exception as error:
            if exc is None:
                raise
            exc.add_note(f"Beside this, the application failed: {error!r}")

    # The client's side

    async def connect(self, timeout: float) -> None:
        """Ask for the handshake and return when it is accepted.

        Raises `HandshakeRefused`, what the application raised instead of an answer, and
        `TimeoutError` when it gave none within `timeout` seconds.
        """
        self._events.put_nowait({"type": "websocket.connect"})
        try:
            async with asyncio.timeout(timeout):
                while not (self._accepted or self._refusal or self.is_over):
                    await self.changed()
        except TimeoutError:
            raise TimeoutError(
                f"the application did not answer the handshake within {timeout:g} s"
                f"{_whereabouts(self._task)}"
            ) from None
        if self._accepted:
            return
        self.raise_failure()
        raise self._refusal or HandshakeRefused(
            BROKEN, {}, b"the application ended without an answer to the handshake"
        )

    def push(self, frame: str | bytes) -> None:
        """Send a frame to the application."""
        kind = "text" if isinstance(frame, str) else "bytes"
        self._events.put_nowait({"type": "websocket.receive", kind: frame})

    def disconnect(self, status: int, reason: str = "") -> None:
        """Leave with a status; without effect when the socket is closed already."""
        if self.close_status is None:
            self._close(status, reason, CloseSource.CLIENT)

    async def changed(self) -> None:
        """Return when something has come, the socket was closed or the application has ended."""
        await self._changed.wait()

    @property
    def is_over(self) -> bool:
        """Whether the application has ended."""
        return self._task.done()

    def raise_failure(self) -> None:
        """Raise what the application raised, once."""
        if self._task.done() and not self._task.cancelled():
            error = self._task.exception()
            if error is not None and not self._was_raised:
                self._was_raised = True
                raise error

    async def _finish(self) -> None:
        try:
            await asyncio.wait([self._task], timeout=self._close_timeout)
            if not self._task.done():
                raise TimeoutError(
                    f"the application did not end within {self._close_timeout:g} s after the "
                    f"client had left{_whereabouts(self._task)}"
                )
        finally:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=self._close_timeout)
        self.raise_failure()

    # The application's side

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
        finally:
            if self.close_status is None:
                # The server ends a connection that its application has deserted.
                self._close(Status.ABNORMAL_CLOSURE, "", CloseSource.SERVER)

    async def _receive(self) -> Event:
        event = await self._events.get()
        if event["type"] == "websocket.disconnect":
            self._events.put_nowait(event)  # However often it is asked for.
        return event

    async def _send(self, event: Event) -> None:
        if self.close_status is not None and self.close_status.source is CloseSource.CLIENT:
            raise BrokenPipeError("the client has left")
        kind = event["type"]
        if self.close_status is not None or self._refusal is not None:
            raise RuntimeError(f"{kind} came after the end of the socket")
        expected = self._expected_events()
        if kind not in expected:
            raise RuntimeError(f"{kind} came instead of {' or '.join(expected)}")
        expected[kind](event)
        self._notify()

    def _expected_events(self) -> dict[str, Callable[[Event], None]]:
        if self._accepted:
            return {"websocket.send": self._take_frame, "websocket.close": self._take_close}
        if self._denial is not None:
            return {"websocket.http.response.body": self._go_on_denying}
        return {
            "websocket.accept": self._accept,
            "websocket.close": self._refuse,
            "websocket.http.response.start": self._begin_denial,
        }

    def _accept(self, event: Event) -> None:
        self._accepted = True
        self.subprotocol = event.get("subprotocol")
        self.headers = _decode_headers(event.get("headers") or ())

    def _refuse(self, event: Event) -> None:
        del event
        self._refusal = HandshakeRefused(FORBIDDEN, {}, b"")

    def _begin_denial(self, event: Event) -> None:
        self._denial = event["status"], _decode_headers(event.get("headers") or ()), bytearray()

    def _go_on_denying(self, event: Event) -> None:
        assert self._denial is not None
        status, headers, body = self._denial
        body += event.get("body", b"")
        if not event.get("more_body", False):
            self._refusal = HandshakeRefused(status, headers, bytes(body))

    def _take_frame(self, event: Event) -> None:
        text = event.get("text")
        self.frames.append(event["bytes"] if text is None else text)

    def _take_close(self, event: Event) -> None:
        status = event.get("code", Status.NORMAL_CLOSURE)
        self._close(status, event.get("reason") or "", CloseSource.SERVER)

    def _close(self, status: int, reason: str, source: CloseSource) -> None:
        self.close_status = CloseStatus(named_status(status), reason, source)
        self._events.put_nowait(
            {"type": "websocket.disconnect", "code": int(status), "reason": reason}
        )
        self._notify()

    def _notify(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def _decode_headers(headers: Iterable[tuple[bytes, bytes]]) -> CIMultiDict[str]:
    return CIMultiDict((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def _whereabouts(task: asyncio.Task[None]) -> str:
    """Return where a task waits, from the outermost coroutine to the innermost."""
    lines = ["; it waits here:"]
    waiting: Any = task.get_coro()
    while getattr(waiting, "cr_frame", None) is not None:
        code = waiting.cr_code
        lines.append(f"  {code.co_filename}:{waiting.cr_frame.f_lineno} in {code.co_qualname}")
        waiting = waiting.cr_await
    return "\n".join(lines)
