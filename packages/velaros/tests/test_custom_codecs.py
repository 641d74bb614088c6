"""Formats of users' own: by the public bases, and as plain middleware."""

from __future__ import annotations

import ast
import asyncio
import json
import threading
import zlib
from typing import TYPE_CHECKING, Any, cast

import pytest

from aros_core.codecs import (
    NO_DATA,
    Codec,
    InboundMessage,
    MessageType,
    OutboundMessage,
    PlainCodec,
)
from aros_core.errors import MessageError
from velaros import Context, Error, RequestTimeout, Router, Socket, UnmarshalError, middleware

from .helpers import ASGIPeer, Closed, Peer, settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


class PackedCodec(PlainCodec):
    """Compressed JSON in binary frames: a self-describing format, as CBOR is."""

    name = "packed"
    subprotocol = "velaros-packed"
    message_type = MessageType.BINARY
    content_type = "application/x-packed"

    def loads(self, data: bytes) -> Any:
        """Return the plain values in `data`."""
        return json.loads(zlib.decompress(data))

    def dumps(self, value: Any) -> bytes:
        """Return the bytes of `value`."""
        return zlib.compress(json.dumps(value).encode())


class LiteralCodec(PlainCodec):
    """Python literals in text frames."""

    name = "literal"
    subprotocol = "velaros-literal"
    message_type = MessageType.TEXT
    content_type = "text/x-literal"
    builtin_types = (bytes,)

    def loads(self, data: bytes) -> Any:
        """Return the plain values in `data`."""
        return ast.literal_eval(data.decode())

    def dumps(self, value: Any) -> bytes:
        """Return the bytes of `value`."""
        return repr(value).encode()


class LineCodec(Codec):
    """Lines of plain text, `id path text`: its payloads are texts, and nothing else."""

    name = "line"
    subprotocol = "velaros-line"
    message_type = MessageType.TEXT
    content_type = "text/plain"
    shapes_answers = False

    def decode(self, data: bytes, into: Any = Any) -> Any:
        """Return the text."""
        if into not in (Any, str):
            raise UnmarshalError("a line is a text")
        return data.decode()

    def encode(self, value: Any) -> bytes:
        """Return the bytes of a text, or of an error's."""
        return str(value).encode()

    def decode_message(self, raw: str | bytes, message_type: MessageType) -> InboundMessage:
        """Return the message of a line."""
        if isinstance(raw, bytes):
            raise MessageError("a line is a text")
        message_id, _, rest = raw.partition(" ")
        path, separator, text = rest.partition(" ")
        if message_id == "crash":
            raise KeyError("a bug of the codec")
        if not separator:
            raise MessageError("a line has three parts", id=message_id or None)
        return InboundMessage(path, message_id or None, text.encode(), frame=raw, type=message_type)

    def encode_message(self, message: OutboundMessage) -> bytes:
        """Return the bytes of a line."""
        data = "" if message.data is NO_DATA else message.data
        end = " end" if message.end else ""
        return f"{message.id or ''} {message.path or ''} {data}{end}".encode()


def echoing(*codecs: Any, **options: Any) -> Router:
    """Return a router that gives back what it is sent."""
    router = Router(**options)
    router.use(*codecs)

    @router.bind("/echo")
    async def _(ctx: Context) -> Any:
        return await ctx.unmarshal()

    return router


