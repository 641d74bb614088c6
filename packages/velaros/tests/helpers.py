"""A client's end of a socket, with control over every step of the connection and over the clock."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from velaros import ConnectionEnded, ConnectionInfo, Router, middleware

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from typing import Self

    import pytest

    from aros_core.asgi.types import ASGIApp, Event, Scope
    from velaros import Context

PATIENCE = 5.0
"""How many seconds of real time a test waits for what must come."""

_NOTHING: Any = object()


def json_router(**options: Any) -> Router:
    """Return a router that reads and writes JSON."""
    router = Router(**options)
    router.use(middleware.json())
    return router


def noting(log: list[Any], what: Any) -> Callable[[Context], None]:
    """Return a plain function, run in a thread, that notes its call."""

    def note(ctx: Context) -> None:
        log.append(what)

    return note


async def settle(turns: int = 40) -> None:
    """Let everything run that can run without an event from outside."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def soon(awaitable: Awaitable[Any]) -> Any:
    """Await what must come at once."""
    return await asyncio.wait_for(awaitable, PATIENCE)


class Clock:
    """The event loop's clock, which a test can put forward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self._real = loop.time
        self._ahead = 0.0
        monkeypatch.setattr(loop, "time", self._now)

    def _now(self) -> float:
        return self._real() + self._ahead

    async def advance(self, seconds: float) -> None:
        """Put the clock forward, and let happen what is due by then."""
        await settle()
        self._ahead += seconds
        await settle()


@dataclass(frozen=True)
class Closed:
    """A close frame that was sent."""

    status: int
    reason: str = ""


class FakeConnection:
    """A connection that does what the test says."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[str | bytes | BaseException] = asyncio.Queue()
        self.outgoing: asyncio.Queue[str | bytes | Closed] = asyncio.Queue()
        self.gate = asyncio.Event()
        """While it is cleared, the other side does not read: sending waits."""
        self.gate.set()
        self.failure: Exception | None = None
        """What sending raises."""
        self.is_closed = False
        self.violations: list[str] = []
        """What the application must not have done."""
        self._is_sending = False

    async def receive(self) -> str | bytes:
        """Return or raise what the test put in."""
        item = await self.incoming.get()
        if isinstance(item, BaseException):
            raise item
        return item

    async def send(self, message: str | bytes) -> None:
        """Keep a message for the test."""
        self._require(not self._is_sending, "one message is sent at a time")
        self._require(not self.is_closed, "nothing is sent after the close frame")
        self._is_sending = True
        try:
            await self.gate.wait()
        finally:
            self._is_sending = False
        if self.failure is not None:
            raise self.failure
        self.outgoing.put_nowait(message)

    async def close(self, status: int, reason: str) -> None:
        """Keep a close frame for the test."""
        self._require(not self.is_closed, "there is one close frame")
        self._require(not self._is_sending, "the close frame does not interrupt a message")
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.is_closed = True
        self.outgoing.put_nowait(Closed(status, reason))

    def _require(self, held: bool, what: str) -> None:
        if not held:
            self.violations.append(what)


