"""Every paragraph of the Velaros documentation that speaks of behaviour, in its own order.

Each test's docstring begins with the heading under which the behaviour is documented.
"""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from navaros import Router as HttpRouter
from navaros.testing import Client as HttpClient
from velaros import (
    CloseSource,
    CloseStatus,
    Context,
    ContextClosedError,
    Error,
    FieldError,
    HTTPError,
    MessageType,
    Params,
    Pattern,
    Ref,
    RequestTimeout,
    Router,
    SocketClosed,
    Status,
    middleware,
)
from velaros.codecs import ProtobufCodec
from velaros.protobuf.envelope_pb2 import Envelope
from velaros.testing import Client, HandshakeRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


@dataclass
class Confirmation:
    confirmed: bool


def make_router(**options: Any) -> Router:
    """Return a router that speaks JSON."""
    router = Router(**options)
    router.use(middleware.json())
    return router


# Core concepts


async def test_path_and_id_come_from_the_codec() -> None:
    """Core Concepts: the codec extracts the path that routes and the id that correlates."""
    router = make_router()

    @router.bind("/greet/:name")
    async def greet(ctx: Context) -> list[Any]:
        return [ctx.path, ctx.message_id, ctx.params["name"]]

    async with Client(router).connect() as socket:
        message_id = await socket.push("/greet/bob", id="m-1")
        assert await socket.expect_reply(message_id) == ["/greet/bob", "m-1", "bob"]


async def test_metadata_travels_beside_the_data() -> None:
    """Message Metadata: handlers read what the client sent beside its data."""
    router = make_router()

    @router.bind("/api/data")
    async def data(ctx: Context) -> dict[str, Any]:
        return dict(ctx.meta)

    async with Client(router).connect() as socket:
        meta = {"userId": "u1", "traceId": "t1"}
        message_id = await socket.push("/api/data", meta=meta)
        assert await socket.expect_reply(message_id) == meta


async def test_message_storage_ends_with_the_message_and_socket_storage_with_the_socket() -> None:
    """Context: per-message values are gone with the next message, per-connection ones persist."""
    router = make_router()

    @router.bind("/profile")
    async def profile(ctx: Context) -> list[Any]:
        before = [ctx.get("seen"), ctx.get_from_socket("seen")]
        ctx.set("seen", "message")
        ctx.set_on_socket("seen", "socket")
        return before

    async with Client(router).connect() as socket:
        assert await socket.request("/profile") == [None, None]
        assert await socket.request("/profile") == [None, "socket"]
    async with Client(router).connect() as other:
        assert await other.request("/profile") == [None, None]


async def test_must_get_names_the_missing_key() -> None:
    """Context: the must-get of a key that is not there fails, and says which."""
    router = make_router()

    @router.bind("/keys")
    async def keys(ctx: Context) -> None:
        with pytest.raises(KeyError, match="playerName"):
            ctx.must_get_from_socket("playerName")
        with pytest.raises(KeyError, match="requestID"):
            ctx.must_get("requestID")
        await ctx.reply("ok")

    async with Client(router).connect() as socket:
        assert await socket.request("/keys") == {"message": "ok"}


async def test_handshake_headers_are_there_in_hooks_and_handlers() -> None:
    """Accessing Request Headers: the handshake's headers authenticate, for every message."""
    router = make_router()

    @router.use_open
    async def authenticate(ctx: Context) -> None:
        ctx.set_on_socket("user", ctx.headers.get("authorization", "").removeprefix("Bearer "))

    @router.bind("/whoami")
    async def whoami(ctx: Context) -> list[Any]:
        return [ctx.get_from_socket("user"), ctx.headers["AUTHORIZATION"]]

    headers = {"Authorization": "Bearer alice"}
    async with Client(router).connect(headers=headers) as socket:
        assert await socket.request("/whoami") == ["alice", "Bearer alice"]


