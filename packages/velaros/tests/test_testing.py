"""Tests of `velaros.testing`: connecting in memory, handshakes and the lifespan."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from velaros import (
    CloseSource,
    CloseStatus,
    Context,
    HTTPError,
    Router,
    Status,
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

from .answering_router import make_router

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from starlette.websockets import WebSocket

    from aros_core.asgi.types import Receive, Scope, Send


class TestEndings:
    """How a socket is left, and what the application makes of it."""

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
