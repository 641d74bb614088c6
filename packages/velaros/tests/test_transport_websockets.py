"""Connections over the library `websockets`: handshakes, ends and what is known of the server."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from velaros import Connection, ConnectionEnded
from velaros.errors import HandshakeRefused
from velaros.transports.websockets import WebSocketConnection

from .helpers import soon
from .real_servers import behaving

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response


@asynccontextmanager
async def connected(
    handler: Callable[[ServerConnection], Awaitable[None]], path: str = ""
) -> AsyncGenerator[WebSocketConnection]:
    """Connect to a server that treats the connection as the handler says."""
    async with behaving(handler) as url:
        connection = await WebSocketConnection.open(url + path, compression=None)
        try:
            yield connection
        finally:
            await connection.close(1000, "")


async def echo(websocket: ServerConnection) -> None:
    """Send back what comes."""
    async for message in websocket:
        await websocket.send(message)


async def test_carries_texts_and_bytes() -> None:
    """Frames arrive as what they were sent as, over what is a connection like any other."""
    async with connected(echo) as connection:
        assert isinstance(connection, Connection)
        for frame in ("text", b"bytes"):
            await connection.send(frame)
            assert await soon(connection.receive()) == frame
        assert not connection.is_closed
    assert connection.is_closed


async def test_knows_the_server() -> None:
    """The address asked for and the headers of the answer are what its contexts show."""
    async with connected(echo, "rooms?name=a%20b") as connection:
        facts = connection.facts
        assert facts.scope["path"] == "/rooms"
        assert facts.query["name"] == "a b"
        assert facts.headers["upgrade"] == "websocket"
        assert facts.remote_address is not None
        assert facts.remote_address.startswith("127.0.0.1:")
        assert connection.subprotocol is None


async def test_a_refused_handshake_has_status_headers_and_body() -> None:
    """What the server answered in place of a socket is raised."""

    def refuse(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(403, "members only")
        response.headers["X-Why"] = "secret"
        return response

    async with behaving(echo, process_request=refuse) as url:
        with pytest.raises(HandshakeRefused) as refusal:
            await WebSocketConnection.open(url)
    assert (refusal.value.status, refusal.value.body) == (403, b"members only")
    assert refusal.value.headers["x-why"] == "secret"


async def test_the_end_says_what_the_server_said() -> None:
    """Receiving and sending raise the same end, however often."""

    async def close(websocket: ServerConnection) -> None:
        await websocket.close(4005, "full")

    async with connected(close) as connection:
        for attempt in (connection.receive, connection.receive, lambda: connection.send("late")):
            with pytest.raises(ConnectionEnded) as end:
                await soon(attempt())
            assert (end.value.status, end.value.reason) == (4005, "full")
            assert not end.value.by_server


async def test_of_two_close_frames_the_first_says_it() -> None:
    """The server's echo of this side's close changes nothing: it was this side's."""
    async with connected(echo) as connection:
        await connection.close(4001, "enough")
        with pytest.raises(ConnectionEnded) as end:
            await connection.receive()
        assert (end.value.status, end.value.reason) == (4001, "enough")
        assert end.value.by_server  # Which is the side that runs here.


async def test_an_end_without_a_close_frame_is_abnormal() -> None:
    """A connection that breaks off has no status of its own."""

    async def drop(websocket: ServerConnection) -> None:
        websocket.transport.abort()

    async with connected(drop) as connection:
        with pytest.raises(ConnectionEnded) as end:
            await soon(connection.receive())
        assert (end.value.status, end.value.reason) == (1006, "")


async def test_aborting_drops_an_open_connection_only() -> None:
    """The other end sees no close frame; a closed connection is left alone."""
    async with connected(echo) as connection:
        connection.abort()
        with pytest.raises(ConnectionEnded) as end:
            await soon(connection.receive())
        assert end.value.status == 1006
        connection.abort()