async def test_a_context_cannot_be_used_after_its_handler() -> None:
    """Context: use after the handler returned fails with an error that says what to do."""
    router = make_router()
    kept: list[Context] = []

    @router.bind("/subscribe")
    async def subscribe(ctx: Context) -> str:
        kept.append(ctx)
        return "subscribed"

    async with Client(router).connect() as socket:
        await socket.request("/subscribe")
        with pytest.raises(ContextClosedError, match="before they return"):
            await kept[0].send("late")
        await kept[0].socket.send("the socket may be kept")
        assert await socket.expect_push() == {"message": "the socket may be kept"}


async def test_middleware_runs_around_handlers_and_can_stop_the_chain() -> None:
    """Middleware: global ones run for all messages, those with a path below it only."""
    router = make_router()
    ran: list[str] = []

    @router.use
    async def log(ctx: Context) -> None:
        ran.append(f"before {ctx.path}")
        await ctx.next()
        ran.append(f"after {ctx.path}")

    @router.use("/admin")
    async def guard(ctx: Context) -> None:
        if ctx.get_from_socket("token") is None:
            await ctx.reply(Error("unauthorized"))
        else:
            await ctx.next()

    @router.bind("/admin/users")
    async def users(ctx: Context) -> str:
        ran.append("users")
        return "users"

    @router.bind("/administrator")
    async def administrator(ctx: Context) -> str:
        return "open to all"

    async with Client(router).connect() as socket:
        assert await socket.request("/admin/users") == {"error": "unauthorized"}
        assert await socket.request("/administrator") == {"message": "open to all"}
    assert ran == [
        "before /admin/users",
        "after /admin/users",
        "before /administrator",
        "after /administrator",
    ]


# Built-in middleware


async def test_json_envelope() -> None:
    """JSON: path, id, data and meta come in; id and data go out."""
    router = make_router()

    @router.bind("/user/create")
    async def create(ctx: Context) -> Any:
        return await ctx.unmarshal()

    async with Client(router).connect() as socket:
        message = {"path": "/user/create", "id": "r1", "data": {"username": "alice"}}
        await socket.send_text(json.dumps(message))
        assert json.loads(await socket.receive_raw()) == {"id": "r1", "data": message["data"]}


async def test_json_errors_have_their_own_shapes() -> None:
    """JSON: error types and field errors are answered in special shapes."""
    router = make_router()

    @router.bind("/error")
    async def error(ctx: Context) -> Error:
        return Error("invalid data")

    @router.bind("/fields")
    async def fields(ctx: Context) -> list[FieldError]:
        return [FieldError("email", "is required"), FieldError("age", "is too low")]

    async with Client(router).connect() as socket:
        assert await socket.request("/error") == {"error": "invalid data"}
        assert await socket.request("/fields") == {
            "error": "Validation error",
            "fields": [{"email": "is required"}, {"age": "is too low"}],
        }


async def test_msgpack_client_without_a_data_key() -> None:
    """MessagePack: the same envelope in binary; without data, the other keys are the data."""
    router = Router()
    router.use(middleware.msgpack())

    @router.bind("/users/create")
    async def create(ctx: Context) -> Any:
        assert ctx.message_type is MessageType.BINARY
        return await ctx.unmarshal()

    message = {"path": "/users/create", "id": "msg-123", "user_id": 42, "name": "Alice"}
    client = Client(router).connect(subprotocols=["velaros-msgpack"], codec="msgpack")
    async with client as socket:
        assert socket.subprotocol == "velaros-msgpack"
        await socket.send_bytes(msgspec.msgpack.encode(message))
        answer = await socket.receive_raw()
        assert isinstance(answer, bytes)
        assert msgspec.msgpack.decode(answer) == {
            "id": "msg-123",
            "data": {"user_id": 42, "name": "Alice"},
        }


