"""The context of a message: what it knows, sends and keeps."""

from __future__ import annotations

import asyncio
import json
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import pytest

from velaros import (
    CloseSource,
    CloseStatus,
    Context,
    ContextClosedError,
    Error,
    FieldError,
    Key,
    MessageType,
    Router,
    Socket,
    SocketClosed,
    Status,
    UnmarshalError,
    middleware,
)

from .helpers import ASGIPeer, Closed, Peer, json_router, settle, soon


@dataclass
class User:
    """A payload."""

    name: str
    age: int = 0


async def test_knows_its_handshake() -> None:
    """Headers, query, cookies, state, scope and address are those of the handshake."""
    router = json_router()
    seen: list[Any] = []

    @router.bind("/x")
    async def _(ctx: Context) -> None:
        seen.extend([ctx.headers["x-token"], ctx.request_headers["X-Token"]])
        assert ctx.headers is ctx.request_headers
        seen.extend([ctx.query["q"], ctx.request_cookies["c"], ctx.state["db"], ctx.scope["path"]])
        seen.extend([ctx.remote_address, ctx.subprotocol])

    peer = ASGIPeer(
        router,
        headers={"x-token": "t", "cookie": "c=1"},
        subprotocols=["velaros-json"],
        query_string=b"q=2",
        path="/ws",
        client=("10.0.0.1", 5),
        state={"db": "pool"},
    )
    async with peer:
        await peer.accepted()
        peer.push(path="/x")
        await settle()
    assert seen == ["t", "t", "2", "1", "pool", "/ws", "10.0.0.1:5", "velaros-json"]


async def test_over_other_connections_the_info_tells() -> None:
    """Headers and address of a connection that is no ASGI server's come from its info."""
    router = json_router()

    @router.bind("/x")
    async def _(ctx: Context) -> list[str | None]:
        return [ctx.headers["Authorization"], ctx.remote_address]

    async with Peer(router, {"authorization": "me"}, remote_address="unix:7") as peer:
        peer.push("/x", id=1)
        assert await peer.message() == {"id": 1, "data": ["me", "unix:7"]}


@pytest.mark.parametrize("message_id", ["a", "", 0, 1, -1, 2**63, "é" * 64])
async def test_ids_are_echoed_exactly(message_id: str | int) -> None:
    """A number stays a number, a text the same text."""
    router = json_router()

    @router.bind("/x")
    async def _(ctx: Context) -> None:
        assert ctx.message_id == message_id
        await ctx.reply(1)

    async with Peer(router) as peer:
        peer.push("/x", id=message_id)
        reply = await peer.message()
        assert reply == {"id": message_id, "data": 1}
        assert type(reply["id"]) is type(message_id)


async def test_sends_notifications() -> None:
    """A message without id carries data, and path and meta where they are given."""
    router = json_router()

    @router.bind("/x")
    async def _(ctx: Context) -> None:
        await ctx.send({"n": 1})
        await ctx.send(2, path="/news", meta={"m": 1})
        await ctx.send("text")
        await ctx.send(None)

    async with Peer(router) as peer:
        peer.push("/x", id=9)
        assert await peer.messages(4) == [
            {"data": {"n": 1}},
            {"data": 2, "path": "/news", "meta": {"m": 1}},
            {"data": {"message": "text"}},
            {"data": None},
        ]


SHAPES: list[tuple[Any, Any]] = [
    ("text", {"message": "text"}),
    ([FieldError("a", "x"), FieldError("b", "y")], {
        "error": "Validation error", "fields": [{"a": "x"}, {"b": "y"}],
    }),
    (User("ada", 36), {"name": "ada", "age": 36}),
    ([1, None], [1, None]),
    (0, 0),
    (False, False),
]  # fmt: skip
SHAPES_OF_ERRORS: list[tuple[Exception, Any]] = [
    (Error("no"), {"error": "no"}),
    (FieldError("email", "is required"), {
        "error": "Validation error", "fields": [{"email": "is required"}],
    }),
    (UnmarshalError("unfit"), {"error": "unfit"}),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "data"), [*SHAPES, *SHAPES_OF_ERRORS])
