"""The router: registration, service over ASGI and other connections, start and stop."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from aros_core.codecs import JsonCodec
from aros_core.codecs.msgpack import MsgpackCodec
from aros_core.codecs.protobuf import ProtobufCodec
from velaros import (
    CloseSource,
    CloseStatus,
    ConnectionInfo,
    Context,
    HTTPError,
    Router,
    middleware,
)
from velaros.transports.memory import MemoryConnection

from .helpers import ASGIPeer, Closed, Peer, json_router, noting, settle, soon

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from aros_core.asgi.types import Event, Scope


class Server:
    """What an ASGI server is to an application, for its lifespan."""

    def __init__(self, app: Router, scope: Scope | None = None) -> None:
        self.app = app
        self.scope: Scope = scope or {"type": "lifespan", "state": {}}
        self.incoming: asyncio.Queue[Event] = asyncio.Queue()
        self.outgoing: asyncio.Queue[Event] = asyncio.Queue()
        self.task: asyncio.Task[Any] | None = None

    async def start(self) -> Event:
        """Start the application; return its answer."""
        self.incoming.put_nowait({"type": "lifespan.startup"})
        serving = self.app(self.scope, self.incoming.get, self.outgoing.put)
        self.task = asyncio.ensure_future(serving)
        return await soon(self.outgoing.get())

    async def stop(self) -> Event:
        """Stop the application; return its answer."""
        self.incoming.put_nowait({"type": "lifespan.shutdown"})
        answer = await soon(self.outgoing.get())
        assert self.task is not None
        await asyncio.wait([self.task])
        return answer


class TestRegistration:
    """What `bind` and its siblings take."""

    async def test_binds_as_call_and_as_decorator(self) -> None:
        """Handlers of one route run in turn through next()."""
        router = json_router()
        log: list[str] = []

        async def guard(ctx: Context) -> None:
            log.append("guard")
            await ctx.next()

        @router.bind("/x/:id", guard)
        async def handler(ctx: Context) -> None:
            log.append(ctx.params["id"])

        assert callable(handler)
        router.bind("/y", guard, handler)
        info = router.lookup(handler)
        assert info is not None
        assert (str(info.pattern), info.method) == ("/x/:id", None)
        async with Peer(router) as peer:
            peer.push("/x/7")
            await settle()
        assert log == ["guard", "7"]

    def test_lists_its_public_routes(self) -> None:
        """Public routes, those of mounted routers too, with their metadata and no method."""
        router, sub = Router(), Router()
        router.bind("/private", lambda ctx: 1)
        router.public_bind("/users/:id", lambda ctx: 1, metadata={"auth": True})
        sub.public_bind("/deep", lambda ctx: 1)
        router.use("/api", sub)

        @router.public_bind("/late")
        async def late(ctx: Context) -> None:
            """Handle nothing."""

        descriptors = router.route_descriptors()
        assert [(d.method, d.pattern, d.metadata) for d in descriptors] == [
            (None, "/users/:id", {"auth": True}),
            (None, "/api/deep", None),
            (None, "/late", None),
        ]
        assert callable(late)

    async def test_mounted_routers_route_under_their_path(self) -> None:
        """Full path and pattern, the mount's params, and codecs that serve the parent too."""
        router, sub = Router(), Router()
        sub.use(middleware.json())

        @sub.bind("/users/:id")
        async def _(ctx: Context) -> list[str]:
            return [ctx.path, ctx.pattern, ctx.params["tenant"], ctx.params["id"]]

        router.use("/tenants/:tenant", sub)
        router.bind("/parent", lambda ctx: "read by the codec of the mounted one")
        async with Peer(router) as peer:
            peer.push("/tenants/a/users/7", id=1)
            assert (await peer.message())["data"] == [
                "/tenants/a/users/7", "/tenants/:tenant/users/:id", "a", "7",
            ]  # fmt: skip
            peer.push("/parent", id=2)
            assert (await peer.message())["id"] == 2

    def test_codecs_belong_to_the_whole_router(self) -> None:
        """A codec under a path is an error."""
        with pytest.raises(ValueError, match="belongs to the whole router"):
            Router().use("/x", middleware.json())

    def test_codecs_for_payloads_alone_read_no_messages(self) -> None:
        """The HTTP codec for protobuf has no envelope, and is none for messages."""
        router = Router()
        router.use(ProtobufCodec(), JsonCodec())
        assert [codec.name for codec in router.message_codecs] == ["json"]

    def test_routers_of_http_do_not_mount(self) -> None:
        """Only routers of one protocol mount on each other."""

        class Other(Router):
            protocol = "requests"

        with pytest.raises(TypeError, match="a router for requests cannot be mounted"):
            Router().use(Other())  # pyright: ignore[reportArgumentType, reportCallIssue]