async def test_protobuf_handlers_know_no_envelope() -> None:
    """Protocol Buffers: handlers work with generated messages, the envelope is transparent."""
    router = Router()
    router.use(middleware.protobuf())

    @router.bind("/users/create")
    async def create(ctx: Context) -> Envelope:
        request = await ctx.unmarshal(Envelope)
        return Envelope(id="payload", path=request.path.upper())

    payload = Envelope(path="alice")
    envelope = Envelope(id="m1", path="/users/create", data=payload.SerializeToString())
    async with Client(router).connect(codec=ProtobufCodec()) as socket:
        await socket.send_bytes(envelope.SerializeToString())
        answer = Envelope.FromString(await _binary(socket.receive_raw))
        assert (answer.id, answer.path) == ("m1", "")
        assert Envelope.FromString(answer.data) == Envelope(id="payload", path="ALICE")


async def _binary(receive: Callable[[], Awaitable[str | bytes]]) -> bytes:
    message = await receive()
    assert isinstance(message, bytes)
    return message


async def test_set_family() -> None:
    """Set: static, computed and referenced values, per message and per socket."""
    router = make_router()
    numbers = iter(range(100))
    limit, connections = Ref(100), Ref(1)
    router.use(middleware.set("version", "1.0.0"))
    router.use(middleware.setfn("requestID", lambda: next(numbers)))
    router.use(middleware.setvalue("maxItems", limit))
    router.use_open(middleware.socketset("region", "us-east"))
    router.use_open(middleware.socketsetfn("sessionID", lambda: "session"))
    router.use_open(middleware.socketsetvalue("connectionCount", connections))

    @router.bind("/info")
    async def info(ctx: Context) -> list[Any]:
        message = [ctx.get(key) for key in ("version", "requestID", "maxItems")]
        keys = ("region", "sessionID", "connectionCount")
        return [*message, *(ctx.get_from_socket(key) for key in keys)]

    async with Client(router).connect() as socket:
        assert await socket.request("/info") == ["1.0.0", 0, 100, "us-east", "session", 1]
        limit.value = 200
        connections.value = 2
        assert await socket.request("/info") == ["1.0.0", 1, 200, "us-east", "session", 1]


# Integration and configuration


async def test_a_plain_request_is_refused_by_the_router_alone() -> None:
    """Integration: a request that is no upgrade is answered with 400."""
    async with HttpClient(make_router()) as client:
        response = await client.get("/ws")
    assert response.status_code == 400
    assert "WebSocket" in response.text


async def test_mounted_on_the_http_router_other_requests_pass() -> None:
    """Use with Navaros: the router takes upgrades, every other request goes on."""
    http, ws = HttpRouter(), make_router()
    http.use("/ws", ws.middleware())

    @http.get("/ws")
    async def page(ctx: Any) -> str:
        return "page"

    @ws.bind("/users/:id/status")
    async def status(ctx: Context) -> str:
        return ctx.params["id"]

    async with HttpClient(http) as client:
        assert (await client.get("/ws")).text == "page"
    async with Client(http).connect("/ws") as socket:
        assert await socket.request("/users/7/status") == {"message": "7"}


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://myapp.com", True),
        ("https://a.b.myapp.com", True),
        ("https://evil.com", False),
        ("https://evilmyapp.com", False),
    ],
)
async def test_origins(origin: str, allowed: bool) -> None:
    """Configuration: other origins than those given are refused during the upgrade."""
    router = make_router(origins=["https://myapp.com", "https://*.myapp.com"])
    client = Client(router)
    if allowed:
        async with client.connect(headers={"Origin": origin}):
            return
    with pytest.raises(HandshakeRefused) as refused:
        async with client.connect(headers={"Origin": origin}):
            pass
    assert refused.value.status == 403


# Routing


