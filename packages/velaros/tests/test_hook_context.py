"""The context of lifecycle hooks, which have no message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .helpers import Peer, json_router

if TYPE_CHECKING:
    from velaros import Context


async def test_hooks_have_no_message() -> None:
    """What only makes sense for a message says so in a hook."""
    router = json_router()
    errors: list[str] = []

    @router.use_open
    async def _(ctx: Context) -> None:
        assert (ctx.path, ctx.data, ctx.pattern) == ("", b"", "")
        for attempt in (ctx.reply(1), ctx.receive()):
            with pytest.raises(RuntimeError) as raised:
                await attempt
            errors.append(str(raised.value))
        await ctx.send("still here")

    async with Peer(router) as peer:
        assert await peer.message() == {"data": {"message": "still here"}}
    assert errors == [
        "there is no message to reply to in a lifecycle hook; use send()",
        "there is no message to receive in a lifecycle hook",
    ]


async def test_an_id_in_a_hook_begins_no_conversation() -> None:
    """A codec written as middleware may serve hooks too; the id stays free for messages."""
    router = json_router()

    @router.use_open
    async def _(ctx: Context) -> None:
        ctx.set_message_id(1)
        assert ctx.message_id == 1

    @router.bind("/x")
    async def _(ctx: Context) -> str:
        return "handled"

    async with Peer(router) as peer:
        peer.push("/x", id=1)
        assert await peer.message() == {"id": 1, "data": {"message": "handled"}}


async def test_hooks_send_in_the_codec_of_the_socket() -> None:
    """There is no message whose type or codec would decide."""
    router = json_router()

    @router.use_open
    async def _(ctx: Context) -> None:
        await ctx.send({"hello": ctx.socket_id}, path="/hello")

    async with Peer(router) as peer:
        frame = await peer.frame()
        assert isinstance(frame, str)
        assert frame.startswith('{"data":{"hello":"')
        assert frame.endswith('"},"path":"/hello"}')


async def test_hooks_can_ask_the_client() -> None:
    """A request needs no message: it has an id of its own, and no path unless one is given."""
    router = json_router()

    @router.use_open
    async def _(ctx: Context) -> None:
        await ctx.send(await ctx.request("name?", str))

    async with Peer(router) as peer:
        question = await peer.message()
        assert question == {"id": question["id"], "data": "name?"}
        peer.push(id=question["id"], data="ada")
        assert await peer.message() == {"data": {"message": "ada"}}


async def test_what_a_hook_returns_goes_nowhere() -> None:
    """There is no message that it would answer, so any function may serve as a hook."""
    router = json_router()

    @router.use_open
    async def _(ctx: Context) -> str:
        return "hello"

    @router.use_close
    def _(ctx: Context) -> int:
        return 5

    @router.bind("/x")
    async def _(ctx: Context) -> str:
        return "handled"

    async with Peer(router) as peer:
        peer.push("/x", id=1)
        assert await peer.message() == {"id": 1, "data": {"message": "handled"}}
        await peer.nothing()
