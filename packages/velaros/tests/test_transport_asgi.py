"""Sockets over ASGI servers."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from velaros import CloseSource, CloseStatus, Connection, Context, Socket, SocketClosed
from velaros.transports.asgi import ASGIConnection

from .helpers import ASGIPeer, json_router, noting, settle, soon

if TYPE_CHECKING:
    from aros_core.asgi.types import Event


class ServerError(Exception):
    """An error of some server's own."""


def test_is_a_connection() -> None:
    """It fits the protocol that every kind of connection speaks."""

    async def nothing(*event: Any) -> Any:
        """Do nothing."""

    assert isinstance(ASGIConnection(nothing, nothing), Connection)


async def test_answers_the_handshake_and_carries_messages() -> None:
    """Accept, messages both ways as text and bytes, and the close frame."""
    router = json_router()

    @router.bind("/x")
    async def _(ctx: Context) -> None:
        await ctx.reply(1)
        await ctx.close(4000, "done")

    async with ASGIPeer(router, subprotocols=["velaros-json"]) as peer:
        accepted: Event = {"type": "websocket.accept", "subprotocol": "velaros-json", "headers": []}
        assert await peer.event() == accepted
        peer.incoming.put_nowait(
            {"type": "websocket.receive", "bytes": b'{"path":"/x","id":1}', "text": None}
        )
        assert await peer.event() == {"type": "websocket.send", "bytes": b'{"id":1,"data":1}'}
        assert await peer.event() == {"type": "websocket.close", "code": 4000, "reason": "done"}


async def test_text_is_sent_as_text() -> None:
    """Events have the one key that they need."""
    router = json_router()
    router.bind("/x", lambda ctx: 1)
    async with ASGIPeer(router) as peer:
        assert (await peer.accepted())["subprotocol"] is None
        peer.incoming.put_nowait(
            {"type": "websocket.receive", "text": '{"path":"/x","id":1}', "bytes": None}
        )
        assert await peer.event() == {"type": "websocket.send", "text": '{"id":1,"data":1}'}


@pytest.mark.parametrize(
    ("event", "end"),
    [
        ({"code": 1001, "reason": "bye"}, CloseStatus(1001, "bye", CloseSource.CLIENT)),
        ({"code": 4321}, CloseStatus(4321, "", CloseSource.CLIENT)),
        ({"code": 1006, "reason": None}, CloseStatus(1006, "", CloseSource.CLIENT)),
        ({}, CloseStatus(1005, "", CloseSource.CLIENT)),
        ({"code": None}, CloseStatus(1005, "", CloseSource.CLIENT)),
        ({"code": 1002}, CloseStatus(1002, "", CloseSource.CLIENT)),
        ({"code": 1009}, CloseStatus(1009, "", CloseSource.CLIENT)),
        ({"code": 1012}, CloseStatus(1012, "", CloseSource.SERVER)),
    ],
)
async def test_the_servers_word_is_the_close_status(event: Any, end: CloseStatus) -> None:
    """Code and reason as they came; 1012 is the server's own restart."""
    router = json_router()
    ends: list[CloseStatus | None] = []

    @router.use_close
    async def _(ctx: Context) -> None:
        ends.append(ctx.close_status)
        with pytest.raises(SocketClosed):
            await ctx.send(1)

    async with ASGIPeer(router) as peer:
        await peer.accepted()
        peer.incoming.put_nowait({"type": "websocket.disconnect", **event})
        await soon(asyncio.shield(peer.task))
        assert peer.outgoing.empty()
    assert ends == [end]


@pytest.mark.parametrize(
    "error", [OSError(), RuntimeError("close sent"), ServerError(), TypeError("no transport")]
)
async def test_whatever_a_server_raises_after_the_end_is_socket_closed(error: Exception) -> None:
    """Sends to a client that is gone raise the same on every server, and keep its reason."""
    router = json_router()
    ends: list[CloseStatus | None] = []
    raised: list[SocketClosed] = []

    @router.use_close
    async def _(ctx: Context) -> None:
        ends.append(ctx.close_status)

    @router.bind("/x")
    async def _(ctx: Context) -> None:
        try:
            await ctx.reply(1)
        except SocketClosed as closed:
            raised.append(closed)

    async with ASGIPeer(router) as peer:
        await peer.accepted()
        peer.failure = error
        peer.push(path="/x", id=1)
        await settle()
        peer.leave(4001, "bye")
        await soon(asyncio.shield(peer.task))
    assert ends == [CloseStatus(4001, "bye", CloseSource.CLIENT)]
    assert len(raised) == 1