async def test_routes_run_in_the_order_of_registration() -> None:
    """Routing: earlier handlers are tried first, so specific patterns are added first."""
    router = make_router()

    @router.bind(r"/album/:id(\d{4})")
    async def by_id(ctx: Context) -> str:
        return f"id {ctx.params['id']}"

    @router.bind("/album/:name")
    async def by_name(ctx: Context) -> str:
        return f"name {ctx.params['name']}"

    async with Client(router).connect() as socket:
        assert await socket.request("/album/1234") == {"message": "id 1234"}
        assert await socket.request("/album/abbey") == {"message": "name abbey"}


async def test_wildcards_see_the_whole_path() -> None:
    """Routing: a double star matches any number of segments."""
    router = make_router()

    @router.bind("/events/**")
    async def events(ctx: Context) -> str:
        return ctx.path

    async with Client(router).connect() as socket:
        assert await socket.request("/events/user/login") == {"message": "/events/user/login"}


def test_params_ignore_case_and_default_to_nothing() -> None:
    """Parameters: look-ups ignore case, a missing one is empty, names keep their casing."""
    params = Pattern("/users/:userID/posts/:postID").match("/users/123/posts/456")
    assert params is not None
    assert params == Params({"userID": "123", "postID": "456"})
    assert (params["userid"], params.get("POSTID"), params.get("none")) == ("123", "456", "")
    assert list(params) == ["userID", "postID"]


def test_public_routes_lookup_and_paths() -> None:
    """Public Bind, Lookup, Path: public routes are listed, handlers found, paths built."""
    router, users = make_router(), Router()

    async def get_user(ctx: Context) -> None: ...

    users.public_bind("/:id", get_user)
    router.bind("/internal/metrics", get_user)
    router.use("/api/users", users)
    assert [item.pattern for item in router.route_descriptors()] == ["/api/users/:id"]
    found = users.lookup(get_user)
    assert found is not None
    assert str(found.pattern) == "/:id"
    assert found.pattern.path({"id": "123"}) == "/123"
    assert Pattern("/files/*").path(None, ["documents/report.pdf"]) == "/files/documents/report.pdf"


# Connection lifecycle


async def test_open_hooks_run_before_messages_and_close_hooks_after() -> None:
    """Lifecycle: open hooks set the socket up, close hooks see what it kept and can say goodbye."""
    router = make_router()
    farewells: list[Any] = []

    @router.use_open
    async def opened(ctx: Context) -> None:
        ctx.set_on_socket("sessionID", "s1")

    @router.use_close
    async def closed(ctx: Context) -> None:
        farewells.append(ctx.get_from_socket("sessionID"))
        await ctx.send("Connection closing")

    @router.bind("/logout")
    async def logout(ctx: Context) -> None:
        await ctx.reply({"status": ctx.get_from_socket("sessionID")})
        await ctx.close()

    async with Client(router).connect() as socket:
        assert await socket.request("/logout") == {"status": "s1"}
        assert await socket.expect_push() == {"message": "Connection closing"}
        assert await socket.expect_close() == CloseStatus(1000, "", CloseSource.SERVER)
    assert farewells == ["s1"]


async def test_close_with_status_and_reason() -> None:
    """Closing: a handler closes with a status and a reason that the client receives."""
    router = make_router()

    @router.bind("/kick")
    async def kick(ctx: Context) -> None:
        await ctx.close(Status.POLICY_VIOLATION, "Terms of service violation")

    async with Client(router).connect() as socket:
        await socket.push("/kick")
        status = await socket.expect_close()
        assert (status.status, status.reason) == (1008, "Terms of service violation")


