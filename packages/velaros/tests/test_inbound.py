"""The message that is handled: what it carries, what it is read as, and what middleware changes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from google.protobuf.wrappers_pb2 import StringValue

from velaros import Context, MessageType, Router, UnmarshalError, middleware
from velaros.protobuf.envelope_pb2 import Envelope

from .helpers import Peer, json_router, settle


@dataclass
class User:
    """A payload."""

    name: str
    age: int = 0


async def test_knows_its_message() -> None:
    """Path, id, data, meta, type, raw bytes, params and pattern are those of the message."""
    router = json_router()
    seen: list[Any] = []

    @router.bind("/users/:id")
    async def _(ctx: Context) -> None:
        seen.extend(
            [ctx.path, ctx.message_id, ctx.raw_data, ctx.data, dict(ctx.meta), ctx.message_type]
        )
        seen.extend([ctx.params["ID"], ctx.pattern, ctx.subprotocol, ctx.is_done, ctx.error_stack])

    frame = '{"path":"/users/7","id":5,"data":{"a":1},"meta":{"k":"v"}}'
    async with Peer(router) as peer:
        peer.put(frame)
        await settle()
    assert seen == [
        "/users/7", 5, frame.encode(), b'{"a":1}', {"k": "v"}, MessageType.TEXT,
        "7", "/users/:id", None, False, "",
    ]  # fmt: skip


async def test_without_payload_the_data_is_empty() -> None:
    """A message need not carry data, meta or an id."""
    router = json_router()
    seen: list[Any] = []

    @router.bind("/x")
    async def _(ctx: Context) -> None:
        seen.extend([ctx.data, dict(ctx.meta)])
        with pytest.raises(UnmarshalError, match="no data"):
            await ctx.unmarshal()
        made = ctx.message_id
        assert isinstance(made, str)
        assert made
        assert ctx.message_id == made
        await ctx.reply("ok")

    async with Peer(router) as peer:
        peer.push("/x")
        assert await peer.message() == {"data": {"message": "ok"}}
    assert seen == [b"", {}]


async def test_unmarshals_into_types() -> None:
    """The payload becomes what was asked for, or an error that names the field."""
    router = json_router()

    @router.bind("/x")
    async def _(ctx: Context) -> str:
        user = await ctx.unmarshal(User)
        assert isinstance(user, User)
        return user.name

    async with Peer(router) as peer:
        peer.push("/x", {"name": "ada"}, id=1)
        peer.push("/x", {"name": 5}, id=2)
        assert await peer.message() == {"id": 1, "data": {"message": "ada"}}
        failure = await peer.message()
        assert failure["data"]["error"] == "Validation error"
        assert "name" in failure["data"]["fields"][0]


async def test_a_payload_in_a_format_for_other_types() -> None:
    """The client chose a format that the handler's type has no place in, and is told so."""
    router = json_router()
    router.use(middleware.protobuf())

    @router.bind("/message")
    async def _(ctx: Context) -> None:
        await ctx.unmarshal(StringValue)

    @router.bind("/plain")
    async def _(ctx: Context) -> None:
        await ctx.unmarshal(User)

    async with Peer(router) as peer:
        peer.push("/message", 1, id=1)
        assert await peer.message() == {"id": 1, "data": {"error": "no json is read here"}}
        peer.put(Envelope(id="2", path="/plain", data=b"x").SerializeToString())
        frame = await peer.frame()
        assert isinstance(frame, bytes)
        answer = Envelope.FromString(frame)
        assert json.loads(answer.meta["error"]) == "no protobuf is read here"


async def test_a_type_for_no_format(caplog: pytest.LogCaptureFixture) -> None:
    """That is the program's fault, whatever the client sends."""
    router = json_router()

    @router.bind("/x")
    async def _(ctx: Context) -> None:
        await ctx.unmarshal(Router)

    async with Peer(router) as peer:
        peer.push("/x", 1, id=1)
        assert await peer.message() == {"id": 1, "data": {"error": "internal error"}}
    assert "cannot unmarshal into Router" in caplog.text


class TestPathsAndMiddleware:
    """Which handlers see a message."""

    @pytest.mark.parametrize("path", ["users", "users/7", "*", "**", "\x00", "?"])
    async def test_middleware_runs_for_paths_without_a_slash(self, path: str) -> None:
        """Everything behind the codec skipped for a path without a slash: it is not."""
        router = json_router()
        seen: list[str] = []

        @router.use
        async def _(ctx: Context) -> None:
            seen.append(ctx.path)
            await ctx.next()

        @router.use("/")
        async def _(ctx: Context) -> None:
            seen.append("under a path")
            await ctx.next()

        @router.bind("/**")
        async def _(ctx: Context) -> None:
            seen.append("route")

        async with Peer(router) as peer:
            peer.push(path, id=1)
            assert await peer.message() == {"id": 1, "data": {"error": "not found"}}
        assert seen == [path]

    @pytest.mark.parametrize("path", [None, ""])
    async def test_a_message_without_a_path_is_under_the_root(self, path: str | None) -> None:
        """An absent path is an empty one, which only patterns for anything match."""
        router = json_router()
        seen: list[str] = []

        @router.use
        async def _(ctx: Context) -> None:
            seen.append(ctx.path)
            await ctx.next()

        @router.bind("/:name")
        async def _(ctx: Context) -> None:
            seen.append("one segment")

        @router.bind("/**")
        async def _(ctx: Context) -> None:
            await ctx.reply("anything")

        async with Peer(router) as peer:
            peer.push(path, id=1)
            assert await peer.message() == {"id": 1, "data": {"message": "anything"}}
        assert seen == [""]

    async def test_a_path_set_by_middleware_reroutes(self) -> None:
        """Routes after the middleware match the new path, those before keep their own."""
        router = json_router()
        seen: list[str] = []

        @router.bind("/new")
        async def _(ctx: Context) -> None:
            seen.append("before")

        @router.use("/old")
        async def _(ctx: Context) -> None:
            ctx.set_message_path("/new")
            await ctx.next()
            seen.append(f"{ctx.pattern} {ctx.path}")

        @router.bind("/old")
        async def _(ctx: Context) -> None:
            seen.append("old")

        @router.bind("/:name")
        async def _(ctx: Context) -> None:
            seen.append(f"after {ctx.params['name']}")

        async with Peer(router) as peer:
            peer.push("/old", id=1)
            await settle()
            await peer.nothing()
        assert seen == ["after new", "/old/** /new"]

    async def test_middleware_may_change_the_message(self) -> None:
        """Data, meta and raw bytes are what middleware says."""
        router = json_router()

        @router.use
        async def _(ctx: Context) -> None:
            ctx.set_message_data(b'{"name":"eve"}')
            ctx.set_message_meta({"k": 1})
            ctx.set_message_raw_data(b"raw")
            await ctx.next()

        @router.bind("/x")
        async def _(ctx: Context) -> list[Any]:
            return [(await ctx.unmarshal(User)).name, ctx.meta["k"], ctx.raw_data.decode()]

        async with Peer(router) as peer:
            peer.push("/x", {"name": "ada"}, id=1)
            assert (await peer.message())["data"] == ["eve", 1, "raw"]
