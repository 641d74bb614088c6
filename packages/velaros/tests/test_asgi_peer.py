"""Tests of the in-memory end of ASGI WebSockets: the protocol, strictly."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from velaros.asgi_peer import ASGIPeer
from velaros.errors import HandshakeRefused
from velaros.status import CloseSource, CloseStatus

if TYPE_CHECKING:
    from aros_core.asgi.types import ASGIApp, Event, Receive, Scope, Send


def peer_of(app: ASGIApp, close_timeout: float = 5.0) -> ASGIPeer:
    """Return a peer of an application that reads nothing of its scope."""
    return ASGIPeer(app, {"type": "websocket"}, close_timeout=close_timeout)


def answering(*events: Event) -> ASGIApp:
    """Return an application that sends events and then waits for the end."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        for event in events:
            await send(event)
        while (await receive())["type"] != "websocket.disconnect":
            pass

    return app


ACCEPT: Event = {"type": "websocket.accept"}


async def test_accepts() -> None:
    """The peer learns subprotocol and headers of the answer."""
    headers = [(b"x-color", b"red")]
    app = answering({**ACCEPT, "subprotocol": "chat", "headers": headers})
    async with peer_of(app) as peer:
        await peer.connect(1)
        assert peer.subprotocol == "chat"
        assert peer.headers["X-Color"] == "red"


async def test_frames_go_both_ways() -> None:
    """Texts and bytes come and go as they are."""
    seen: list[Event] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(ACCEPT)
        seen.extend([await receive(), await receive()])
        await send({"type": "websocket.send", "text": "a"})
        await send({"type": "websocket.send", "bytes": b"b", "text": None})
        await send({"type": "websocket.close"})

    async with peer_of(app) as peer:
        await peer.connect(1)
        peer.push("text")
        peer.push(b"bytes")
        while not peer.is_over:
            await peer.changed()
        assert peer.frames == ["a", b"b"]
        assert peer.close_status == CloseStatus(1000, "", CloseSource.SERVER)
    assert seen == [
        {"type": "websocket.receive", "text": "text"},
        {"type": "websocket.receive", "bytes": b"bytes"},
    ]


async def test_a_close_is_a_refusal() -> None:
    """A close before the handshake is what servers make of it: 403."""
    with pytest.raises(HandshakeRefused) as refusal:
        async with peer_of(answering({"type": "websocket.close"})) as peer:
            await peer.connect(1)
    assert (refusal.value.status, refusal.value.body) == (403, b"")
    assert str(refusal.value) == "the handshake was refused with status 403"


async def test_denials_come_in_pieces() -> None:
    """Status, headers and all parts of the body of a denial are kept."""
    start: Event = {"type": "websocket.http.response.start", "status": 418}
    body: Event = {"type": "websocket.http.response.body"}
    app = answering(
        {**start, "headers": [(b"x-pot", b"tea")]},
        {**body, "body": b"short ", "more_body": True},
        {**body, "body": b"and stout"},
    )
    with pytest.raises(HandshakeRefused) as refusal:
        async with peer_of(app) as peer:
            await peer.connect(1)
    assert (refusal.value.status, refusal.value.body) == (418, b"short and stout")
    assert refusal.value.headers["x-pot"] == "tea"


async def test_no_answer_at_all() -> None:
    """An application that ends without an answer is answered for, as servers do."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    with pytest.raises(HandshakeRefused, match="ended without an answer") as refusal:
        async with peer_of(app) as peer:
            await peer.connect(1)
    assert refusal.value.status == 500


async def test_an_error_before_the_answer() -> None:
    """What the application raised in place of an answer is raised."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("lost")

    with pytest.raises(LookupError, match="lost"):
        async with peer_of(app) as peer:
            await peer.connect(1)


async def test_an_answer_that_does_not_come() -> None:
    """The error says where the application waits, to the innermost function."""

    async def wait_for_a_turn(receive: Receive) -> None:
        while (await receive())["type"] != "websocket.disconnect":
            pass

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await wait_for_a_turn(receive)

    with pytest.raises(TimeoutError) as failure:
        async with peer_of(app) as peer:
            await peer.connect(0.01)
    text = str(failure.value)
    assert text.startswith("the application did not answer the handshake within 0.01 s")
    assert "in test_an_answer_that_does_not_come.<locals>.app\n" in text
    assert "in test_an_answer_that_does_not_come.<locals>.wait_for_a_turn\n" in text


async def test_an_end_that_does_not_come() -> None:
    """An application that ignores that its client left is cancelled and named."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(ACCEPT)
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError, match=r"did not end within 0\.01 s after the client had left"):
        async with peer_of(app, close_timeout=0.01) as peer:
            await peer.connect(1)


async def test_the_end_is_heard_again_and_again() -> None:
    """The application hears of the end, however often it asks."""
    seen: list[Event] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(ACCEPT)
        seen.extend([await receive(), await receive()])

    async with peer_of(app) as peer:
        await peer.connect(1)
        peer.disconnect(4000, "bye")
        peer.disconnect(4001, "too late")
    assert seen == [{"type": "websocket.disconnect", "code": 4000, "reason": "bye"}] * 2


async def test_nothing_can_be_sent_to_who_has_left() -> None:
    """Sending after the client has left is an OSError in the application."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(ACCEPT)
        await receive()
        await send({"type": "websocket.send", "text": "?"})

    with pytest.raises(BrokenPipeError, match="the client has left"):
        async with peer_of(app) as peer:
            await peer.connect(1)


@pytest.mark.parametrize(
    ("events", "fault"),
    [
        (
            [{"type": "websocket.send", "text": "?"}],
            "websocket.send came instead of websocket.accept or websocket.close or",
        ),
        (
            [ACCEPT, ACCEPT],
            "websocket.accept came instead of websocket.send or websocket.close",
        ),
        (
            [{"type": "websocket.http.response.start", "status": 400}, ACCEPT],
            "websocket.accept came instead of websocket.http.response.body",
        ),
    ],
)
async def test_events_out_of_order(events: list[Event], fault: str) -> None:
    """The protocol's order is kept, or the application is told."""
    with pytest.raises(RuntimeError, match=fault):
        async with peer_of(answering(*events)) as peer:
            await peer.connect(1)


async def test_nothing_comes_after_the_end() -> None:
    """An application that has closed, or refused, cannot send any more."""
    close: Event = {"type": "websocket.close"}
    for events in ([ACCEPT, close, close], [close, close]):
        with pytest.raises(RuntimeError, match="came after the end of the socket"):
            async with peer_of(answering(*events)) as peer:
                await peer.connect(1)


async def test_an_error_after_the_refusal_is_a_note() -> None:
    """What the application raises when it has refused already is told with the refusal."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.close"})
        await receive()
        await receive()
        raise LookupError("lost")

    with pytest.raises(HandshakeRefused) as refusal:
        async with peer_of(app) as peer:
            await peer.connect(1)
    assert "LookupError('lost')" in refusal.value.__notes__[0]


async def test_a_deserted_connection_is_lost() -> None:
    """When the application just returns, the connection ends without a close frame."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(ACCEPT)

    async with peer_of(app) as peer:
        await peer.connect(1)
        while not peer.is_over:
            await peer.changed()
        assert peer.close_status == CloseStatus(1006, "", CloseSource.SERVER)


async def test_a_cancelled_application_is_no_error() -> None:
    """An application that cancels itself has ended like any other."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(ACCEPT)
        raise asyncio.CancelledError

    async with peer_of(app) as peer:
        await peer.connect(1)