async def test_close_hooks_know_who_closed_and_may_change_what_the_server_says() -> None:
    """Close status: hooks see status, reason and source, and can give a better reason."""
    router = make_router()
    seen: list[CloseStatus | None] = []

    @router.use_close
    async def closed(ctx: Context) -> None:
        seen.append(ctx.close_status)
        if ctx.close_status and ctx.close_status.source is CloseSource.SERVER:
            await ctx.close(Status.GOING_AWAY, "Server maintenance")

    @router.bind("/bye")
    async def bye(ctx: Context) -> None:
        await ctx.close()

    async with Client(router).connect() as socket:
        await socket.push("/bye")
        assert (await socket.expect_close()).reason == "Server maintenance"
    async with Client(router).connect() as socket:
        await socket.close(4001, "I leave")
    assert seen == [
        CloseStatus(Status.NORMAL_CLOSURE, "", CloseSource.SERVER),
        CloseStatus(4001, "I leave", CloseSource.CLIENT),
    ]


def test_status_table() -> None:
    """Status codes: every documented code has its documented name."""
    assert {status.value: status.name for status in Status} == {
        1000: "NORMAL_CLOSURE",
        1001: "GOING_AWAY",
        1002: "PROTOCOL_ERROR",
        1003: "UNSUPPORTED_DATA",
        1005: "NO_STATUS_RCVD",
        1006: "ABNORMAL_CLOSURE",
        1007: "INVALID_FRAME_PAYLOAD_DATA",
        1008: "POLICY_VIOLATION",
        1009: "MESSAGE_TOO_BIG",
        1010: "MANDATORY_EXTENSION",
        1011: "INTERNAL_ERROR",
        1012: "SERVICE_RESTART",
        1013: "TRY_AGAIN_LATER",
        1014: "BAD_GATEWAY",
        1015: "TLS_HANDSHAKE",
    }


@pytest.mark.parametrize("status", [1005, 1006, 1015])
async def test_reserved_statuses_cannot_be_sent(status: int) -> None:
    """Status codes: reserved ones are refused when set explicitly."""
    router = make_router()

    @router.bind("/close")
    async def close(ctx: Context) -> None:
        with pytest.raises(ValueError, match=str(status)):
            await ctx.close(status)
        await ctx.reply("still open")

    async with Client(router).connect() as socket:
        assert await socket.request("/close") == {"message": "still open"}


async def test_objects_bring_their_hooks_along() -> None:
    """Lifecycle handlers: an object's open and close methods are registered by using it."""

    class Auth:
        def __init__(self) -> None:
            self.events: list[str] = []

        async def handle(self, ctx: Context) -> None:
            if ctx.get_from_socket("authenticated"):
                await ctx.next()
            else:
                await ctx.reply(Error("unauthorized"))

        async def handle_open(self, ctx: Context) -> None:
            self.events.append("open")
            ctx.set_on_socket("authenticated", ctx.headers.get("authorization") == "secret")

        async def handle_close(self, ctx: Context) -> None:
            self.events.append("close")

    router, auth = make_router(), Auth()
    router.use("/api/**", auth)

    @router.bind("/api/data")
    async def data(ctx: Context) -> str:
        return "data"

    async with Client(router).connect() as socket:
        assert await socket.request("/api/data") == {"error": "unauthorized"}
    async with Client(router).connect(headers={"Authorization": "secret"}) as socket:
        assert await socket.request("/api/data") == {"message": "data"}
    assert auth.events == ["open", "close"] * 2


# Bidirectional communication


async def test_reply_and_later_notification() -> None:
    """Send and Reply: the reply carries the id, what is sent later carries none."""
    router = make_router()

    @router.bind("/process")
    async def process(ctx: Context) -> None:
        await ctx.reply({"status": "processing"})
        await ctx.send({"result": 42}, path="/process/complete")

    async with Client(router).connect() as socket:
        assert await socket.request("/process") == {"status": "processing"}
        assert await socket.expect_push("/process/complete") == {"result": 42}


async def test_the_server_asks_and_the_client_answers() -> None:
    """Request: the server's question carries an id, the answer comes back typed."""
    router = make_router()

    @router.bind("/delete/:id")
    async def delete(ctx: Context) -> str:
        question = {"action": f"delete item {ctx.params['id']}"}
        answer = await ctx.request(question, Confirmation)
        return "deleted" if answer.confirmed else "cancelled"

    async with Client(router).connect() as socket:
        message_id = await socket.push("/delete/7")
        asked = await socket.expect_request("/delete/7")
        assert asked.data == {"action": "delete item 7"}
        await asked.reply({"confirmed": True})
        assert await socket.expect_reply(message_id) == {"message": "deleted"}


