"""What a socket holds while nothing happens on it: counted in bytes, by the interpreter itself."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

import velaros

if TYPE_CHECKING:
    from collections.abc import Callable

    from aros_core.asgi.types import ASGIApp, Event, Receive, Scope, Send

SOCKETS = 200
MOST_ABOVE_RAW = 4 * 1024
"""How many bytes an idle socket may take above one of an application written by hand."""

PING = json.dumps({"path": "/ping", "id": "1", "data": {}})

HEADERS = [
    (b"host", b"127.0.0.1:8000"),
    (b"upgrade", b"websocket"),
    (b"connection", b"Upgrade"),
    (b"sec-websocket-key", b"x" * 24),
    (b"sec-websocket-version", b"13"),
    (b"origin", b"http://127.0.0.1:8000"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"),
]


async def raw_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer messages, as is done without a framework."""
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] != "websocket.disconnect":
        await send(
            {"type": "websocket.send", "text": json.dumps({"id": json.loads(event["text"])})}
        )


def routed_app() -> velaros.Router:
    """Return a router that answers one kind of message."""
    router = velaros.Router()
    router.use(velaros.middleware.json())

    @router.bind("/ping")
    async def _(ctx: velaros.Context) -> dict[str, bool]:
        return {"pong": True}

    return router


class Client:
    """A server's side of one socket: a message comes, is answered, and nothing follows."""

    def __init__(self, text: Callable[[], str]) -> None:
        self.text = text
        self.events = iter(("websocket.connect", "websocket.receive"))
        self.silence: asyncio.Future[Event] | None = None
        self.answers = 0

    async def receive(self) -> Event:
        """Return the events of a beginning, then wait."""
        kind = next(self.events, None)
        if kind is None:
            self.silence = asyncio.get_running_loop().create_future()
            return await self.silence
        return (
            {"type": kind, "text": self.text()} if kind == "websocket.receive" else {"type": kind}
        )

    async def send(self, event: Event) -> None:
        """Count an event."""
        self.answers += event["type"] == "websocket.send"

    def leave(self) -> None:
        """End the connection."""
        assert self.silence is not None
        self.silence.set_result({"type": "websocket.disconnect", "code": 1001})

    async def served_by(self, app: ASGIApp) -> None:
        """Have an application serve this socket."""
        scope: Any = {
            "type": "websocket",
            "path": "/",
            "query_string": b"",
            "headers": HEADERS,
            "subprotocols": [],
        }
        await app(scope, self.receive, self.send)


async def opened(app: ASGIApp, count: int, text: Callable[[], str]) -> dict[Client, Any]:
    """Open sockets, and return them with their tasks when each has had its answer."""
    sockets = [Client(text) for _ in range(count)]
    tasks = {client: asyncio.create_task(client.served_by(app)) for client in sockets}
    while not all(client.silence and client.answers for client in sockets):
        await asyncio.sleep(0)
    for _ in range(10):
        await asyncio.sleep(0)  # What has answered comes to its end.
    return tasks


async def closed(tasks: dict[Client, Any]) -> None:
    """Close sockets, and wait for their end."""
    for client in tasks:
        client.leave()
    await asyncio.gather(*tasks.values())


async def memory_of_one(app: ASGIApp) -> float:
    """Return how many bytes an idle socket takes, its task included."""
    warm = await opened(app, 10, lambda: PING)
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        idle = await opened(app, SOCKETS, lambda: PING)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    await closed(warm | idle)
    return (after - before) / SOCKETS


@pytest.mark.skipif(sys.gettrace() is not None, reason="tracers keep something of each task")
async def test_an_idle_socket_is_small() -> None:
    """What is kept for what may happen is made when it happens."""
    above_raw = await memory_of_one(routed_app()) - await memory_of_one(raw_app)
    assert 0 < above_raw <= MOST_ABOVE_RAW


@pytest.mark.parametrize("size", [1, 100_000])
async def test_an_idle_socket_keeps_no_message(size: int) -> None:
    """However large the last message was, only who sent it has it still."""
    text = json.dumps({"path": "/ping", "id": "1", "data": "x" * size})
    before = sys.getrefcount(text)
    tasks = await opened(routed_app(), 3, lambda: text)
    assert sys.getrefcount(text) == before
    await closed(tasks)