async def test_answers_in_their_shapes(answer: Any, data: Any) -> None:
    """Replied, returned or sent: texts and errors have shapes of their own."""
    router = json_router()

    @router.bind("/x")
    async def _(ctx: Context) -> Any:
        await ctx.reply(answer, meta={"m": 1})
        await ctx.send(answer)
        return answer

    async with Peer(router) as peer:
        peer.push("/x", id=1)
        assert await peer.messages(3) == [
            {"id": 1, "data": data, "meta": {"m": 1}},
            {"data": data},
            {"id": 1, "data": data},
        ]


@pytest.mark.parametrize(("error", "data"), SHAPES_OF_ERRORS)
async def test_raised_answers_are_the_answer(error: Exception, data: Any) -> None:
    """Special answers may be raised as well, and nothing is logged above debug level."""
    router = json_router()

    @router.bind("/x")
    async def _(ctx: Context) -> Any:
        raise error

    async with Peer(router) as peer:
        peer.push("/x", id=1)
        assert await peer.message() == {"id": 1, "data": data}


async def test_streams_one_reply_per_item() -> None:
    """An async generator replies with each item, and last says that it has ended."""
    router = json_router()

    @router.bind("/x")
    async def _(ctx: Context) -> Any:
        yield "a"
        yield 2

    async with Peer(router) as peer:
        peer.push("/x", id=1)
        assert await peer.messages(3) == [
            {"id": 1, "data": {"message": "a"}},
            {"id": 1, "data": 2},
            {"id": 1, "end": True},
        ]


async def test_a_returned_generator_streams_as_well() -> None:
    """What a handler returns may be an async generator."""
    router = json_router()

    async def items() -> Any:
        yield 1

    @router.bind("/x")
    async def _(ctx: Context) -> Any:
        return items()

    async with Peer(router) as peer:
        peer.push("/x", id=1)
        assert await peer.messages(2) == [{"id": 1, "data": 1}, {"id": 1, "end": True}]


async def test_a_stream_that_breaks_off_ends_with_the_error() -> None:
    """The last message says that the stream ended, and why."""
    router = json_router()
    closed: list[str] = []

    @router.bind("/x")
    async def _(ctx: Context) -> Any:
        try:
            yield 1
            raise Error("broken")
        finally:
            closed.append("closed")

    async with Peer(router) as peer:
        peer.push("/x", id=1)
        assert await peer.messages(2) == [
            {"id": 1, "data": 1},
            {"id": 1, "data": {"error": "broken"}, "end": True},
        ]
    assert closed == ["closed"]


@pytest.mark.parametrize("handles", [False, True])
async def test_a_stream_that_breaks_off_ends_whoever_handles_the_error(handles: bool) -> None:
    """Its last message belongs to the stream; no option or middleware leaves the client waiting."""
    router = json_router(answer_unhandled=False)

    @router.use
    async def _(ctx: Context) -> None:
        await ctx.next()
        if handles:
            ctx.error = None

    @router.bind("/x")
    async def _(ctx: Context) -> Any:
        yield 1
        raise KeyError

    last = {"end": True} if handles else {"data": {"error": "internal error"}, "end": True}
    async with Peer(router) as peer:
        for id_ in ({"id": 1}, {}):
            peer.push("/x", **id_)
            assert await peer.messages(2) == [id_ | {"data": 1}, id_ | last]
        await peer.nothing()


async def test_a_stream_that_breaks_off_before_its_first_item_is_an_error() -> None:
    """Nothing was streamed, so the answer is that of any failed handler."""
    router = json_router()

    @router.bind("/x")
    async def _(ctx: Context) -> Any:
        raise Error("broken")
        yield 1

    async with Peer(router) as peer:
        peer.push("/x", id=1)
        assert await peer.message() == {"id": 1, "data": {"error": "broken"}}


async def test_a_stream_is_closed_when_the_client_leaves() -> None:
    """Its clean-up runs as the socket ends."""
    router = json_router()
    closed: list[str] = []

    @router.bind("/x")
    async def _(ctx: Context) -> Any:
        try:
            yield 1
            await asyncio.sleep(3600)
        finally:
            closed.append("closed")

    async with Peer(router) as peer:
        peer.push("/x", id=1)
        await peer.message()
    assert closed == ["closed"]