class Peer:
    """The client's end of one socket of a router: speaks JSON, or raw frames."""

    def __init__(
        self, router: Router, headers: Mapping[str, str] | None = None, **info: Any
    ) -> None:
        self.router = router
        self.info = ConnectionInfo(headers=headers or {}, **info)
        self.connection = FakeConnection()
        self.task: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        self.start()
        await settle(2)
        return self

    def start(self) -> None:
        """Open the socket."""
        self.task = asyncio.create_task(self.router.handle_connection(self.info, self.connection))

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        if not self.task.done():
            self.connection.gate.set()
            self.leave()
        if error is not None:
            self.task.cancel()
        await asyncio.wait([self.task], timeout=PATIENCE)
        if error is None:
            await self.task
            assert self.connection.violations == []

    # What the client does

    def put(self, frame: str | bytes) -> None:
        """Send a raw frame."""
        self.connection.incoming.put_nowait(frame)

    def push(
        self,
        path: str | None = None,
        data: Any = _NOTHING,
        *,
        id: Any = None,  # noqa: A002
        meta: Any = None,
    ) -> None:
        """Send a message in JSON."""
        fields = {"path": path, "id": id, "meta": meta}
        envelope = {name: value for name, value in fields.items() if value is not None}
        if data is not _NOTHING:
            envelope["data"] = data
        self.put(json.dumps(envelope))

    def leave(self, status: int = 1001, reason: str = "", *, by_server: bool = False) -> None:
        """End the connection."""
        end = ConnectionEnded(status, reason, by_server=by_server)
        self.connection.incoming.put_nowait(end)

    # What the client sees

    async def frame(self) -> str | bytes | Closed:
        """Return the next frame."""
        return await soon(self.connection.outgoing.get())

    async def message(self) -> dict[str, Any]:
        """Return the next message."""
        frame = await self.frame()
        assert not isinstance(frame, Closed), f"a message was expected, not {frame}"
        return json.loads(frame)

    async def messages(self, count: int) -> list[dict[str, Any]]:
        """Return the next messages."""
        return [await self.message() for _ in range(count)]

    async def closed(self) -> Closed:
        """Return the close frame, which must come next."""
        frame = await self.frame()
        assert isinstance(frame, Closed), f"a close frame was expected, not {frame!r}"
        return frame

    async def nothing(self) -> None:
        """Check that nothing comes."""
        await settle()
        assert self.connection.outgoing.empty(), self.connection.outgoing.get_nowait()

    async def ended(self) -> None:
        """Wait until the application's side is over."""
        await soon(asyncio.shield(self.task))


class ASGIPeer:
    """What an ASGI server is to an application, for one WebSocket."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        subprotocols: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        denial: bool = True,
        **scope: Any,
    ) -> None:
        self.app = app
        self.scope: Scope = {
            "type": "websocket",
            "path": "/",
            "query_string": b"",
            "headers": [(k.encode(), v.encode()) for k, v in (headers or {}).items()],
            "subprotocols": list(subprotocols),
            "extensions": {"websocket.http.response": {}} if denial else {},
            **scope,
        }
        self.incoming: asyncio.Queue[Event] = asyncio.Queue()
        self.outgoing: asyncio.Queue[Event] = asyncio.Queue()
        self.failure: Exception | None = None
        """What the server's `send` raises."""
        self.task: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        self.incoming.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.ensure_future(self.serve())
        return self

    async def serve(self) -> None:
        """Run the application to its end."""
        await self.app(self.scope, self.incoming.get, self._send)

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        if not self.task.done():
            self.leave()
        if error is not None:
            self.task.cancel()
        await asyncio.wait([self.task], timeout=PATIENCE)
        if error is None:
            await self.task

    async def _send(self, event: Event) -> None:
        if self.failure is not None:
            raise self.failure
        self.outgoing.put_nowait(event)

    def push(self, **envelope: Any) -> None:
        """Send a message in JSON."""
        self.incoming.put_nowait({"type": "websocket.receive", "text": json.dumps(envelope)})

    def leave(self, code: int | None = 1001, reason: str = "") -> None:
        """End the connection."""
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})

    async def event(self) -> Event:
        """Return the next event that the application sent."""
        return await soon(self.outgoing.get())

    async def accepted(self) -> Event:
        """Return the answer of the handshake, which must be an accepting one."""
        event = await self.event()
        assert event["type"] == "websocket.accept", event
        return event

    async def message(self) -> Any:
        """Return the next message."""
        event = await self.event()
        assert event["type"] == "websocket.send", event
        return json.loads(event["text"] if event.get("text") is not None else event["bytes"])

    async def refused(self) -> tuple[int, dict[bytes, bytes], bytes]:
        """Return status, headers and body of a refusal."""
        start, body = await self.event(), await self.event()
        assert start["type"] == "websocket.http.response.start", start
        assert body["type"] == "websocket.http.response.body", body
        return start["status"], dict(start["headers"]), body["body"]