class TestCodecs:
    """Several codecs on one router."""

    @pytest.mark.parametrize("subprotocol", ["velaros-json", "velaros-msgpack", "velaros-protobuf"])
    async def test_the_agreed_codec_alone_reads(self, subprotocol: str) -> None:
        """Subprotocols never echoed: the chosen one is, and its codec reads and writes."""
        router = Router()
        router.use(middleware.json(), middleware.msgpack(), middleware.protobuf())

        @router.use_open
        async def _(ctx: Context) -> None:
            ctx.set_on_socket("codec", ctx.codec and ctx.codec.name)

        names: list[str | None] = []

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            names.append(ctx.get_from_socket("codec"))
            names.append(ctx.subprotocol)
            names.append(ctx.codec and ctx.codec.subprotocol)

        codecs = {codec.subprotocol: codec for codec in router.message_codecs}
        async with ASGIPeer(router, subprotocols=["unknown", subprotocol]) as peer:
            assert (await peer.accepted())["subprotocol"] == subprotocol
            from aros_core.codecs import OutboundMessage

            frame = codecs[subprotocol].encode_message(OutboundMessage(path="/x"))
            event: Event = {"type": "websocket.receive", "bytes": frame}
            peer.incoming.put_nowait(event)
            await settle()
        assert names == [subprotocol.removeprefix("velaros-"), subprotocol, subprotocol]

    async def test_an_unagreed_format_is_not_read(self) -> None:
        """Under the subprotocol of JSON, MessagePack is what cannot be read."""
        router = Router()
        router.use(middleware.json(), middleware.msgpack())
        router.bind("/x", lambda ctx: 1)
        async with ASGIPeer(router, subprotocols=["velaros-json"]) as peer:
            await peer.accepted()
            peer.incoming.put_nowait({"type": "websocket.receive", "bytes": b"\x81\xa4path\xa2/x"})
            assert await peer.message() == {"data": {"error": "cannot decode message"}}

    async def test_without_a_subprotocol_the_first_that_can_reads(self) -> None:
        """A codec that spoils the other codec's messages: each answers in the format it came in."""
        router = Router()
        router.use(middleware.json(), middleware.msgpack())

        @router.bind("/x")
        async def _(ctx: Context) -> Any:
            return await ctx.unmarshal()

        msgpack = MsgpackCodec()
        async with Peer(router) as peer:
            for number in range(3):
                peer.push("/x", number, id=number)
                assert await peer.message() == {"id": number, "data": number}
                envelope = {"path": "/x", "id": number, "data": number}
                peer.put(msgpack.encode(envelope))
                frame = await peer.frame()
                assert isinstance(frame, bytes)
                assert msgpack.decode(frame) == {"id": number, "data": number}

    async def test_what_none_can_read_is_answered_in_the_likeliest_format(self) -> None:
        """Bytes are answered by a binary codec, text by a text one, an id by who read it."""
        router = Router()
        router.use(middleware.json(), middleware.msgpack())
        async with Peer(router) as peer:
            peer.put("nonsense")
            assert await peer.message() == {"data": {"error": "cannot decode message"}}
            peer.put(b"\xc1")
            frame = await peer.frame()
            assert isinstance(frame, bytes)
            assert MsgpackCodec().decode(frame) == {"data": {"error": "cannot decode message"}}
            peer.put(b'{"id":7,"path":7}')
            assert await peer.message() == {"id": 7, "data": {"error": "cannot decode message"}}

    async def test_hooks_use_the_agreed_codec(self) -> None:
        """With MessagePack agreed on, an open hook greets in MessagePack."""
        router = Router()
        router.use(middleware.json(), middleware.msgpack())

        @router.use_open
        async def _(ctx: Context) -> None:
            await ctx.send(1)

        async with ASGIPeer(router, subprotocols=["velaros-msgpack"]) as peer:
            await peer.accepted()
            assert (await peer.event())["bytes"] == b"\x81\xa4data\x01"