class TestTypesOfMessages:
    """Text or binary."""

    @pytest.mark.parametrize("binary", [False, True])
    async def test_what_a_handler_sends_has_the_messages_type(self, binary: bool) -> None:
        """Text is answered as text, and binary as binary, whatever way it is sent."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            await ctx.reply(1)
            await ctx.send(2)
            with pytest.raises(TimeoutError):
                await ctx.request(3, timeout=0.001)

        async with Peer(router) as peer:
            frame = json.dumps({"path": "/x", "id": 1})
            peer.put(frame.encode() if binary else frame)
            kinds = {type(await peer.frame()) for _ in range(3)}
            assert kinds == {bytes if binary else str}

    async def test_hooks_and_the_socket_use_the_codecs_own(self) -> None:
        """Outside of messages JSON goes out as text."""
        router = json_router()

        @router.use_open
        async def _(ctx: Context) -> None:
            assert ctx.message_type is MessageType.TEXT
            await ctx.send(1)

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            await ctx.socket.send(2)

        async with Peer(router) as peer:
            peer.put(b'{"path":"/x"}')
            assert [type(await peer.frame()) for _ in range(2)] == [str, str]

    async def test_binary_codecs_always_send_binary(self) -> None:
        """MessagePack is never text, in hooks neither."""
        router = Router()
        router.use(middleware.msgpack())

        @router.use_open
        async def _(ctx: Context) -> None:
            assert ctx.message_type is MessageType.BINARY
            await ctx.send(1)
            await ctx.socket.send(2)

        async with Peer(router) as peer:
            assert [type(await peer.frame()) for _ in range(2)] == [bytes, bytes]

    async def test_an_unfitting_text_is_refused_by_binary_codecs(self) -> None:
        """Text is nothing for MessagePack; it says so in its own format."""
        router = Router()
        router.use(middleware.msgpack())
        async with Peer(router) as peer:
            peer.put('{"path":"/x"}')
            frame = await peer.frame()
            assert isinstance(frame, bytes)
            assert b"cannot decode message" in frame


class TestWithoutCodec:
    """A router without any codec: bare frames."""

    async def test_handlers_get_and_send_bare_frames(self) -> None:
        """Texts and bytes go out as they are."""
        router = Router()

        @router.use
        async def _(ctx: Context) -> None:
            assert ctx.path == ""
            await ctx.reply(ctx.raw_data.decode() + "!")
            await ctx.send(b"bytes")
            await ctx.socket.send("socket")

        async with Peer(router) as peer:
            peer.put("hello")
            assert [await peer.frame() for _ in range(3)] == ["hello!", b"bytes", "socket"]

    async def test_says_what_to_add_for_values(self) -> None:
        """Values need a codec, and the errors say how to get one."""
        router = Router()
        errors: list[str] = []

        @router.use
        async def _(ctx: Context) -> None:
            for attempt in (ctx.send({}), ctx.socket.send({}), ctx.unmarshal()):
                with pytest.raises((TypeError, RuntimeError)) as raised:
                    await attempt
                errors.append(str(raised.value))

        async with Peer(router) as peer:
            peer.put("hello")
            await settle()
        assert len(errors) == 3
        assert all("router.use(middleware.json())" in error for error in errors)

    async def test_a_text_that_no_frame_can_carry_is_the_handlers_error(self) -> None:
        """A broken text does not end the socket."""
        router = Router()

        @router.use
        async def _(ctx: Context) -> None:
            with pytest.raises(UnicodeEncodeError):
                await ctx.send("\ud800")
            await ctx.send("fine")

        async with Peer(router) as peer:
            peer.put("hello")
            assert await peer.frame() == "fine"

    async def test_unanswered_messages_stay_unanswered(self) -> None:
        """Nothing can say "not found" without a format."""
        async with Peer(Router()) as peer:
            peer.put("hello")
            await peer.nothing()


class TestStorage:
    """Values of the message and of the socket."""

    async def test_a_messages_values_are_its_own(self) -> None:
        """They are gone with the message; those of the socket stay."""
        router = json_router()
        count = Key[int]("count")

        @router.bind("/x")
        async def _(ctx: Context) -> list[Any]:
            before = [ctx.get("m"), ctx.get_from_socket(count, 0)]
            ctx.set("m", 1)
            ctx.set_on_socket(count, ctx.get_from_socket(count, 0) + 1)
            return before

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            peer.push("/x", id=2)
            replies = await peer.messages(2)
            assert [reply["data"] for reply in replies] == [[None, 0], [None, 1]]

    async def test_sockets_do_not_share_values(self) -> None:
        """Each socket has a storage of its own."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> Any:
            before = ctx.get_from_socket("k")
            ctx.set_on_socket("k", "mine")
            return [before, ctx.socket.storage.get("k")]

        async with Peer(router) as one, Peer(router) as two:
            for peer in (one, two):
                peer.push("/x", id=1)
                assert (await peer.message())["data"] == [None, "mine"]

    async def test_missing_and_deleted_values(self) -> None:
        """A missing key is named by the error; deleting it is fine."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            ctx.set_on_socket("k", 1)
            assert ctx.must_get_from_socket("k") == 1
            ctx.delete_from_socket("k")
            ctx.delete_from_socket("k")
            assert ctx.get_from_socket("k", "default") == "default"
            with pytest.raises(KeyError, match="'k'"):
                ctx.must_get_from_socket("k")
            await ctx.reply("ok")

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            assert (await peer.message())["data"] == {"message": "ok"}

    async def test_threads_may_use_the_socket_storage(self) -> None:
        """Plain functions run in threads; a hundred of them keep every value."""
        router = json_router()

        @router.bind("/x/:n")
        def _(ctx: Context) -> int:
            ctx.set_on_socket(ctx.params["n"], 1)
            return ctx.get_from_socket(ctx.params["n"], 0)

        async with Peer(router) as peer:
            for number in range(100):
                peer.push(f"/x/{number}", id=number)
            assert {reply["data"] for reply in await peer.messages(100)} == {1}
            (session,) = list(router._sessions)  # pyright: ignore[reportPrivateUsage]
            assert sum(session.storage.get(str(n), 0) for n in range(100)) == 100


class TestAfterTheEnd:
    """A context that is used when its chain is over."""

    async def test_raises_and_says_what_to_do(self) -> None:
        """Sending, asking, receiving, setting: handlers must finish before they return."""
        router = json_router()
        kept: list[Context] = []

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            ctx.set("k", 1)
            await ctx.receive()
            kept.append(ctx)

        async with Peer(router) as peer:
            peer.push("/x", 5, id=1)
            await settle()
            (ctx,) = kept
            for attempt in (
                ctx.send(1), ctx.reply(1), ctx.request(1), ctx.receive(), ctx.next(), ctx.close(),
            ):  # fmt: skip
                with pytest.raises(ContextClosedError, match="must finish their work before"):
                    await attempt
            for change in (
                lambda: ctx.set("k", 2),
                lambda: ctx.delete("k"),
                lambda: ctx.set_on_socket("k", 2),
                lambda: ctx.delete_from_socket("k"),
                lambda: ctx.set_message_id("x"),
                lambda: ctx.set_message_path("/y"),
                lambda: ctx.set_message_data(b""),
                lambda: ctx.set_message_raw_data(b""),
                lambda: ctx.set_message_meta({}),
                lambda: ctx.set_message_unmarshaler(lambda message, into: None),
                lambda: ctx.set_message_marshaller(lambda message: b""),
                lambda: setattr(ctx, "error", None),
            ):
                with pytest.raises(ContextClosedError):
                    change()
            assert (ctx.get("k"), await ctx.unmarshal(int), ctx.path) == (1, 5, "/x")
            assert ctx.is_done
            await soon(ctx.wait_done())
            await peer.nothing()

    async def test_the_socket_outlives_the_handler(self) -> None:
        """What is kept for later is `ctx.socket`."""
        router = json_router()
        kept: list[Socket] = []

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            assert ctx.socket.id == ctx.socket_id
            kept.append(ctx.socket)

        async with Peer(router) as peer:
            peer.push("/x")
            await settle()
            (socket,) = kept
            assert not socket.is_closed
            assert socket.close_status is None
            await socket.send({"n": 1}, path="/p", meta={"m": 1})
            assert await peer.message() == {"data": {"n": 1}, "path": "/p", "meta": {"m": 1}}
            await socket.send("text")
            assert await peer.message() == {"data": {"message": "text"}}
            assert repr(socket) == f"<Socket {socket.id}>"
            await socket.close(4000, "bye")
            assert await peer.closed() == Closed(4000, "bye")
            assert socket.is_closed
            assert repr(socket) == f"<Socket {socket.id} closed>"
            assert socket.close_status == CloseStatus(4000, "bye", CloseSource.SERVER)
            with pytest.raises(SocketClosed):
                await socket.send(1)


class TestClosing:
    """Closing from a handler."""

    async def test_closes_normally_by_default(self) -> None:
        """Status 1000 goes out, without a reason."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            assert ctx.close_status is None
            await ctx.close()
            assert ctx.close_status == CloseStatus(1000, "", CloseSource.SERVER)
            assert ctx.is_done

        async with Peer(router) as peer:
            peer.push("/x")
            assert await peer.closed() == Closed(1000)

    async def test_the_closer_may_still_send(self) -> None:
        """After `close()` the handler may send until the close frame goes out."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            await ctx.close(4001, "because")
            await asyncio.sleep(0.01)
            await ctx.reply("last")
            await ctx.wait_done()

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            assert await peer.message() == {"id": 1, "data": {"message": "last"}}
            assert await peer.closed() == Closed(4001, "because")

    @pytest.mark.parametrize("status", [1005, 1006, 1015, 999, 2000, 5000])
    async def test_what_cannot_be_sent_is_an_error(self, status: int) -> None:
        """A wrong status raises, and the socket lives on."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            with pytest.raises(ValueError, match="cannot be sent"):
                await ctx.close(status)
            with pytest.raises(ValueError, match="124 bytes"):
                await ctx.socket.close(1000, "x" * 124)
            await ctx.reply("alive")

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            assert (await peer.message())["data"] == {"message": "alive"}

    async def test_takes_named_statuses(self) -> None:
        """The members of `Status` are what to close with."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            await ctx.close(Status.POLICY_VIOLATION, "no")

        async with Peer(router) as peer:
            peer.push("/x")
            assert await peer.closed() == Closed(1008, "no")


async def test_context_variables_do_not_leak_between_messages() -> None:
    """Each message runs in its own copy of what was set when the socket opened."""
    router = json_router()
    variable: ContextVar[str] = ContextVar("variable", default="default")

    @router.use_open
    async def _(ctx: Context) -> None:
        variable.set("hook")

    @router.bind("/x")
    async def _(ctx: Context) -> str:
        before = variable.get()
        variable.set("handler")
        await asyncio.sleep(0)
        assert variable.get() == "handler"
        return before

    variable.set("opened")
    async with Peer(router) as peer:
        peer.push("/x", id=1)
        peer.push("/x", id=2)
        replies = await peer.messages(2)
        assert [reply["data"]["message"] for reply in replies] == ["opened", "opened"]
    assert variable.get() == "opened"


async def test_the_deadline_of_middleware_ends_a_handler() -> None:
    """What `next()` runs is cancelled, and the error is a TimeoutError."""
    router = json_router()
    errors: list[Exception | None] = []

    @router.use
    async def _(ctx: Context) -> None:
        ctx.set_timeout(0.01)
        await ctx.next()
        errors.append(ctx.error)

    @router.bind("/x")
    async def _(ctx: Context) -> None:
        await asyncio.sleep(3600)

    async with Peer(router) as peer:
        peer.push("/x", id=1)
        assert await peer.message() == {"id": 1, "data": {"error": "internal error"}}
    assert isinstance(errors[0], TimeoutError)