async def test_a_server_that_ignores_sends_after_the_end() -> None:
    """Once the end was read, sends raise without asking the server."""
    router = json_router()
    kept: list[Socket] = []

    @router.use_open
    async def _(ctx: Context) -> None:
        kept.append(ctx.socket)

    async with ASGIPeer(router) as peer:
        await peer.accepted()
        await settle()
        peer.leave()
        await soon(asyncio.shield(peer.task))
        with pytest.raises(SocketClosed):
            await kept[0].send(1)
        assert peer.outgoing.empty()


async def test_a_close_that_fails_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """The client may leave as the server closes."""
    router = json_router()
    router.bind("/x", lambda ctx: ctx.close())
    async with ASGIPeer(router) as peer:
        await peer.accepted()
        peer.failure = ServerError()
        peer.push(path="/x")
        await soon(asyncio.shield(peer.task))
    assert not caplog.records


class TestHandshakes:
    """Clients that are gone before they are in."""

    async def test_one_that_never_asked(self) -> None:
        """A disconnect before the connect is the end, without a word."""
        router = json_router()
        peer = ASGIPeer(router)
        peer.leave()
        await soon(peer.serve())
        assert peer.outgoing.empty()

    async def test_one_that_leaves_during_the_hooks(self, caplog: pytest.LogCaptureFixture) -> None:
        """Where the server cannot accept any more, nothing opened and nothing closes."""
        caplog.set_level(logging.DEBUG, "velaros")
        router = json_router()
        log: list[str] = []
        kept: list[Socket] = []

        @router.use_upgrade
        async def _(ctx: Context) -> None:
            kept.append(ctx.socket)

        router.use_open(noting(log, "open"))
        router.use_close(noting(log, "close"))
        peer = ASGIPeer(router)
        peer.failure = ServerError()
        async with peer:
            await soon(asyncio.shield(peer.task))
        assert log == []
        assert kept[0].is_closed
        assert "the client left during the handshake" in caplog.text

    async def test_one_that_is_cancelled_during_the_handshake(self) -> None:
        """The cancellation goes on, and what was kept of the socket is closed."""
        router = json_router()
        kept: list[Socket] = []

        @router.use_upgrade
        async def _(ctx: Context) -> None:
            kept.append(ctx.socket)

        async def send(event: Event) -> None:
            await asyncio.sleep(3600)

        peer = ASGIPeer(router)
        peer.incoming.put_nowait({"type": "websocket.connect"})
        task = asyncio.ensure_future(router(peer.scope, peer.incoming.get, send))
        await settle()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await soon(task)
        assert kept[0].is_closed
        with pytest.raises(SocketClosed):
            await kept[0].send(1)

    async def test_one_that_is_cancelled_during_the_hooks(self) -> None:
        """A hook that waits is cancelled; nothing opened."""
        router = json_router()
        log: list[str] = []

        @router.use_upgrade
        async def _(ctx: Context) -> None:
            try:
                await asyncio.sleep(3600)
            finally:
                log.append("cancelled")

        router.use_close(noting(log, "close"))
        peer = ASGIPeer(router)
        peer.incoming.put_nowait({"type": "websocket.connect"})
        task = asyncio.ensure_future(peer.serve())
        await settle()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await soon(task)
        assert log == ["cancelled"]

    async def test_one_that_leaves_before_its_refusal(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Refused upgrades that crash: nobody is there to be told."""
        router = json_router()
        peer = ASGIPeer(router, subprotocols=["unknown"])
        peer.failure = ServerError()
        async with peer:
            await soon(asyncio.shield(peer.task))
        assert not caplog.records


async def test_the_servers_task_may_be_cancelled() -> None:
    """The socket ends in order, and the cancellation is raised again."""
    router = json_router()
    log: list[str] = []

    @router.use_close
    async def _(ctx: Context) -> None:
        await asyncio.sleep(0.001)
        log.append("hook")

    peer = ASGIPeer(router)
    peer.incoming.put_nowait({"type": "websocket.connect"})
    task = asyncio.ensure_future(peer.serve())
    await peer.accepted()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await soon(task)
    assert log == ["hook"]
    assert (await peer.event())["code"] == 1001
