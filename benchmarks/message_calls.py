"""Calling an ASGI application with WebSocket messages, as a server would, and checking its answers.

The client keeps a window of messages in flight: a window's frames are there at once, without a trip
through the event loop, as those that arrived together in a server's buffer. The next window comes
when all of them are answered, so who handles messages in tasks gets the turns it needs, and pays.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from http_calls import WrongAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from apps.models import Application, Event
    from rounds import Work
    from wire import Exchange

WINDOW = 8

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

    def __init__(self, windows: Sequence[Sequence[Event]]) -> None:
        """Make a socket whose client sends these windows, and leaves."""
        self._windows = iter(windows)
        self._window: Any = iter(())
        self._unanswered = 0
        self._all_answered: asyncio.Future[None] | None = None
        self.sent: list[Event] = []

    async def receive(self) -> Event:
        """Return the next event."""
        for event in self._window:
            return event
        if self._unanswered:
            self._all_answered = asyncio.get_running_loop().create_future()
            await self._all_answered
        window = next(self._windows)
        self._unanswered = len(window)
        self._window = iter(window)
        return next(self._window)

    async def send(self, event: Event) -> None:
        """Take an event of the application: every one of them is an answer."""
        self.sent.append(event)
        self._unanswered -= 1
        if not self._unanswered and self._all_answered is not None:
            self._all_answered.set_result(None)
            self._all_answered = None


def windows_of(exchange: Exchange, count: int) -> list[list[Event]]:
    """Return the events of a socket with so many messages, in windows."""
    events: list[Event] = [
        {"type": "websocket.receive", "text": exchange.frame(number)} for number in range(count)
    ]
    return [
        [{"type": "websocket.connect"}],
        *(events[first : first + WINDOW] for first in range(0, count, WINDOW)),
        [{"type": "websocket.disconnect", "code": 1000, "reason": ""}],
    ]


async def checked_messages(name: str, app: Application, exchange: Exchange) -> Work:
    """Return the work of sending messages over one socket; the answers are checked before."""
    prepared: dict[int, list[list[Event]]] = {}

    async def converse(count: int) -> list[Event]:
        if count not in prepared:
            prepared[count] = windows_of(exchange, count)
        connection = Connection(prepared[count])
        await app(SCOPE.copy(), connection.receive, connection.send)
        return connection.sent

    async def work(count: int) -> None:
        sent = await converse(count)
        assert len(sent) == count + 1, "something was left unanswered"

    count = 5 * WINDOW + 1
    accept, *replies = await converse(count)
    frames = [event.get("text") or event.get("bytes") or "{}" for event in replies]
    if accept["type"] != "websocket.accept" or len(frames) != count:
        raise WrongAnswer(f"{name} answers {count} messages with {len(frames)}: {frames[-1:]}")
    for number, frame in enumerate(frames):
        if not exchange.is_answered_by(number, frame):
            raise WrongAnswer(f"{name} answers {exchange.frame(number)} with {frame}")
    return work
