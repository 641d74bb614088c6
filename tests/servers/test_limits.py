"""Limits over real servers: messages too large, and clients that do not read."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from websockets.exceptions import ConnectionClosed

from .abilities import Frame
from .app import MAX_MESSAGE_SIZE
from .clients import connect, connect_bare, read_acceptance

if TYPE_CHECKING:
    from .clients import Place


async def test_a_message_past_the_routers_limit(place: Place) -> None:
    """The socket is closed with 1009, and the client hears the limit."""
    async with connect(place) as client:
        await client.push("/echo", "x" * MAX_MESSAGE_SIZE)
        status, reason = await client.wait_closed()
    assert (status, reason) == (1009, f"a message may have {MAX_MESSAGE_SIZE} bytes")
    end = await place.server.end(client.tag)
    assert (end.status, end.reason, end.source) == (1009, reason, "server")
    assert end.farewell == "sent"


async def test_a_message_past_the_servers_limit(place: Place) -> None:
    """The server ends the socket by itself, and the close handlers run."""
    kind = place.server.kind
    async with connect(place) as client:
        with suppress(ConnectionClosed):  # Some servers do not read the rest.
            await client.push("/echo", "x" * kind.limit)
        status, _ = await client.wait_closed()
    # A client that is still sending may find the connection reset before it reads a frame.
    expected = {Frame.FULL: {1009}, Frame.BARE: {1005, 1006}, Frame.NONE: {1006}}
    assert status in expected[kind.abilities.size_frame.value]
    end = await place.server.end(client.tag)
    told = 1009 if kind.abilities.violation_status.value else kind.abilities.drop_status.value
    assert (end.status, end.source) == (told, "client")
    assert end.farewell == "SocketClosed"


async def test_a_client_that_does_not_read(place: Place) -> None:
    """After `send_timeout` its sends fail, close handlers run, and the application is through."""
    async with connect_bare(place) as client:
        await read_acceptance(client)
        client.stop_reading()
        client.push("/flood")
        end = await place.server.end(client.tag)
        assert "gave up" in place.server.events(client.tag)
    assert (end.status, end.source) == (1006, "server")
    assert end.reason == "the client does not read"
    assert end.farewell == "SocketClosed"
