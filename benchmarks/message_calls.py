"""Calling an ASGI application with WebSocket messages, as a server would, and checking its answers.

The client keeps a window of messages in flight: a window's frames are there at once, without a trip
through the event loop, as those that arrived together in a server's buffer. The next window comes
when all of them are answered, so who handles messages in tasks gets the turns it needs, and pays.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from http_calls import WrongAnswer
from wire import ENVELOPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeAlias

    from apps.models import Application, Event
    from rounds import Work
    from wire import Exchange, Wire

    Window: TypeAlias = tuple[Sequence[Event], int]
    """Events that come together, and how many events answer them."""

WINDOW = 8

CONNECT = {"type": "websocket.connect"}

SCOPE: dict[str, Any] = {
    "type": "websocket",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "scheme": "ws",
    "server": ("127.0.0.1", 8000),
    "client": ("127.0.0.1", 50000),
    "root_path": "",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "headers": [
        (b"host", b"127.0.0.1:8000"),
        (b"connection", b"Upgrade"),
        (b"upgrade", b"websocket"),
        (b"sec-websocket-version", b"13"),
        (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    ],
    "subprotocols": [],
    "state": {},
}


class Connection:
    """One socket: hands frames to the application a window at a time, and takes its answers."""

    def __init__(self, windows: Sequence[Window]) -> None:
        """Make a socket whose client sends these windows, and leaves."""
        self._windows = iter(windows)
        self._window: Iterator[Event] = iter(())
        self._unanswered = 0
        self._all_answered: asyncio.Future[None] | None = None
        self.frames: list[str] = []

    async def receive(self) -> Event:
        """Return the next event."""
        for event in self._window:
            return event
        if self._unanswered:
            self._all_answered = asyncio.get_running_loop().create_future()
            await self._all_answered
        events, self._unanswered = next(self._windows)
        self._window = iter(events)
        return next(self._window)

    async def send(self, event: Event) -> None:
        """Take an event of the application."""
        if event["type"] == "websocket.send":
            self.frames.append(event.get("text") or event["bytes"].decode())
        self._unanswered -= 1
        if not self._unanswered and self._all_answered is not None:
            self._all_answered.set_result(None)
            self._all_answered = None


def windows_of(wire: Wire, exchange: Exchange, count: int) -> list[Window]:
    """Return what the client of a socket with so many messages sends."""
    events = [text_event(wire.frame(n, exchange.path, exchange.data)) for n in range(count)]
    windows = [events[first : first + WINDOW] for first in range(0, count, WINDOW)]
    return [
        *(([CONNECT if text is None else text_event(text)], due) for text, due in wire.opening),
        *((window, len(window)) for window in windows),
        ([{"type": "websocket.disconnect", "code": 1000, "reason": ""}], 0),
    ]


def text_event(text: str) -> Event:
    """Return the event of a frame that came."""
    return {"type": "websocket.receive", "text": text}


async def checked_messages(
    name: str, app: Application, exchange: Exchange, wire: Wire = ENVELOPE
) -> Work:
    """Return the work of sending messages over one socket; the answers are checked before."""
    prepared: dict[int, list[Window]] = {}
    scope = {**SCOPE, "path": wire.path, "raw_path": wire.path.encode()}
    scope["query_string"] = wire.query
    opening = sum(due for _, due in wire.opening) - 1  # The acceptance is no frame.

    async def converse(count: int) -> list[str]:
        if count not in prepared:
            prepared[count] = windows_of(wire, exchange, count)
        connection = Connection(prepared[count])
        await app(scope.copy(), connection.receive, connection.send)
        return connection.frames[opening:]

    async def work(count: int) -> None:
        if len(await converse(count)) != count:
            raise WrongAnswer(f"{name} leaves messages unanswered")

    count = 5 * WINDOW + 1
    replies = await converse(count)
    if sorted(map(wire.read, replies)) != [(number, exchange.answer) for number in range(count)]:
        raise WrongAnswer(f"{name} answers {exchange} with {replies}")
    return work
