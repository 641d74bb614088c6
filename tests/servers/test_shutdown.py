"""Servers that are told to stop while sockets are open: every socket ends in order, and in time."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import ConnectionClosed

from .abilities import Shutdown
from .app import CLOSE_TIMEOUT
from .clients import Client, Place, connect
from .processes import Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from .kinds import Kind

EXIT_TIME = 3 * CLOSE_TIMEOUT + 5
"""How many seconds a server may take to end: what close handlers and frames may, and its own."""


@pytest.fixture(params=["alone", "mounted"])
def own_place(kind: Kind, request: pytest.FixtureRequest) -> Iterator[Place]:
    """Provide a router on a server that this test has for itself."""
    server = Server(kind, request.param)
    try:
        server.await_ready()
        yield Place(server, f"/{request.param}")
    finally:
        server.stop()
    complaints = server.complaints()
    assert not complaints, f"{complaints}\nin the log of {kind}:\n{server.output}"


@pytest.fixture
async def clients(own_place: Place) -> AsyncIterator[list[Client]]:
    """Provide clients: one idle, one with a busy handler, one whose close handler takes time."""
    async with AsyncExitStack() as stack:
        idle = await stack.enter_async_context(connect(own_place))
        busy = await stack.enter_async_context(connect(own_place))
        slow = await stack.enter_async_context(connect(own_place, slow="yes"))
        assert await busy.request("/hold") == {"message": "busy"}
        yield [idle, busy, slow]


async def read_paths(client: Client) -> list[str]:
    """Return the paths of all messages that come until the end."""
    paths: list[str] = []
    try:
        while True:
            paths.append((await client.receive())["path"])
    except ConnectionClosed:
        return paths


async def leave(clients: list[Client]) -> None:
    """Have clients leave that the server waits for, and serves up to then."""
    for client in clients:
        assert await client.request("/echo", [1]) == [1]
        await client.socket.close()


async def test_the_server_stops(own_place: Place, clients: list[Client]) -> None:
    """Every close handler runs once and to its end, clients hear of it, and the process ends."""
    server, abilities = own_place.server, own_place.server.kind.abilities
    server.terminate()
    if abilities.shutdown.value is Shutdown.PATIENT:
        await leave(clients)
    paths = await asyncio.gather(*(read_paths(client) for client in clients))
    assert await server.wait_exit(EXIT_TIME) in (0, -signal.SIGTERM)
    await server.report("", "stopped")
    assert server.events("") == ["started", "stopped"]

    sources = {(await server.end(client.tag)).source for client in clients}
    assert "released" in server.events(clients[1].tag)
    statuses = {client.socket.close_code for client in clients}
    if abilities.shutdown.value is Shutdown.ABRUPT:
        assert statuses <= {abilities.shutdown_status.value, 1001}
    else:
        is_closed_by_server = abilities.shutdown.value is Shutdown.ORDERLY
        assert sources == {"server" if is_closed_by_server else "client"}
        assert statuses == {abilities.shutdown_status.value}
        assert paths == [["/farewell"] if abilities.shutdown_farewell.value else []] * 3