class TestPlainCodecs:
    """Codecs that only say how bytes become plain values and back."""

    @pytest.mark.parametrize("codec", [PackedCodec(), LiteralCodec()])
    async def test_speaks_its_format_in_its_frames(self, codec: PlainCodec) -> None:
        """Envelopes, answers and errors are all written in it."""
        router = echoing(codec)
        async with Peer(router) as peer:
            peer.put(frame_of(codec, {"path": "/echo", "id": 1, "data": {"a": [1]}}))
            assert content_of(codec, await peer.frame()) == {"id": 1, "data": {"a": [1]}}
            peer.put(frame_of(codec, {"path": "/none", "id": 2}))
            assert content_of(codec, await peer.frame()) == {
                "id": 2, "data": {"error": "not found"},
            }  # fmt: skip
            peer.put(frame_of(codec, {"path": 5, "id": 3}))
            assert content_of(codec, await peer.frame()) == {
                "id": 3, "data": {"error": "cannot decode message"},
            }  # fmt: skip

    @pytest.mark.parametrize("codec", [PackedCodec(), LiteralCodec()])
    async def test_is_agreed_on_by_its_subprotocol(self, codec: PlainCodec) -> None:
        """Beside others, a client asks for it by name."""
        router = echoing(middleware.json(), codec)
        async with ASGIPeer(router, subprotocols=[codec.subprotocol]) as peer:
            assert (await peer.accepted())["subprotocol"] == codec.subprotocol
            frame = frame_of(codec, {"path": "/echo", "id": 1, "data": 7})
            kind = "text" if isinstance(frame, str) else "bytes"
            peer.incoming.put_nowait({"type": "websocket.receive", kind: frame})
            assert content_of(codec, (await peer.event())[kind]) == {"id": 1, "data": 7}

    async def test_serves_requests_and_conversations(self) -> None:
        """Answers and follow-ups are known by the envelope, as with the built-in ones."""
        codec = LiteralCodec()
        router = echoing(codec)

        @router.bind("/talk")
        async def _(ctx: Context) -> list[Any]:
            asked = await ctx.request(b"bytes", int)
            return [await ctx.receive(int), await ctx.receive(int), asked]

        async with Peer(router) as peer:
            peer.put(frame_of(codec, {"path": "/talk", "id": 1, "data": 1}))
            question = content_of(codec, await peer.frame())
            assert question["data"] == b"bytes"
            peer.put(frame_of(codec, {"id": 1, "data": 2}))
            peer.put(frame_of(codec, {"id": question["id"], "data": 3}))
            assert content_of(codec, await peer.frame()) == {"id": 1, "data": [1, 2, 3]}