class TestPlainRequests:
    """What is no WebSocket."""

    async def test_http_gets_400_and_is_told_why(self) -> None:
        """A browser that opens the address reads what it is for."""
        events: list[Event] = []

        async def receive() -> Event:
            raise AssertionError("nothing is to be read")

        async def send(event: Event) -> None:
            events.append(event)

        await Router()({"type": "http"}, receive, send)
        assert events[0]["status"] == 400
        assert b"WebSocket connections only" in events[1]["body"]


class TestRefusals:
    """Handshakes that are refused."""

    async def test_a_foreign_origin_gets_403(self) -> None:
        """No hook runs, and no socket opens."""
        router = json_router(origins=["https://myapp.com"])
        log: list[str] = []
        for use in (router.use_upgrade, router.use_open, router.use_close):
            use(noting(log, "hook"))
        headers = {"origin": "https://evil.com", "host": "myapp.com"}
        async with ASGIPeer(router, headers=headers) as peer:
            assert (await peer.refused())[0] == 403
        assert log == []

    async def test_unknown_subprotocols_get_400_and_the_list(self) -> None:
        """The client learns what it may offer."""
        router = json_router(subprotocols=["own"])
        async with ASGIPeer(router, subprotocols=["graphql-ws"]) as peer:
            status, _, body = await peer.refused()
            assert (status, body) == (
                400, b"unknown subprotocols; this server knows velaros-json, own",
            )  # fmt: skip

    @pytest.mark.parametrize("denial", [True, False])
    async def test_what_a_hook_raises(self, denial: bool) -> None:
        """Its own status and body where the server can send them, else a plain refusal."""
        router = json_router()

        @router.use_upgrade
        async def _(ctx: Context) -> None:
            raise HTTPError(401, "who are you?", headers={"www-authenticate": "Bearer"})

        async with ASGIPeer(router, denial=denial) as peer:
            if denial:
                status, headers, body = await peer.refused()
                assert (status, body) == (401, b"who are you?")
                assert headers[b"www-authenticate"] == b"Bearer"
            else:
                assert await peer.event() == {"type": "websocket.close", "code": 1008, "reason": ""}

    async def test_an_error_that_is_set_refuses_too(self) -> None:
        """Setting `ctx.error` is like raising it."""
        router = json_router()

        @router.use_upgrade
        async def _(ctx: Context) -> None:
            ctx.error = HTTPError(429)

        async with ASGIPeer(router) as peer:
            assert (await peer.refused())[0] == 429

    async def test_later_hooks_do_not_run(self) -> None:
        """The first refusal ends the chain; an earlier hook may take it back."""
        router = json_router()
        log: list[str] = []

        @router.use_upgrade
        async def _(ctx: Context) -> None:
            await ctx.next()
            if "forgiven" in ctx.headers:
                ctx.error = None

        @router.use_upgrade
        async def _(ctx: Context) -> None:
            raise HTTPError(401)

        router.use_upgrade(noting(log, "later"))
        async with ASGIPeer(router) as peer:
            assert (await peer.refused())[0] == 401
        async with ASGIPeer(router, headers={"forgiven": "yes"}) as peer:
            await peer.accepted()
        assert log == []

    async def test_a_failing_hook_gets_500(self, caplog: pytest.LogCaptureFixture) -> None:
        """Refused upgrades that crash: the error is logged, the client told nothing of it."""
        router = json_router()

        @router.use_upgrade
        async def _(ctx: Context) -> None:
            raise KeyError("secret")

        async with ASGIPeer(router) as peer:
            status, _headers, body = await peer.refused()
            assert (status, body) == (500, b"Internal Server Error")
        assert "secret" in caplog.text

    async def test_a_route_without_a_handler_gets_500(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The mistake is found before a socket opens, and the log names the route."""
        router = json_router()
        router.bind("/x")
        async with ASGIPeer(router) as peer:
            assert (await peer.refused())[0] == 500
        assert "the route /x has no handler" in caplog.text


class TestOtherConnections:
    """Driving a router over any connection."""

    async def test_serves_what_carries_messages(self) -> None:
        """The in-memory connection is as good as a server's."""
        router = json_router()
        router.bind("/x", lambda ctx: ctx.remote_address)
        ours, theirs = MemoryConnection.pair()
        serving = asyncio.create_task(router.handle_connection(ConnectionInfo("me:1"), theirs))
        await ours.send('{"path":"/x","id":1}')
        assert await soon(ours.receive()) == '{"id":1,"data":{"message":"me:1"}}'
        await ours.close(1000, "")
        await soon(serving)

    async def test_several_at_once(self) -> None:
        """A hundred sockets of one router do not mix."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> str:
            await asyncio.sleep(0)
            return ctx.headers["name"]

        async def client(name: str) -> str:
            async with Peer(router, {"name": name}) as peer:
                peer.push("/x", id=1)
                return (await peer.message())["data"]["message"]

        names = [f"client {number}" for number in range(100)]
        assert await asyncio.gather(*map(client, names)) == names


class TestLifespan:
    """Start and stop of the server."""

    async def test_stopping_closes_every_socket(self) -> None:
        """Where a server's only notice is lifespan shutdown, sockets end in order before it."""
        router = json_router()
        log: list[Any] = []

        @asynccontextmanager
        async def lifespan(app: Any) -> AsyncGenerator[dict[str, Any]]:
            log.append("start")
            yield {"db": "pool"}
            log.append("stop")

        router.lifespan = lifespan

        @router.use_close
        async def _(ctx: Context) -> None:
            await asyncio.sleep(0.001)
            await ctx.send("goodbye")
            log.append(ctx.close_status)

        server = Server(router)
        assert await server.start() == {"type": "lifespan.startup.complete"}
        assert server.scope["state"] == {"db": "pool"}
        async with Peer(router) as one, Peer(router) as two:
            await settle()
            assert await server.stop() == {"type": "lifespan.shutdown.complete"}
            for peer in (one, two):
                assert await peer.message() == {"data": {"message": "goodbye"}}
                assert await peer.closed() == Closed(1001, "the server is shutting down")
                await peer.ended()
        end = CloseStatus(1001, "the server is shutting down", CloseSource.SERVER)
        assert log == ["start", end, end, "stop"]

    async def test_sockets_end_before_any_lifespan_is_left(self) -> None:
        """Handlers of a mounted router may use what its lifespan holds until they have ended."""
        router, sub = json_router(), Router()
        log: list[str] = []

        @asynccontextmanager
        async def lifespan(app: Any) -> AsyncGenerator[None]:
            yield
            log.append("left")

        sub.lifespan = lifespan
        router.use("/sub", sub)
        sub.use_close(noting(log, "hook"))
        server = Server(router)
        await server.start()
        async with Peer(router):
            await settle()
            await server.stop()
        assert log == ["hook", "left"]

    async def test_without_a_lifespan_there_is_nothing_to_do(self) -> None:
        """A server that gives no state and a router that has nothing to start."""
        server = Server(Router(), {"type": "lifespan"})
        assert await server.start() == {"type": "lifespan.startup.complete"}
        assert await server.stop() == {"type": "lifespan.shutdown.complete"}

    async def test_a_route_without_a_handler_fails_the_start(self) -> None:
        """The server does not even start, and says which route is meant."""
        router = Router()
        router.bind("/x")
        server = Server(router)
        answer = await server.start()
        assert answer["type"] == "lifespan.startup.failed"
        assert "the route /x has no handler" in answer["message"]
        with pytest.raises(TypeError):
            await soon(server.task)  # pyright: ignore[reportArgumentType]

    async def test_a_lifespan_of_the_constructor(self) -> None:
        """`Router(lifespan=…)` is the usual way."""
        log: list[str] = []

        @asynccontextmanager
        async def lifespan(app: Any) -> AsyncGenerator[None]:
            log.append("in")
            yield
            log.append("out")

        server = Server(Router(lifespan=lifespan))
        await server.start()
        await server.stop()
        assert log == ["in", "out"]
