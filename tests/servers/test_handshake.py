"""Handshakes over real servers: accepted, refused with an answer, and left by the client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import urlopen

import msgspec
import pytest
from websockets.exceptions import InvalidStatus

from .clients import connect, connect_bare, new_tag
from .processes import PATIENCE

if TYPE_CHECKING:
    from .clients import Place

REFUSALS = [
    pytest.param(
        {"headers": {"Origin": "https://foreign.example"}},
        403,
        "this origin may not open a socket here",
        id="origin",
    ),
    pytest.param(
        {"subprotocols": ["soap", "velaros-xml"]},
        400,
        "unknown subprotocols; this server knows velaros-json, velaros-msgpack",
        id="subprotocol",
    ),
    pytest.param({"stranger": "yes"}, 401, "who are you?", id="hook"),
]


async def test_a_handshake_opens_a_socket(place: Place) -> None:
    """The open handlers run, and see where the client is."""
    async with connect(place, headers={"Origin": "https://allowed.example"}) as client:
        assert client.socket.subprotocol is None
        host, port = client.socket.local_address[:2]
    report = await place.server.report(client.tag, "opened")
    assert report["remote"] == f"{host}:{port}"
    await place.server.report(client.tag, "ended")


async def test_the_first_known_subprotocol_is_chosen(place: Place) -> None:
    """The client's first that the router knows is echoed, and its codec reads and writes."""
    offered = ["soap", "velaros-msgpack", "velaros-json"]
    async with connect(place, subprotocols=offered) as client:
        assert client.socket.subprotocol == "velaros-msgpack"
        await client.send(msgspec.msgpack.encode({"path": "/echo", "id": 1, "data": [1, None]}))
        answer = await client.receive_raw()
    assert isinstance(answer, bytes)
    assert msgspec.msgpack.decode(answer) == {"id": 1, "data": [1, None]}
    report = await place.server.report(client.tag, "opened")
    assert report["subprotocol"] == "velaros-msgpack"
    await place.server.report(client.tag, "ended")


@pytest.mark.parametrize(("options", "status", "text"), REFUSALS)
async def test_a_refused_handshake_is_answered(
    place: Place, options: dict[str, Any], status: int, text: str
) -> None:
    """The client learns status and reason of a refusal, and no hook of a socket runs."""
    tag = new_tag()
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(place, tag=tag, **options):
            pass
    can_tell = place.server.kind.abilities.denial_response.value
    response = refusal.value.response
    answer = response.status_code, bytes(response.body or b"").decode()
    assert answer == ((status, text) if can_tell else (403, ""))
    await place.server.report(tag, "ended")
    assert place.server.events(tag) == ["ended"]


async def test_a_refusal_carries_headers(place: Place) -> None:
    """The headers of a hook's error go out, and those of the middleware around a mount."""
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(place, stranger="yes"):
            pass
    headers = refusal.value.response.headers
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert headers["www-authenticate"] == "Bearer"
    assert headers.get("x-error") == ("HTTPError" if place.path == "/mounted" else None)


async def test_a_client_leaves_before_the_answer(place: Place) -> None:
    """A socket whose client is gone when the handshake is answered ends without an error."""
    async with connect_bare(place, gate="upgrade") as client:
        await place.server.report(client.tag, "at the gate")
        client.drop()
    async with connect(place) as helper:
        await helper.push("/open-gate", client.tag)
        await place.server.report(client.tag, "ended")
    events = place.server.events(client.tag)
    assert events.count("opened") == events.count("closed") <= 1


async def test_a_plain_request_is_no_upgrade(place: Place) -> None:
    """A router by itself says what it takes; on a site the next handler answers."""
    address = f"http://127.0.0.1:{place.server.port}{place.path}"
    status, text = await asyncio.to_thread(_get, address)
    if place.path == "/alone":
        assert (status, text.partition(";")[0]) == (
            400,
            "this address takes WebSocket connections only",
        )
    else:
        assert (status, text) == (200, "no upgrade")


def _get(address: str) -> tuple[int, str]:
    """Return status and text of what is at an address."""
    try:
        with urlopen(address, timeout=PATIENCE) as response:
            return response.status, response.read().decode()
    except HTTPError as response:
        with response:
            return response.code, response.read().decode()
