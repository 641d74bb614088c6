"""Tests of `velaros.testing`: the in-memory client, its expectations and its lifespan."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from velaros import (
    CloseSource,
    CloseStatus,
    Context,
    Error,
    FieldError,
    HTTPError,
    Router,
    SocketClosed,
    Status,
    UnmarshalError,
    middleware,
)
from velaros.protobuf.envelope_pb2 import Envelope
from velaros.testing import (
    Client,
    ClientSocket,
    ErrorAnswer,
    ExpectationFailed,
    ExpectationTimedOut,
    HandshakeRefused,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from starlette.websockets import WebSocket

    from aros_core.asgi.types import Receive, Scope, Send


@dataclass
class Album:
    """A payload with a type."""

    title: str
    year: int = 0


def make_router() -> Router:
    """Return a router with a handler for each thing a client can see."""
    router = Router()
    router.use(middleware.json())

    @router.bind("/add")
    async def add(ctx: Context) -> int:
        return sum(await ctx.unmarshal(list[int]))

    @router.bind("/echo")
    async def echo(ctx: Context) -> None:
        await ctx.reply(await ctx.unmarshal(), meta=dict(ctx.meta) or None)

    @router.bind("/has-data")
    async def has_data(ctx: Context) -> dict[str, Any]:
        return {"raw": ctx.data.decode()}

    @router.bind("/ask")
    async def ask(ctx: Context) -> None:
        name = await ctx.request("Who is there?", str, path="/question", meta={"a": 1})
        await ctx.send({"text": f"{name} is here"}, path="/news")

    @router.bind("/push")
    async def push(ctx: Context) -> None:
        await ctx.send("first", path="/one")
        await ctx.send("second", path="/two")
        await ctx.reply("third")

    @router.bind("/count")
    async def count(ctx: Context) -> AsyncIterator[int]:
        for number in range(await ctx.unmarshal(int)):
            yield number

    @router.bind("/broken")
    async def broken(ctx: Context) -> AsyncIterator[int]:
        yield 1
        raise Error("no more")

    @router.bind("/sum")
    async def sum_up(ctx: Context) -> int:
        total = 0
        while number := await ctx.receive(int):
            total += number
        return total

    @router.bind("/close")
    async def close(ctx: Context) -> None:
        await ctx.send("goodbye")
        await ctx.close(4001, "as you wish")

    @router.bind("/fields")
    async def fields(ctx: Context) -> FieldError:
        return FieldError("title", "is required")

    return router


class TestMessages:
    """Pushing messages and expecting others."""

    async def test_request_returns_a_typed_answer(self) -> None:
        """A request gives the answer as the type asked for, and plain without one."""
        async with Client(make_router()).connect("/ws") as socket:
            assert await socket.request("/add", [1, 2, 3], int) == 6
            album = await socket.request("/echo", Album("Blue", 1971), Album)
            assert album == Album("Blue", 1971)
            assert await socket.request("/echo", Album("Blue")) == {"title": "Blue", "year": 0}

    async def test_push_makes_ids_up_and_keeps_given_ones(self) -> None:
        """A push returns its id, a fresh one unless it was given."""
        async with Client(make_router()).connect() as socket:
            first = await socket.push("/add", [1])
            second = await socket.push("/add", [2])
            assert first != second
            assert await socket.push("/add", [3], id="mine") == "mine"
            assert await socket.push("/add", [4], id=7) == 7
            assert await socket.expect_reply(7) == 4
            assert await socket.expect_reply("mine") == 3
            assert await socket.expect_reply(second) == 2
            assert await socket.expect_reply(first, int) == 1

    async def test_no_data_is_not_null(self) -> None:
        """Without data a message carries none, and with None a null."""
        async with Client(make_router()).connect() as socket:
            assert await socket.request("/has-data") == {"raw": ""}
            assert await socket.request("/has-data", None) == {"raw": "null"}

    async def test_meta_is_sent(self) -> None:
        """A message's metadata arrives."""
        async with Client(make_router()).connect() as socket:
            asked = await socket.push("/echo", 1, meta={"trace": "x"})
            frame = await socket.receive_raw()
            assert frame == f'{{"id":"{asked}","data":1,"meta":{{"trace":"x"}}}}'
            assert await socket.request("/echo", 2, meta={"trace": "y"}) == 2

    async def test_answers_to_requests_of_the_server(self) -> None:
        """The server's request has path, id, data and meta, and can be answered."""
        async with Client(make_router()).connect() as socket:
            await socket.push("/ask")
            question = await socket.expect_request("/question")
            assert (question.path, question.data) == ("/question", "Who is there?")
            assert question.unmarshal(str) == "Who is there?"
            assert question.meta == {"a": 1}
            assert isinstance(question.id, str)
            assert repr(question) == f"<ReceivedMessage path='/question' id={question.id!r}>"
            await question.reply("Ada")
            assert await socket.expect_push("/news", dict[str, str]) == {"text": "Ada is here"}
            await socket.expect_nothing()

    async def test_what_comes_out_of_order_is_kept(self) -> None:
        """Messages wait until somebody expects them, whatever the order."""
        async with Client(make_router()).connect() as socket:
            asked = await socket.push("/push")
            assert await socket.expect_reply(asked) == {"message": "third"}
            assert await socket.expect_push("/two") == {"message": "second"}
            assert await socket.expect_push() == {"message": "first"}

    async def test_expectations_can_wait_side_by_side(self) -> None:
        """Several tasks may wait for different messages at once."""
        async with Client(make_router()).connect() as socket, asyncio.TaskGroup() as group:
            one = group.create_task(socket.expect_push("/one"))
            two = group.create_task(socket.expect_push("/two", T=dict[str, str]))
            await socket.push("/push")
        assert (one.result(), two.result()) == ({"message": "first"}, {"message": "second"})

    async def test_conversations_share_an_id(self) -> None:
        """Messages pushed under one id reach the handler of the first."""
        async with Client(make_router()).connect() as socket:
            adding = await socket.push("/sum", 2, id="s1")
            await socket.push(data=3, id="s1")
            await socket.push(data=0, id="s1")
            assert await socket.expect_reply(adding, int) == 5

    async def test_streams_end(self) -> None:
        """A stream yields its items and ends with the message that says it is the last."""
        async with Client(make_router()).connect() as socket:
            assert [item async for item in socket.stream("/count", 3, int)] == [0, 1, 2]
            assert [item async for item in socket.stream("/count", 0)] == []
            counting = await socket.push("/count", 2)
            assert [item async for item in socket.expect_stream(counting, int)] == [0, 1]
            counting = await socket.push("/count", 1)
            assert await socket.expect_reply(counting) == 0
            assert await socket.expect_reply(counting) is None

    async def test_broken_streams_raise(self) -> None:
        """A stream that ends with an error raises it after its items."""
        async with Client(make_router()).connect() as socket:
            items = aiter(socket.stream("/broken", T=int))
            assert await anext(items) == 1
            with pytest.raises(ErrorAnswer, match="no more"):
                await anext(items)
            with pytest.raises(ErrorAnswer, match="not found"):
                await anext(aiter(socket.stream("/nowhere")))

    async def test_errors_are_data_unless_a_type_has_no_place_for_them(self) -> None:
        """An error answer is returned as it is, but never read as something else."""
        async with Client(make_router()).connect() as socket:
            assert await socket.request("/nowhere") == {"error": "not found"}
            assert await socket.request("/nowhere", T=dict[str, str]) == {"error": "not found"}
            with pytest.raises(ErrorAnswer, match="not found") as refusal:
                await socket.request("/nowhere", None, int)
            assert refusal.value.error == "not found"
            with pytest.raises(ErrorAnswer) as invalid:
                await socket.request("/fields", T=Album)
            assert invalid.value.fields == [FieldError("title", "is required")]
            with pytest.raises(UnmarshalError) as wrong:
                await socket.request("/add", [1], Album)
            assert not isinstance(wrong.value, ErrorAnswer)

    async def test_raw_frames_go_both_ways(self) -> None:
        """Frames can be sent and received as they are; replies to them can be expected."""
        async with Client(make_router()).connect() as socket:
            await socket.send_text('{"path":"/add","id":"raw","data":[5]}')
            assert await socket.expect_reply("raw", int) == 5
            await socket.send_bytes(b'{"path":"/add","id":"raw","data":[6]}')
            assert await socket.receive_raw() == b'{"id":"raw","data":6}'
            await socket.send_text("gibberish")
            assert await socket.expect_push() == {"error": "cannot decode message"}
            await socket.send_text('{"path":"/add","data":[7]}')
            assert await socket.receive_raw() == '{"data":7}'


