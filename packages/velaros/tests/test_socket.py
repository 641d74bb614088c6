"""The socket as handlers keep it."""

from __future__ import annotations

import asyncio
import gc
from weakref import WeakSet, ref

import pytest

from velaros import (
    CloseSource,
    CloseStatus,
    Context,
    Error,
    Key,
    Router,
    Socket,
    SocketClosed,
    middleware,
)

from .helpers import Closed, Peer, json_router, settle

USER = Key[str]("user")


def keeping(router: Router) -> list[Socket]:
    """Return the list that a router's open hook puts its sockets in."""
    kept: list[Socket] = []

    @router.use_open
    async def _(ctx: Context) -> None:
        kept.append(ctx.socket)

    return kept


async def test_is_the_same_for_every_context() -> None:
    """Hooks and messages of one socket share it; its id is the context's."""
    router = json_router()
    kept = keeping(router)

    @router.bind("/x")
    async def _(ctx: Context) -> None:
        kept.append(ctx.socket)
        assert ctx.socket_id == ctx.socket.id

    async with Peer(router) as one, Peer(router):
        one.push("/x")
        await settle()
        first, second, again = kept
        assert again is first
        assert first.id != second.id


async def test_weak_references_last_as_long_as_the_socket() -> None:
    """Who keeps sockets weakly finds them until they end, and need not take them out."""
    router = json_router()
    known: WeakSet[Socket] = WeakSet()

    @router.use_open
    async def _(ctx: Context) -> None:
        known.add(ctx.socket)

    async with Peer(router) as one, Peer(router) as two:
        await settle()
        assert len(known) == 2
        one.leave()
        await one.ended()
        await settle()
        gc.collect()
        (left,) = known
        await left.send([1])
        assert (await two.message())["data"] == [1]
        del left
    await settle()
    gc.collect()
    assert not known


async def test_sends_to_many() -> None:
    """A broadcast is a loop over kept sockets."""
    router = json_router()
    kept = keeping(router)
    async with Peer(router) as one, Peer(router) as two:
        await settle()
        await asyncio.gather(*(socket.send(Error("news"), path="/news") for socket in kept))
        for peer in (one, two):
            assert await peer.message() == {"data": {"error": "news"}, "path": "/news"}


async def test_its_storage_is_that_of_the_contexts() -> None:
    """What one sets, the other gets."""
    router = json_router()
    kept = keeping(router)
    router.bind("/x", lambda ctx: ctx.must_get_from_socket(USER))
    async with Peer(router) as peer:
        await settle()
        kept[0].storage.set(USER, "ada")
        peer.push("/x", id=1)
        assert (await peer.message())["data"] == {"message": "ada"}


async def test_closes_once() -> None:
    """The first close wins, and a wrong one is an error even then."""
    router = json_router()
    kept = keeping(router)
    async with Peer(router) as peer:
        await settle()
        (socket,) = kept
        await socket.close(4000, "first")
        await socket.close(4001, "second")
        with pytest.raises(ValueError, match="cannot be sent"):
            await socket.close(1006)
        assert await peer.closed() == Closed(4000, "first")
        assert socket.close_status == CloseStatus(4000, "first", CloseSource.SERVER)
        await peer.ended()
        with pytest.raises(SocketClosed):
            await socket.send(1)


async def test_a_plain_function_that_closed_may_finish() -> None:
    """As any handler may, though it is another task that closes for it."""
    router = json_router()

    @router.bind("/x")
    def _(ctx: Context) -> str:
        ctx.wait(ctx.socket.close(4000))
        ctx.wait(settle())
        ctx.wait(ctx.send("last"))
        return "bye"

    async with Peer(router) as peer:
        peer.push("/x", id=1)
        assert await peer.message() == {"data": {"message": "last"}}
        assert await peer.message() == {"id": 1, "data": {"message": "bye"}}
        assert await peer.closed() == Closed(4000)


async def test_sends_in_the_first_codecs_format() -> None:
    """Where nothing was agreed on, that is the one to expect."""
    router = Router()
    router.use(middleware.msgpack(), middleware.json())
    kept = keeping(router)
    async with Peer(router) as peer:
        await settle()
        await kept[0].send(1)
        assert await peer.frame() == b"\x81\xa4data\x01"


async def test_can_be_kept_weakly() -> None:
    """A registry need not keep sockets alive."""
    router = json_router()
    kept = keeping(router)
    async with Peer(router):
        await settle()
        assert ref(kept[0])() is kept[0]