async def test_an_answer_without_a_type_is_bytes() -> None:
    """Request: without a type the answer is the payload's bytes."""
    router = make_router()

    @router.bind("/raw")
    async def raw(ctx: Context) -> bool:
        return json.loads(await ctx.request({})) == {"confirmed": False}

    async with Client(router).connect() as socket:
        message_id = await socket.push("/raw")
        await (await socket.expect_request()).reply({"confirmed": False})
        assert await socket.expect_reply(message_id) is True


async def test_requests_time_out() -> None:
    """Request: after the timeout the handler gets an error and can go on."""
    router = make_router()

    @router.bind("/approve")
    async def approve(ctx: Context) -> Any:
        try:
            return await ctx.request({"action": "approve"}, Confirmation, timeout=0.01)
        except RequestTimeout:
            return Error("confirmation timeout")

    async with Client(router).connect() as socket:
        message_id = await socket.push("/approve")
        await socket.expect_request()
        assert await socket.expect_reply(message_id) == {"error": "confirmation timeout"}


async def test_subscriptions_block_and_end_with_the_socket() -> None:
    """Broadcasting: a handler blocks, forwards events, and clean-up runs when the client leaves."""
    router = make_router()
    events: asyncio.Queue[str] = asyncio.Queue()
    ended = asyncio.Event()

    @router.bind("/notifications/subscribe")
    async def subscribe(ctx: Context) -> None:
        await ctx.reply({"status": "subscribed"})
        try:
            while True:
                await ctx.send({"data": await events.get()})
        finally:
            ended.set()

    async with Client(router).connect() as socket:
        assert await socket.request("/notifications/subscribe") == {"status": "subscribed"}
        events.put_nowait("news")
        assert await socket.expect_push() == {"data": "news"}
    await asyncio.wait_for(ended.wait(), 1)


# Advanced usage


async def test_open_hooks_follow_by_themselves_or_at_next() -> None:
    """Open and close handlers: the next one follows by itself; next() runs the later ones now."""
    router = make_router()
    order: list[str] = []

    @router.use_open
    async def around(ctx: Context) -> None:
        order.append("before")
        await ctx.next()
        order.append("after")

    @router.use_open
    async def first(ctx: Context) -> None:
        order.append("first")

    @router.use_open
    async def second(ctx: Context) -> None:
        order.append("second")

    async with Client(router).connect():
        pass
    assert order == ["before", "first", "second", "after"]


async def test_an_open_hook_that_closes_ends_the_chain() -> None:
    """Authentication: an open hook refuses by closing; later hooks and messages see nothing."""
    router = make_router()
    later: list[str] = []

    @router.use_open
    async def authenticate(ctx: Context) -> None:
        await ctx.close(Status.POLICY_VIOLATION, "missing auth token")

    @router.use_open
    async def never(ctx: Context) -> None:
        later.append("ran")

    async with Client(router).connect() as socket:
        assert (await socket.expect_close()).reason == "missing auth token"
    assert later == []


async def test_an_upgrade_hook_refuses_with_a_status() -> None:
    """Authentication: better than closing, the handshake itself is refused."""
    router = make_router()

    @router.use_upgrade
    async def authenticate(ctx: Context) -> None:
        raise HTTPError(401, "missing auth token")

    with pytest.raises(HandshakeRefused) as refused:
        async with Client(router).connect():
            pass
    assert refused.value.status == 401
    assert b"missing auth token" in refused.value.body


