"""The ends of sockets over real servers: whoever ends one, the close handlers run exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import ConnectionClosed

from .abilities import Frame
from .clients import CLOSE, TEXT, connect, connect_bare, read_acceptance

if TYPE_CHECKING:
    from .clients import Place

RESERVED = 11

VIOLATIONS = [
    pytest.param(TEXT, b"{}", False, 1002, id="unmasked"),
    pytest.param(RESERVED, b"", True, 1002, id="reserved opcode"),
    pytest.param(TEXT, b"\xff", True, 1007, id="invalid UTF-8"),
]


async def test_the_server_closes_with_status_and_reason(place: Place) -> None:
    """What the handler and the close handlers still send arrives before the close frame."""
    async with connect(place) as client:
        await client.push("/close", [4001, "go home"])
        assert (await client.receive())["path"] == "/last"
        assert (await client.receive())["path"] == "/farewell"
        with pytest.raises(ConnectionClosed):
            await client.receive()
        assert await client.wait_closed() == (4001, "go home")
    end = await place.server.end(client.tag)
    assert (end.status, end.reason, end.source) == (4001, "go home", "server")
    assert end.farewell == "sent"


@pytest.mark.parametrize("status", [1000, 1011])
async def test_ordinary_statuses_are_sent_too(place: Place, status: int) -> None:
    """The client gets a close frame whatever the status is."""
    async with connect(place) as client:
        await client.push("/close", [status, ""])
        assert await client.wait_closed() == (status, "")
    assert (await place.server.end(client.tag)).status == status


async def test_a_close_handler_changes_the_status(place: Place) -> None:
    """While the server closes, the last word is the close handlers'."""
    async with connect(place, changing="yes") as client:
        await client.push("/close", [4001, "go home"])
        assert await client.wait_closed() == (4100, "changed")
    assert (await place.server.end(client.tag)).status == 4100


async def test_the_client_closes_with_status_and_reason(place: Place) -> None:
    """Handlers end, close handlers see what the client said, and sends raise `SocketClosed`."""
    abilities = place.server.kind.abilities
    async with connect(place) as client:
        assert await client.request("/hold") == {"message": "busy"}
        await client.socket.close(4002, "see you")
        assert (client.socket.close_code, client.socket.close_reason) == (4002, "see you")
    end = await place.server.end(client.tag)
    assert end.status == (4002 if abilities.client_status.value else 1006)
    assert end.reason == ("see you" if abilities.client_reason.value else "")
    assert end.source == "client"
    assert end.farewell == "SocketClosed"
    assert "released" in place.server.events(client.tag)


@pytest.mark.parametrize("is_reset", [True, False], ids=["reset", "end of stream"])
async def test_the_client_drops(place: Place, is_reset: bool) -> None:
    """A connection that breaks ends its handlers, and the close handlers run."""
    async with connect_bare(place) as client:
        await read_acceptance(client)
        client.push("/hold")
        await client.read(2)
        if is_reset:
            client.drop()
        else:
            client.writer.write_eof()
        end = await place.server.end(client.tag)
    assert end.status == place.server.kind.abilities.drop_status.value
    assert (end.reason, end.source) == ("", "client")
    assert end.farewell == "SocketClosed"
    assert "released" in place.server.events(client.tag)


async def test_the_client_drops_while_the_socket_opens(place: Place) -> None:
    """An open handler that still runs is cancelled, and the close handlers run."""
    async with connect_bare(place, gate="open") as client:
        await place.server.report(client.tag, "opened")
        client.drop()
        end = await place.server.end(client.tag)
    assert end.source == "client"


@pytest.mark.parametrize(("opcode", "payload", "masked", "status"), VIOLATIONS)
async def test_the_client_breaks_the_protocol(
    place: Place,
    opcode: int,
    payload: bytes,
    masked: bool,
    status: int,
) -> None:
    """The server gives the client up, and the close handlers run."""
    abilities = place.server.kind.abilities
    async with connect_bare(place) as client:
        await read_acceptance(client)
        client.send(opcode, payload, masked=masked)
        frames = await client.frames()
    end = await place.server.end(client.tag)
    told = status if abilities.violation_status.value else abilities.drop_status.value
    assert (end.status, end.source) == (told, "client")
    closes = [content[:2] for opcode, content in frames if opcode == CLOSE]
    expected = {
        Frame.FULL: [status.to_bytes(2, "big")],
        Frame.BARE: [b""],
        Frame.NONE: [],
    }
    assert closes == expected[abilities.violation_frame.value]
    assert end.farewell == "SocketClosed"