class TestWholeCodecs:
    """Codecs that write their envelopes themselves."""

    async def test_speaks_plain_text(self) -> None:
        """A protocol of lines, without shapes for texts and errors."""
        router = echoing(LineCodec())

        @router.bind("/stream")
        async def _(ctx: Context) -> Any:
            yield "one"

        async with Peer(router) as peer:
            peer.put("7 /echo hello world")
            assert await peer.frame() == "7  hello world"
            peer.put("8 /none x")
            assert await peer.frame() == "8  not found"
            peer.put("9")
            assert await peer.frame() == "9  cannot decode message"
            peer.put(b"bytes")
            assert await peer.frame() == b"  cannot decode message"
            peer.put("10 /stream x")
            assert [await peer.frame(), await peer.frame()] == ["10  one", "10   end"]

    async def test_a_codec_that_fails_harms_one_message(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """An error of its program is logged; the message counts as unreadable."""
        router = echoing(LineCodec())
        async with Peer(router) as peer:
            peer.put("crash /x y")
            assert await peer.frame() == "  cannot decode message"
            peer.put("1 /echo alive")
            assert await peer.frame() == "1  alive"
        assert "the codec 'line' failed to read a message" in caplog.text
        assert "a bug of the codec" in caplog.text

    async def test_sends_of_the_socket_are_not_shaped(self) -> None:
        """Where a format has no shapes, a text stays a text."""
        router = echoing(LineCodec())

        @router.use_open
        async def _(ctx: Context) -> None:
            await ctx.send("hello")
            await ctx.socket.send("hello", path="/p")

        async with Peer(router) as peer:
            assert [await peer.frame(), await peer.frame()] == ["  hello", " /p hello"]


def frame_of(codec: PlainCodec, value: Any) -> str | bytes:
    """Return a frame in a codec's format."""
    data = codec.dumps(value)
    return data.decode() if codec.message_type is MessageType.TEXT else data


def content_of(codec: PlainCodec, frame: Any) -> Any:
    """Return what a frame in a codec's format holds, which is of the right kind."""
    assert isinstance(frame, str if codec.message_type is MessageType.TEXT else bytes)
    return codec.loads(frame.encode() if isinstance(frame, str) else frame)


# A codec as plain middleware, as documented: it reads `path|id|data`, and writes `id|data`.


def read_text(message: InboundMessage, type: Any) -> Any:  # noqa: A002
    """Return the payload of a message."""
    assert isinstance(message.data, bytes)
    if type is int:
        try:
            return int(message.data)
        except ValueError:
            raise UnmarshalError("that is no number") from None
    return message.data.decode()


def write_text(message: OutboundMessage) -> bytes:
    """Return the bytes of a message."""
    data: Any = message.data
    if isinstance(data, dict):
        data = cast("dict[str, Any]", data)["error"]
    return f"{message.path or ''}|{message.id or ''}|{data}".encode()


async def text_codec(ctx: Context) -> None:
    """Read and write lines with bars."""
    path, message_id, data = ctx.raw_data.decode().split("|")
    ctx.set_message_marshaller(write_text)
    ctx.set_message_unmarshaler(read_text)
    if path:
        ctx.set_message_path(path)
    if message_id:
        ctx.set_message_id(message_id)
    ctx.set_message_data(data.encode())
    ctx.set_message_meta({"by": "bars"})
    await ctx.next()


def text_codec_in_a_thread(ctx: Context) -> Any:
    """Do the same in a worker thread, in another order."""
    path, message_id, data = ctx.raw_data.decode().split("|")
    ctx.set_message_data(data.encode())
    if message_id:
        ctx.set_message_id(message_id)
    if path:
        ctx.set_message_path(path)
    ctx.set_message_unmarshaler(read_text)
    ctx.set_message_marshaller(write_text)
    return ctx.wait(ctx.next())


@pytest.fixture(params=[text_codec, text_codec_in_a_thread])
def router(request: pytest.FixtureRequest) -> Router:
    """Return a router with a codec that is written as middleware."""
    codec: Callable[[Context], Any] = request.param
    router = Router(subprotocols=["velaros-bars"])
    router.use(codec)
    return router


class TestMiddleware:
    """A codec that is a plain middleware."""

    async def test_reads_and_writes(self, router: Router) -> None:
        """Path, id, data and meta are what it says; texts and errors have no shape."""

        @router.bind("/users/:id")
        async def _(ctx: Context) -> str:
            await ctx.send("first", path="/note")
            return f"{ctx.params['id']} {await ctx.unmarshal(str)} {ctx.data.decode()}"

        @router.bind("/fail")
        async def _(ctx: Context) -> None:
            raise Error("no")

        async with Peer(router) as peer:
            peer.put("/users/7|1|hello")
            assert await peer.frame() == "/note||first"
            assert await peer.frame() == "|1|7 hello hello"
            peer.put("/fail|2|")
            assert await peer.frame() == "|2|no"
            peer.put("/none|3|")
            assert await peer.frame() == "|3|not found"
            peer.put("none|4|")
            assert await peer.frame() == "|4|not found"

    async def test_answers_have_the_messages_type(self, router: Router) -> None:
        """Binary is answered as binary."""
        router.bind("/x", lambda ctx: "y")
        async with Peer(router) as peer:
            peer.put(b"/x|1|")
            assert await peer.frame() == b"|1|y"

    async def test_validates_in_its_own_way(self, router: Router) -> None:
        """What its unmarshaler raises is the answer; it may be asynchronous too."""

        @router.bind("/x")
        async def _(ctx: Context) -> int:
            return await ctx.unmarshal(int)

        @router.bind("/later")
        async def _(ctx: Context) -> int:
            async def later(message: InboundMessage, type: Any) -> Any:  # noqa: A002
                await asyncio.sleep(0)
                return 42

            ctx.set_message_unmarshaler(later)
            return await ctx.unmarshal(int)

        async with Peer(router) as peer:
            peer.put("/x|1|five")
            assert await peer.frame() == "|1|that is no number"
            peer.put("/x|1|5")
            assert await peer.frame() == "|1|5"
            peer.put("/later|1|5")
            assert await peer.frame() == "|1|42"

    async def test_serves_requests(self, router: Router) -> None:
        """An answer reaches who asked, is never routed, and a late one is dropped."""
        routed: list[str] = []

        @router.bind("/ask")
        async def _(ctx: Context) -> int:
            with pytest.raises(RequestTimeout):
                await ctx.request("late?", timeout=0.001)
            return await ctx.request("number?", int) + 1

        @router.bind("/**")
        async def _(ctx: Context) -> None:
            routed.append(ctx.path)

        async with Peer(router) as peer:
            peer.put("/ask|1|")
            late, question = [str(await peer.frame()).split("|") for _ in range(2)]
            assert (late[0], late[2], question[2]) == ("/ask", "late?", "number?")
            peer.put(f"/late|{late[1]}|1")
            peer.put(f"/answer|{question[1]}|41")
            assert await peer.frame() == "|1|42"
            peer.put(f"|{question[1]}|43")
            await peer.nothing()
        assert routed == []

    async def test_serves_conversations(self, router: Router) -> None:
        """Follow-ups reach the handler in order, by all middleware, with or without a path."""
        passed: list[str] = []

        @router.use
        async def _(ctx: Context) -> None:
            passed.append(f"{ctx.path} {ctx.data.decode()}")
            if ctx.data == b"stop":
                await ctx.reply("stopped")
            else:
                await ctx.next()

        @router.bind("/talk")
        async def _(ctx: Context) -> str:
            said = [await ctx.receive(str)]
            for _round in range(2):
                await ctx.send("listening")  # In threads, messages would overtake each other.
                said.append(await ctx.receive(str))
            return " ".join(said)

        async with Peer(router) as peer:
            peer.put("/talk|1|one")
            assert await peer.frame() == "||listening"
            peer.put("|1|two")
            assert await peer.frame() == "||listening"
            peer.put("/else|1|stop")
            assert await peer.frame() == "|1|stopped"
            peer.put("/else|1|three")
            assert await peer.frame() == "|1|one two three"
        assert passed == ["/talk one", "/talk two", "/talk stop", "/talk three"]

    async def test_follow_ups_that_nobody_received_are_handled_by_themselves(
        self, router: Router
    ) -> None:
        """From the start, by the whole chain, with the bytes as they came."""
        go = asyncio.Event()

        @router.bind("/first")
        async def _(ctx: Context) -> str:
            await go.wait()
            return "first"

        router.bind("/second", lambda ctx: f"second {ctx.data.decode()}")
        async with Peer(router) as peer:
            peer.put("/first|1|")
            await asyncio.sleep(0.05)
            peer.put("/second|1|a")
            await asyncio.sleep(0.05)
            go.set()
            assert await peer.frame() == "|1|first"
            assert await peer.frame() == "|1|second a"

    async def test_a_follow_up_whose_conversation_ended_meanwhile(self) -> None:
        """Between its id and its turn the handler may end: it is handled by itself."""
        router = Router()
        go, claimed = asyncio.Event(), asyncio.Event()

        @router.use
        async def _(ctx: Context) -> None:
            path, message_id, data = ctx.raw_data.decode().split("|")
            ctx.set_message_marshaller(write_text)
            ctx.set_message_path(path)
            ctx.set_message_id(message_id)
            if data == "slow":
                claimed.set()
                await go.wait()
            await ctx.next()

        @router.bind("/first")
        async def _(ctx: Context) -> str:
            await claimed.wait()
            return "first"

        router.bind("/second", lambda ctx: "second")
        async with Peer(router) as peer:
            peer.put("/first|1|")
            await settle()
            peer.put("/second|1|slow")
            assert await peer.frame() == "|1|first"
            go.set()
            assert await peer.frame() == "|1|second"

    async def test_follow_ups_past_the_limit_are_refused(self) -> None:
        """What has no place to wait gets "busy" in the format of the middleware."""
        router = Router(max_waiting_messages=1)
        router.use(text_codec)

        @router.bind("/talk")
        async def _(ctx: Context) -> str:
            await ctx.request("?", timeout=None)
            return await ctx.receive(str) + await ctx.receive(str)

        async with Peer(router) as peer:
            peer.put("/talk|1|a")
            question = str(await peer.frame()).split("|")[1]
            peer.put("|1|b")
            peer.put("|1|c")
            assert await peer.frame() == "|1|busy"
            peer.put(f"|{question}|")
            assert await peer.frame() == "|1|ab"

    async def test_an_id_that_is_changed_leaves_its_conversation(self) -> None:
        """Middleware may give a message another id; what followed the first goes its own way."""
        router = Router()
        router.use(middleware.json())
        go = asyncio.Event()

        @router.bind("/first")
        async def _(ctx: Context) -> str:
            ctx.set_message_id(1)
            await go.wait()
            ctx.set_message_id(2)
            ctx.set_message_id("2")
            assert await ctx.receive() == 0
            assert await ctx.receive() == "two"
            return "first"

        router.bind("/second", lambda ctx: "second")
        async with Peer(router) as peer:
            peer.push("/first", 0, id=1)
            peer.push("/second", id=1)
            await settle()
            go.set()
            assert await peer.message() == {"id": 1, "data": {"message": "second"}}
            peer.push("/third", "two", id="2")
            assert await peer.message() == {"id": "2", "data": {"message": "first"}}
            peer.push("/second", id="2")
            assert await peer.message() == {"id": "2", "data": {"message": "second"}}

    async def test_of_two_ids_the_last_one_counts(self) -> None:
        """Middleware may correct an id that led to a conversation; it is handled once."""
        router = Router()
        go = asyncio.Event()
        seen: list[str] = []

        @router.use
        async def _(ctx: Context) -> None:
            path, first, second = ctx.raw_data.decode().split("|")
            seen.append(path)
            ctx.set_message_marshaller(write_text)
            ctx.set_message_path(path)
            ctx.set_message_id(first)
            ctx.set_message_id(second)
            await ctx.next()

        @router.bind("/first")
        async def _(ctx: Context) -> str:
            await go.wait()
            return "first"

        router.bind("/second", lambda ctx: "second")
        async with Peer(router) as peer:
            peer.put("/first|1|1")
            await settle()
            peer.put("/second|1|2")
            assert await peer.frame() == "|2|second"
            go.set()
            assert await peer.frame() == "|1|first"
        assert seen == ["/first", "/second"]

    async def test_an_id_that_is_changed_in_a_thread(self) -> None:
        """Plain functions may change ids as well."""
        router = Router()
        router.use(middleware.json())
        go = threading.Event()

        @router.bind("/first")
        def _(ctx: Context) -> str:
            go.wait(10)
            ctx.set_message_id(2)
            return "first"

        router.bind("/second", lambda ctx: "second")
        async with Peer(router) as peer:
            peer.push("/first", 0, id=1)
            peer.push("/second", id=1)
            await settle()
            go.set()
            replies = await peer.messages(2)
            assert {"id": 2, "data": {"message": "first"}} in replies
            assert {"id": 1, "data": {"message": "second"}} in replies

    async def test_an_id_that_is_changed_while_the_socket_closes(self) -> None:
        """What followed under the old id starts no more."""
        router = Router()
        router.use(middleware.json())
        log: list[str] = []

        @router.bind("/first")
        async def _(ctx: Context) -> None:
            await ctx.receive()
            await ctx.send("ready")
            await asyncio.sleep(0.01)
            await ctx.close()
            ctx.set_message_id(2)

        router.bind("/second", lambda ctx: log.append("second"))
        async with Peer(router) as peer:
            peer.push("/first", 0, id=1)
            peer.push("/second", 0, id=1)
            await peer.message()
            assert await peer.closed() == Closed(1000)
        assert log == []

    async def test_serves_hooks_and_the_socket_once_it_has_spoken(self) -> None:
        """Sends in hooks that find no codec: the last marshaller serves them, in its type."""
        router = Router()
        router.use(text_codec)
        kept: list[Socket] = []

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            kept.append(ctx.socket)

        @router.use_open
        async def _(ctx: Context) -> None:
            await ctx.send("bare")

        @router.use_close
        async def _(ctx: Context) -> None:
            await ctx.send("goodbye")

        async with Peer(router) as peer:
            assert await peer.frame() == "bare"
            peer.put(b"/x||")
            await settle()
            await kept[0].send("hello", path="/p")
            assert await peer.frame() == b"/p||hello"
            await kept[0].send(Error("no"))
            assert await peer.frame() == b"||no"
            await kept[0].close()
            assert await peer.frame() == b"||goodbye"
            assert await peer.closed() == Closed(1000)

    async def test_may_serve_hooks_from_the_beginning(self) -> None:
        """Registered for hooks as well, it writes the greeting."""
        router = Router()

        @router.use_open
        async def _(ctx: Context) -> None:
            ctx.set_message_marshaller(write_text)
            ctx.set_message_id("no message, so no conversation")

        @router.use_open
        async def _(ctx: Context) -> None:
            await ctx.send("hello")

        async with Peer(router) as peer:
            assert await peer.frame() == "||hello"

    async def test_names_its_subprotocol_to_the_router(self, router: Router) -> None:
        """`Router(subprotocols=…)` has it agreed on and echoed; the middleware reads alone."""
        router.use(middleware.json())
        router.bind("/x", lambda ctx: "bars")
        async with ASGIPeer(router, subprotocols=["velaros-bars"]) as peer:
            assert (await peer.accepted())["subprotocol"] == "velaros-bars"
            peer.incoming.put_nowait({"type": "websocket.receive", "text": "/x|1|"})
            assert (await peer.event())["text"] == "|1|bars"

    async def test_does_not_spoil_the_other_codecs_messages(self) -> None:
        """A codec that spoils the other codec's messages: this one keeps to its own."""
        router = Router(subprotocols=["velaros-bars"])
        router.use(middleware.json())

        @router.use
        async def _(ctx: Context) -> None:
            await (text_codec(ctx) if ctx.codec is None else ctx.next())

        router.bind("/x", lambda ctx: "fine")
        async with ASGIPeer(router, subprotocols=["velaros-bars"]) as peer:
            await peer.accepted()
            peer.incoming.put_nowait({"type": "websocket.receive", "text": "/x|1|"})
            assert (await peer.event())["text"] == "|1|fine"
        async with Peer(router) as peer:
            peer.push("/x", id=1)
            assert await peer.message() == {"id": 1, "data": {"message": "fine"}}

    async def test_raw_bytes_it_replaced_come_again_as_received(self) -> None:
        """Middleware that unpacks a message unpacks it once for each time it runs."""
        router = Router()

        @router.use
        async def _(ctx: Context) -> None:
            ctx.set_message_raw_data(zlib.decompress(ctx.raw_data))
            ctx.set_message_raw_data(ctx.raw_data + b"")
            await ctx.next()

        router.use(text_codec)

        @router.bind("/talk")
        async def _(ctx: Context) -> str:
            return await ctx.receive(str) + await ctx.receive(str)

        async with Peer(router) as peer:
            peer.put(zlib.compress(b"/talk|1|a"))
            await settle()
            peer.put(zlib.compress(b"|1|b"))
            assert await peer.frame() == b"|1|ab"

    async def test_a_marshaller_that_returns_no_bytes(self) -> None:
        """The error says what it returned."""
        router = Router()

        @router.use
        async def _(ctx: Context) -> None:
            ctx.set_message_marshaller(lambda message: "text")  # pyright: ignore[reportArgumentType]
            with pytest.raises(TypeError, match="a marshaller returns bytes, not str"):
                await ctx.send(1)
            ctx.set_message_marshaller(write_text)
            await ctx.send("done")

        async with Peer(router) as peer:
            peer.put("x")
            assert await peer.frame() == "||done"

    async def test_says_that_a_stream_ended_by_what_a_marshaller_knows(self) -> None:
        """A marshaller that writes id and data only writes the end as well, and why it came."""

        def write(message: OutboundMessage) -> bytes:
            return json.dumps({"id": message.id, "data": message.data}).encode()

        router = Router()

        @router.use
        async def _(ctx: Context) -> None:
            path, message_id = ctx.raw_data.decode().split("|")
            ctx.set_message_marshaller(write)
            ctx.set_message_path(path)
            ctx.set_message_id(message_id)
            await ctx.next()

        @router.bind("/count")
        async def _(_: Context) -> AsyncIterator[int]:
            yield 1

        @router.bind("/fail")
        async def _(_: Context) -> AsyncIterator[int]:
            yield 1
            raise Error("no more")

        async with Peer(router) as peer:
            peer.put("/count|a")
            assert await peer.messages(2) == [
                {"id": "a", "data": 1}, {"id": "a", "data": {"end": True}},
            ]  # fmt: skip
            peer.put("/fail|b")
            assert await peer.messages(2) == [
                {"id": "b", "data": 1}, {"id": "b", "data": {"error": "no more", "end": True}},
            ]  # fmt: skip

    async def test_gives_an_unmarshaler_bytes_whatever_was_set(self) -> None:
        """A message whose middleware set no data has an empty payload, not none."""
        router = Router()

        @router.use
        async def _(ctx: Context) -> str:
            ctx.set_message_unmarshaler(read_text)
            return await ctx.unmarshal(str) + "."

        async with Peer(router) as peer:
            peer.put("x")
            assert await peer.frame() == "."


async def test_a_stream_of_bare_frames_ends_with_its_last_item(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Without a codec nothing can say that it was the last."""
    router = Router()

    @router.use
    async def _(_: Context) -> AsyncIterator[str]:
        yield "a"
        yield "b"

    async with Peer(router) as peer:
        peer.put("x")
        assert [await peer.frame(), await peer.frame()] == ["a", "b"]
        await peer.nothing()
    assert not caplog.records
