"""The set family, for messages and for sockets."""

from __future__ import annotations

from typing import Any

import pytest

from aros_core.codecs import JsonCodec
from aros_core.codecs.msgpack import MsgpackCodec
from velaros import Context, Key, Ref, middleware
from velaros.codecs import ProtobufCodec

from .helpers import Peer, json_router, settle

KEY = Key[int]("key")


def test_has_the_codecs() -> None:
    """One function each; protobuf is the one with an envelope."""
    assert isinstance(middleware.json(), JsonCodec)
    assert isinstance(middleware.msgpack(), MsgpackCodec)
    assert isinstance(middleware.protobuf(), ProtobufCodec)


@pytest.mark.parametrize("key", ["key", KEY])
async def test_set_keeps_a_value_for_each_message(key: Any) -> None:
    """The value is there in every message, and changes to it are the message's own."""
    router = json_router()
    router.use(middleware.set(key, 1))

    @router.bind("/x")
    async def _(ctx: Context) -> int:
        before = ctx.must_get(key)
        ctx.set(key, 2)
        return before

    async with Peer(router) as peer:
        for number in range(2):
            peer.push("/x", id=number)
            assert await peer.message() == {"id": number, "data": 1}


async def test_setfn_calls_each_time() -> None:
    """A function, or a coroutine function, makes a value for every message."""
    router = json_router()
    numbers = iter(range(10))

    async def later() -> str:
        return f"later {next(numbers)}"

    router.use(middleware.setfn("now", lambda: next(numbers)))
    router.use(middleware.setfn("later", later))
    router.bind("/x", lambda ctx: [ctx.get("now"), ctx.get("later")])
    async with Peer(router) as peer:
        peer.push("/x", id=1)
        assert (await peer.message())["data"] == [0, "later 1"]
        peer.push("/x", id=2)
        assert (await peer.message())["data"] == [2, "later 3"]


async def test_setvalue_reads_each_time() -> None:
    """What a Ref, or anything with `.value`, holds at the moment of the message."""
    router = json_router()
    ref = Ref(100)
    router.use(middleware.setvalue(KEY, ref))
    router.bind("/x", lambda ctx: ctx.get(KEY))
    async with Peer(router) as peer:
        peer.push("/x", id=1)
        assert (await peer.message())["data"] == 100
        ref.value = 200
        peer.push("/x", id=2)
        assert (await peer.message())["data"] == 200


async def test_the_socket_kinds_in_open_hooks_run_once() -> None:
    """In `use_open` they keep one value for the whole connection."""
    router = json_router()
    numbers = iter(range(10))
    ref = Ref("first")
    router.use_open(middleware.socketset("region", "us-east"))
    router.use_open(middleware.socketsetfn("session", lambda: next(numbers)))
    router.use_open(middleware.socketsetvalue("count", ref))

    @router.bind("/x")
    async def _(ctx: Context) -> list[Any]:
        assert ctx.get("region") is None
        return [ctx.get_from_socket(key) for key in ("region", "session", "count")]

    for session in range(2):
        async with Peer(router) as peer:
            ref.value = "first"
            await settle()
            ref.value = "second"
            for number in range(2):
                peer.push("/x", id=number)
                assert (await peer.message())["data"][:2] == ["us-east", session]


async def test_the_socket_kinds_in_use_run_per_message() -> None:
    """In `use` they are renewed by every message."""
    router = json_router()
    numbers = iter(range(10))
    ref = Ref("first")
    router.use(middleware.socketsetfn(KEY, lambda: next(numbers)))
    router.use(middleware.socketsetvalue("ref", ref))
    router.use(middleware.socketset("fixed", 0))
    router.bind("/x", lambda ctx: [ctx.get_from_socket(k) for k in (KEY, "ref", "fixed")])
    async with Peer(router) as peer:
        peer.push("/x", id=1)
        assert (await peer.message())["data"] == [0, "first", 0]
        ref.value = "second"
        peer.push("/x", id=2)
        assert (await peer.message())["data"] == [1, "second", 0]