class TestUnmetExpectations:
    """What is said when something else happens."""

    async def test_says_what_was_awaited_and_what_came(self) -> None:
        """The error names the expectation and lists everything that nobody took."""
        async with Client(make_router()).connect() as socket:
            await socket.push("/push", id="p1")
            await socket.push("/ask")
            with pytest.raises(ExpectationTimedOut) as failure:
                await socket.expect_push("/three", timeout=0.02)
        lines = str(failure.value).splitlines()
        assert lines[0] == ("expected a push at '/three' within 0.02 s, but this came instead:")
        assert lines[1:4] == [
            "  - a push at '/one': {'message': 'first'}",
            "  - a push at '/two': {'message': 'second'}",
            "  - a reply to 'p1': {'message': 'third'}",
        ]
        assert lines[4].startswith("  - a request at '/question' with id ")
        assert isinstance(failure.value, AssertionError)
        assert isinstance(failure.value, TimeoutError)

    async def test_says_that_nothing_came(self) -> None:
        """Where nothing came, the error says so."""
        async with Client(make_router()).connect() as socket:
            with pytest.raises(ExpectationTimedOut) as failure:
                await socket.expect_reply("x", timeout=0.01)
            assert str(failure.value) == "expected a reply to 'x' within 0.01 s, but nothing came"
            with pytest.raises(ExpectationTimedOut, match="expected a request within"):
                await socket.expect_request(timeout=0)
            with pytest.raises(ExpectationTimedOut, match="expected a close within"):
                await socket.expect_close(timeout=0)
            with pytest.raises(ExpectationTimedOut, match="expected a frame within"):
                await socket.receive_raw(timeout=0)
            with pytest.raises(ExpectationTimedOut, match="expected an answer from '/sum' within"):
                await socket.request("/sum", 1, timeout=0.01)
            with pytest.raises(ExpectationTimedOut, match="the next item or the end of the stream"):
                await anext(aiter(socket.stream("/sum", 1, timeout=0.01)))

    async def test_a_close_is_not_waited_through(self) -> None:
        """When the socket is closed instead, that is said at once."""
        async with Client(make_router()).connect() as socket:
            with pytest.raises(ExpectationFailed) as failure:
                await socket.request("/close", timeout=60)
            assert str(failure.value) == (
                "expected an answer from '/close', but this came instead:\n"
                "  - a push: {'message': 'goodbye'}\n"
                "  - a close by the server: 4001 'as you wish'"
            )

    async def test_expect_nothing_fails_when_something_comes(self) -> None:
        """Anything that comes, or came before, or the close, is something."""
        async with Client(make_router()).connect() as socket:
            await socket.push("/close")
            with pytest.raises(ExpectationFailed, match="expected nothing, but this came"):
                await socket.expect_nothing()
            with pytest.raises(ExpectationFailed, match="a push"):
                await socket.expect_nothing()
            assert await socket.expect_push() == {"message": "goodbye"}
            with pytest.raises(ExpectationFailed, match="a close by the server: 4001"):
                await socket.expect_nothing()

    async def test_unreadable_frames_are_told(self) -> None:
        """A frame that the codec cannot read is named as such, and the end of a stream as that."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.send", "text": "?"})
            await send({"type": "websocket.send", "text": '{"id":1,"end":true}'})
            await receive()

        async with Client(app).connect() as socket:
            with pytest.raises(ExpectationTimedOut) as failure:
                await socket.expect_push(timeout=0.01)
        assert "a frame that cannot be read: '?' (" in str(failure.value)
        assert "a request with id 1, the last of a stream: None" in str(failure.value)


class TestEndings:
    """How a socket is left, and what the application makes of it."""

    async def test_the_server_closes(self) -> None:
        """The close of the server is expected with status, reason and source."""
        async with Client(make_router()).connect() as socket:
            assert socket.close_status is None
            await socket.push("/close")
            ended = await socket.expect_close()
            assert ended == CloseStatus(4001, "as you wish", CloseSource.SERVER)
            assert socket.close_status == ended
            with pytest.raises(SocketClosed) as refusal:
                await socket.push("/add", [1])
            assert refusal.value.close_status == ended

    @pytest.mark.parametrize(
        ("way", "status"),
        [
            ("leave", CloseStatus(1000, "", CloseSource.CLIENT)),
            ("close", CloseStatus(4002, "bye", CloseSource.CLIENT)),
            ("drop", CloseStatus(1006, "", CloseSource.CLIENT)),
        ],
    )
    async def test_the_client_leaves(self, way: str, status: CloseStatus) -> None:
        """The application sees how the client left, and has ended when the block is left."""
        router, seen = make_router(), list[CloseStatus | None]()

        @router.use_close
        async def note(ctx: Context) -> None:
            seen.append(ctx.close_status)

        async with Client(router).connect() as socket:
            if way == "close":
                await socket.close(4002, "bye")
            if way == "drop":
                await socket.drop()
        assert seen == [status]
        assert socket.close_status == status

    async def test_expectations_after_the_client_left(self) -> None:
        """After a close of its own the test can wait for the end, and for nothing else."""
        router, ended = make_router(), list[bool]()

        @router.use_close
        async def note(ctx: Context) -> None:
            ended.append(True)

        async with Client(router).connect() as socket:
            await socket.close(4002, "bye")
            await socket.expect_nothing(0)
            with pytest.raises(ExpectationFailed, match="a close by the client: 4002 'bye'"):
                await socket.expect_push()
            assert await socket.expect_close() == CloseStatus(4002, "bye", CloseSource.CLIENT)
            assert ended == [True]

    async def test_what_cannot_be_a_close_is_refused(self) -> None:
        """A status or reason that no close frame can carry is a ValueError."""
        async with Client(make_router()).connect() as socket:
            with pytest.raises(ValueError, match="1006"):
                await socket.close(1006)
            with pytest.raises(ValueError, match="124 bytes"):
                await socket.close(reason="x" * 124)

    async def test_refused_handshakes(self) -> None:
        """A refusal is raised with its status, headers and body."""
        router = make_router()

        @router.use_upgrade
        async def guard(ctx: Context) -> None:
            raise HTTPError(401, "who are you?", headers={"WWW-Authenticate": "Bearer"})

        with pytest.raises(HandshakeRefused) as refusal:
            async with Client(router).connect():
                pass
        refused = refusal.value
        assert (refused.status, refused.body) == (401, b"who are you?")
        assert refused.headers["www-authenticate"] == "Bearer"
        assert str(refused) == "the handshake was refused with status 401: who are you?"

    async def test_what_the_application_raises_is_seen_by_who_waits(self) -> None:
        """The application's own error is raised where the test waits, and not again."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            await receive()
            raise LookupError("lost")

        async with Client(app).connect() as socket:
            await socket.push("/x")
            with pytest.raises(LookupError, match="lost"):
                await socket.expect_push()
            with pytest.raises(ExpectationFailed, match="a close by the server: 1006"):
                await socket.expect_push()
            assert (await socket.expect_close()).status == Status.ABNORMAL_CLOSURE

    async def test_timeouts_of_the_application_are_its_own(self) -> None:
        """A TimeoutError that the application raised is no unmet expectation."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            await receive()
            raise TimeoutError("its own")

        async with Client(app).connect() as socket:
            await socket.push("/x")
            with pytest.raises(TimeoutError, match="its own") as failure:
                await socket.expect_push()
        assert not isinstance(failure.value, ExpectationFailed)
        async with Client(app).connect() as socket:
            await socket.push("/x")
            with pytest.raises(TimeoutError, match="its own"):
                await socket.expect_nothing()

    async def test_what_the_application_raises_is_seen_by_leaving(self) -> None:
        """An error that no call raised is raised when the block is left."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            await receive()
            raise LookupError("lost")

        with pytest.raises(LookupError, match="lost"):
            async with Client(app).connect() as socket:
                await socket.push("/x")

    async def test_tests_of_their_own_failing_come_first(self) -> None:
        """Where the block fails as well, the application's error is a note."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            await receive()
            raise LookupError("lost")

        with pytest.raises(KeyError) as failure:
            async with Client(app).connect():
                raise KeyError("mine")
        assert failure.value.__notes__ == [
            "Beside this, the application failed: LookupError('lost')"
        ]


class TestHandshake:
    """What the application is told, and which codec is spoken."""

    async def test_facts_of_the_handshake(self) -> None:
        """Path, query, headers and address reach the application."""
        router = make_router()

        @router.bind("/facts")
        async def facts(ctx: Context) -> dict[str, Any]:
            return {
                "path": ctx.scope["path"],
                "raw_path": ctx.scope["raw_path"].decode(),
                "server": list(ctx.scope["server"]),
                "scheme": ctx.scope["scheme"],
                "token": ctx.query["token"],
                "color": ctx.headers["X-Color"],
                "host": ctx.headers["host"],
                "address": ctx.remote_address,
            }

        client = Client(router, client=("10.0.0.1", 1234))
        async with client.connect("/w%20s?token=1", headers={"X-Color": "red"}) as socket:
            assert await socket.request("/facts") == {
                "path": "/w s",
                "raw_path": "/w%20s",
                "server": ["testserver", 80],
                "scheme": "ws",
                "token": "1",
                "color": "red",
                "host": "testserver",
                "address": "10.0.0.1:1234",
            }
        url = "wss://example.com:8443?token=2"
        async with client.connect(url, headers=[("X-Color", "blue")]) as socket:
            answer = await socket.request("/facts")
        assert (answer["path"], answer["scheme"]) == ("/", "wss")
        assert (answer["host"], answer["server"]) == ("example.com:8443", ["example.com", 8443])

    async def test_the_codec_follows_the_subprotocol(self) -> None:
        """Without a codec, that of the agreed subprotocol is spoken; with one, that one."""
        router = make_router()
        router.use(middleware.msgpack())
        client = Client(router)
        offered = ["velaros-msgpack", "velaros-json"]
        async with client.connect(subprotocols=offered) as socket:
            assert socket.subprotocol == "velaros-msgpack"
            asked = await socket.push("/add", [1])
            assert isinstance(await socket.receive_raw(), bytes)
            assert asked
        async with client.connect(codec="msgpack") as socket:
            assert socket.subprotocol is None
            assert await socket.request("/add", [1, 2], int) == 3
        async with client.connect(codec=middleware.msgpack()) as socket:
            assert await socket.request("/add", [1, 2], int) == 3
        with pytest.raises(HandshakeRefused) as refusal:
            async with client.connect(subprotocols=["nothing-known"]):
                pass
        assert refusal.value.status == 400

    async def test_unknown_codecs_are_refused(self) -> None:
        """A name that no codec has is a ValueError that lists those there are."""
        with pytest.raises(ValueError, match="choose one of json, msgpack, protobuf"):
            async with Client(make_router()).connect(codec="xml"):
                pass

    async def test_protobuf(self) -> None:
        """With protobuf, payloads are generated messages, and errors are raised."""
        router = Router()
        router.use(middleware.protobuf())

        @router.bind("/echo")
        async def echo(ctx: Context) -> Envelope:
            return await ctx.unmarshal(Envelope)

        @router.bind("/two")
        async def two(ctx: Context) -> AsyncIterator[Envelope]:
            yield Envelope(path="a")
            yield Envelope()

        async with Client(router).connect(codec="protobuf") as socket:
            answer = await socket.request("/echo", Envelope(path="/x"), Envelope)
            assert answer.path == "/x"
            assert await socket.push("/echo", Envelope(), id=5) == "5"
            assert await socket.expect_reply(5, Envelope) == Envelope()
            items = [item.path async for item in socket.stream("/two", T=Envelope)]
            assert items == ["a", ""]
            with pytest.raises(ErrorAnswer, match="not found"):
                await socket.request("/nowhere", T=Envelope)
            with pytest.raises(ErrorAnswer, match="not found"):
                await socket.request("/nowhere")
            asked = await socket.push("/echo", Envelope(path="/x"))
            with pytest.raises(TypeError, match="generated message class"):
                await socket.expect_reply(asked)
            await socket.push("/echo", Envelope(path="/x"))
            with pytest.raises(ExpectationTimedOut, match="a reply to"):
                await socket.expect_push(timeout=0.02)

    async def test_other_applications(self) -> None:
        """Any ASGI application will do, such as Starlette with a router or a handler in it."""

        async def plain(websocket: WebSocket) -> None:
            await websocket.accept(headers=[(b"x-color", b"red")])
            message = await websocket.receive_json()
            await websocket.send_json({"id": message["id"], "data": "plain"})
            await websocket.close(4003, "enough")

        app = Starlette(
            routes=[WebSocketRoute("/plain", plain), WebSocketRoute("/ws", make_router())]
        )
        client = Client(app)
        async with client.connect("/plain") as socket:
            assert socket.accepted_headers["X-Color"] == "red"
            assert await socket.request("/", T=str) == "plain"
            assert await socket.expect_close() == CloseStatus(4003, "enough", CloseSource.SERVER)
        async with client.connect("/ws") as socket:
            assert await socket.request("/add", [1], int) == 1
        with pytest.raises(HandshakeRefused) as refusal:
            async with client.connect("/elsewhere"):
                pass
        assert refusal.value.status in (403, 404)


class TestLifespan:
    """When the application is started and stopped."""

    def make_app(self, log: list[str]) -> Router:
        """Return a router that notes its start and stop."""

        @asynccontextmanager
        async def lifespan(router: Router) -> AsyncGenerator[Mapping[str, Any]]:
            log.append("start")
            yield {"answer": 42}
            log.append("stop")

        router = Router(lifespan=lifespan)
        router.use(middleware.json())

        @router.bind("/state")
        async def state(ctx: Context) -> Any:
            return ctx.state["answer"]

        return router

    async def test_connections_share_one(self) -> None:
        """The first connection starts the application and the last to leave stops it."""
        log: list[str] = []
        client = Client(self.make_app(log))
        assert log == []
        async with client.connect() as first:
            assert log == ["start"]
            async with client.connect() as second:
                assert await second.request("/state", T=int) == 42
            assert log == ["start"]
            assert await first.request("/state", T=int) == 42
        assert log == ["start", "stop"]
        async with client.connect():
            pass
        assert log == ["start", "stop"] * 2

    async def test_runs_around_the_block(self) -> None:
        """`async with Client(app)` runs it once for all connections in the block."""
        log: list[str] = []
        async with Client(self.make_app(log)) as client:
            assert log == ["start"]
            for _ in range(2):
                async with client.connect() as socket:
                    assert await socket.request("/state", T=int) == 42
            assert log == ["start"]
        assert log == ["start", "stop"]

    async def test_state_is_copied_into_scopes(self) -> None:
        """What a handler puts into its state stays with its connection."""
        seen: list[dict[str, Any]] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                await receive()
                scope["state"]["shared"] = True
                await send({"type": "lifespan.startup.complete"})
                await receive()
                await send({"type": "lifespan.shutdown.complete"})
                return
            seen.append(dict(scope["state"]))
            scope["state"]["own"] = True
            await receive()
            await send({"type": "websocket.accept"})
            await receive()

        async with Client(app) as client:
            for _ in range(2):
                async with client.connect():
                    pass
        assert seen == [{"shared": True}] * 2

    async def test_a_failing_start_is_raised(self) -> None:
        """What the lifespan raises, the test sees."""

        @asynccontextmanager
        async def lifespan(router: Router) -> AsyncGenerator[None]:
            raise LookupError("no database")
            yield

        with pytest.raises(LookupError, match="no database"):
            async with Client(Router(lifespan=lifespan)).connect():
                pass


async def test_a_client_outlives_event_loops() -> None:
    """One client can be used again after all of its connections are gone."""
    client = Client(make_router())

    async def use() -> int:
        async with client.connect() as socket:
            return await socket.request("/add", [1, 1], int)

    assert await use() == 2
    assert await asyncio.to_thread(asyncio.run, use()) == 2


async def test_a_socket_is_a_client_socket() -> None:
    """What `connect` yields has a name, for annotations."""
    async with Client(make_router()).connect() as socket:
        assert isinstance(socket, ClientSocket)