async def test_errors_reach_middleware_and_skip_handlers() -> None:
    """Error handling: raised or set, an error skips later handlers and middleware can answer it."""
    router = make_router()
    stacks: list[str] = []

    @router.use
    async def handle_errors(ctx: Context) -> None:
        await ctx.next()
        if ctx.error is not None:
            stacks.append(ctx.error_stack)
            await ctx.reply(Error(str(ctx.error)))
            ctx.error = None

    async def skipped(ctx: Context) -> None:
        raise AssertionError

    @router.bind("/risky")
    async def risky(ctx: Context) -> None:
        raise ValueError("something went wrong")

    async def set_error(ctx: Context) -> None:
        ctx.error = ValueError("invalid data")
        await ctx.next()

    router.bind("/set", set_error, skipped)
    async with Client(router).connect() as socket:
        assert await socket.request("/risky") == {"error": "something went wrong"}
        assert await socket.request("/set") == {"error": "invalid data"}
    assert "risky" in stacks[0]
    assert "ValueError: invalid data" in stacks[1]


async def test_answers_have_the_type_of_their_message() -> None:
    """Message Types: text is answered with text, binary with binary, each message by itself."""
    router = make_router()

    @router.bind("/echo")
    async def echo(ctx: Context) -> str:
        return ctx.message_type.value

    async with Client(router).connect() as socket:
        await socket.send_text('{"path": "/echo", "id": 1}')
        assert await socket.receive_raw() == '{"id":1,"data":{"message":"text"}}'
        await socket.send_bytes(b'{"path": "/echo", "id": 2}')
        assert await socket.receive_raw() == b'{"id":2,"data":{"message":"binary"}}'


# Architecture


async def test_a_blocked_handler_blocks_no_other() -> None:
    """Concurrency: while a handler waits, other messages of the same client are handled."""
    router = make_router()
    release = asyncio.Event()

    @router.bind("/wait")
    async def wait(ctx: Context) -> str:
        await release.wait()
        return "waited"

    @router.bind("/quick")
    async def quick(ctx: Context) -> str:
        return "quick"

    async with Client(router).connect() as socket:
        waiting = await socket.push("/wait")
        assert await socket.request("/quick") == {"message": "quick"}
        release.set()
        assert await socket.expect_reply(waiting) == {"message": "waited"}


async def test_socket_storage_is_safe_from_threads() -> None:
    """Concurrency: plain functions in threads may keep values on the socket at once."""
    router = make_router()
    barrier = threading.Barrier(2, timeout=5)

    @router.bind("/store/:key")
    def store(ctx: Context) -> str:
        barrier.wait()
        ctx.set_on_socket(ctx.params["key"], threading.get_ident())
        return ctx.params["key"]

    @router.bind("/count")
    async def count(ctx: Context) -> int:
        return len({ctx.get_from_socket("a"), ctx.get_from_socket("b")} - {None})

    async with Client(router).connect() as socket:
        first, second = await socket.push("/store/a"), await socket.push("/store/b")
        await socket.expect_reply(first)
        await socket.expect_reply(second)
        assert await socket.request("/count") == 2


async def test_sending_to_a_client_that_left_fails_for_good() -> None:
    """Resource clean-up: a send after the client left raises, so that loops end."""
    router = make_router()
    outcome: asyncio.Queue[type[BaseException]] = asyncio.Queue()

    @router.use_close
    async def closed(ctx: Context) -> None:
        try:
            await ctx.send("anybody?")
        except SocketClosed as error:
            outcome.put_nowait(type(error))

    async with Client(router).connect():
        pass
    assert await asyncio.wait_for(outcome.get(), 1) is SocketClosed


async def test_the_echo_test() -> None:
    """Testing: the documented echo test needs no server and ten lines."""
    router = make_router()

    @router.bind("/echo")
    async def echo(ctx: Context) -> Any:
        return await ctx.unmarshal()

    async with Client(router).connect() as socket:
        assert await socket.request("/echo", {"message": "hello"}) == {"message": "hello"}
