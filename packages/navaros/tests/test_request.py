"""What a handler learns of the request, and how it reads the body."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.wrappers_pb2 import StringValue

from navaros import (
    ClientDisconnected,
    Context,
    FieldError,
    HTTPError,
    Router,
    UnmarshalError,
    middleware,
)

from .exchange import Exchange, ask, http_scope, upgrade_scope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from aros_core.asgi.types import Scope

JSON = {"content-type": "application/json"}


@dataclass
class Point:
    """Something to unmarshal."""

    x: int
    y: int


async def learn(question: Callable[[Context], Any], scope: Scope) -> Any:
    """Return what a handler learns when it gets a request of this scope."""
    app = Router()
    learned: list[Any] = []

    @app.use
    async def handler(ctx: Context) -> None:
        learned.append(question(ctx))

    await Exchange(app, scope).run()
    return learned[0]


FACTS: list[tuple[Callable[[Context], Any], Any]] = [
    (lambda ctx: ctx.method, "POST"),
    (lambda ctx: ctx.path, "/a b"),
    (lambda ctx: ctx.raw_path, "/a%20b"),
    (lambda ctx: ctx.url, "https://example.com:8080/a%20b?q=1&q=2"),
    (lambda ctx: ctx.protocol, "HTTP/2"),
    (lambda ctx: ctx.request_host, "example.com:8080"),
    (lambda ctx: ctx.request_content_length, 12),
    (lambda ctx: ctx.request_cookie("a"), "1"),
    (lambda ctx: ctx.request_cookie("c"), None),
    (lambda ctx: dict(ctx.request_cookies), {"a": "1", "b": "2"}),
    (lambda ctx: ctx.request_headers["X-A"], "b"),
    (lambda ctx: ctx.query.getall("q"), ["1", "2"]),
    (lambda ctx: ctx.remote_address, "192.0.2.1:5000"),
    (lambda ctx: ctx.tls, {"tls_version": 0x0304}),
    (lambda ctx: ctx.state, {"pool": 5}),
    (lambda ctx: ctx.scope["type"], "http"),
]


@pytest.mark.parametrize(("question", "answer"), FACTS)
async def test_facts(question: Callable[[Context], Any], answer: Any) -> None:
    """The request is told as it came."""
    scope = http_scope(
        "POST",
        "/a b",
        {"host": "example.com:8080", "content-length": "12", "cookie": "a=1; b=2", "x-a": "b"},
        raw_path=b"/a%20b",
        query_string=b"q=1&q=2",
        scheme="https",
        http_version="2",
        extensions={"tls": {"tls_version": 0x0304}},
        state={"pool": 5},
    )
    assert await learn(question, scope) == answer


STAND_INS: list[tuple[Callable[[Context], Any], Any]] = [
    (lambda ctx: ctx.raw_path, "/a%20b"),
    (lambda ctx: ctx.url, "http://testserver:80/a%20b"),
    (lambda ctx: ctx.protocol, "HTTP/1.1"),
    (lambda ctx: ctx.request_host, "testserver:80"),
    (lambda ctx: ctx.request_content_length, None),
    (lambda ctx: ctx.request_cookie("a"), None),
    (lambda ctx: ctx.tls, None),
    (lambda ctx: ctx.remote_address, None),
    (lambda ctx: dict(ctx.state), {}),
    (lambda ctx: ctx.query.getall("q", None), None),
]


@pytest.mark.parametrize(("question", "answer"), STAND_INS)
async def test_facts_that_nobody_told(question: Callable[[Context], Any], answer: Any) -> None:
    """What the client or the server leaves out has a sensible stand-in."""
    scope = http_scope(path="/a b", raw_path=None, client=None, extensions=None)
    del scope["state"]
    assert await learn(question, scope) == answer


@pytest.mark.parametrize(
    ("server", "host"),
    [(None, ""), (("::1", 80), "[::1]:80"), (("/run/app.sock", None), "/run/app.sock")],
)
async def test_the_servers_own_host(server: Any, host: str) -> None:
    """Without a Host field the server's address stands for it."""
    assert await learn(lambda ctx: ctx.request_host, http_scope(server=server)) == host


async def test_an_upgrade_says_get() -> None:
    """An upgrade has the method, the URL and the (empty) body of its handshake."""
    learned: list[Any] = []
    app = Router()

    @app.use
    async def handler(ctx: Context) -> None:
        learned.append((ctx.method, ctx.url, await ctx.read()))
        with pytest.raises(UnmarshalError):
            await ctx.unmarshal()

    await Exchange(app, upgrade_scope("/chat")).run()
    assert learned == [("GET", "ws://testserver:80/chat", b"")]


async def post(
    handler: Callable[[Context], Awaitable[Any]],
    *body: bytes,
    headers: dict[str, str] | None = None,
    **options: Any,
) -> Exchange:
    """Return the answer of a handler to a body."""
    app = Router(**options)
    app.use(middleware.json())
    app.post("/", handler)
    return await ask(app, "POST", "/", *body, headers=headers or {})


async def test_the_whole_body() -> None:
    """`read` gives all of it, as often as one asks."""

    async def handler(ctx: Context) -> bytes:
        assert await ctx.read() == b"abc"
        assert [chunk async for chunk in ctx.request_body()] == [b"abc"]
        return await ctx.read()

    assert (await post(handler, b"a", b"bc")).body == b"abc"


async def test_the_body_in_chunks() -> None:
    """`request_body` gives the chunks as they arrive."""

    async def handler(ctx: Context) -> bytes:
        return b"|".join([chunk async for chunk in ctx.request_body()])

    assert (await post(handler, b"a", b"bc")).body == b"a|bc"


async def test_a_declared_body_past_the_limit() -> None:
    """It gets 413 as soon as somebody reads, and before a byte is taken."""

    async def handler(ctx: Context) -> bytes:
        return await ctx.read()

    app = Router(max_request_body_size=4)
    app.post("/", handler)
    scope = http_scope("POST", headers={"content-length": "5"})
    answer = await Exchange(app, scope, is_whole=False).run()
    assert answer.status == 413


async def test_a_body_past_the_limit() -> None:
    """Without a declared length the count decides, over all readers together."""
    counted: list[int] = []

    async def handler(ctx: Context) -> None:
        async for chunk in ctx.request_body():
            counted.append(len(chunk))
            break
        async for chunk in ctx.request_body():
            counted.append(len(chunk))

    answer = await post(handler, b"123", b"4", b"5", max_request_body_size=4)
    assert answer.status == 413
    assert counted == [3, 1]


async def test_the_default_limit() -> None:
    """It is 10 MiB; a request that is not read is not limited."""

    async def handler(ctx: Context) -> int:
        return ctx.max_request_body_size

    headers = {"content-length": str(20 * 1024 * 1024)}
    assert (await post(handler, headers=headers)).body == b"10485760"


async def test_the_limit_of_one_request() -> None:
    """Middleware may raise it, or lift it with `-1`."""

    async def handler(ctx: Context) -> bytes:
        ctx.max_request_body_size = -1
        assert ctx.max_request_body_size == -1
        return await ctx.read()

    assert (await post(handler, b"12345", max_request_body_size=4)).body == b"12345"


async def test_the_limit_changes_for_bodies_that_are_being_read() -> None:
    """It counts for all that comes from then on, of the server and of middleware."""
    app = Router(max_request_body_size=2)

    async def passed_on(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            yield chunk

    @app.post("/")
    async def handler(ctx: Context) -> bytes:
        ctx.set_request_body(passed_on(ctx.request_body()))
        chunks = ctx.request_body()
        first = await anext(chunks)
        ctx.max_request_body_size = 4
        return first + await anext(chunks) + await anext(chunks, b"")

    assert (await ask(app, "POST", "/", b"12", b"34")).body == b"1234"
    assert (await ask(app, "POST", "/", b"12", b"34", b"5")).status == 413


async def test_middleware_rewrites_the_body() -> None:
    """What middleware makes of the stream is what everybody reads, counted by itself."""
    app = Router(max_request_body_size=6)
    app.use(middleware.json())

    async def doubled(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            yield chunk
            yield chunk

    @app.use
    async def double(ctx: Context) -> None:
        ctx.set_request_body(doubled(ctx.request_body()))
        await ctx.next()

    @app.post("/")
    async def handler(ctx: Context) -> Any:
        return await ctx.unmarshal()

    assert (await ask(app, "POST", "/", b"1", b"2", headers=JSON)).body == b"1122"
    assert (await ask(app, "POST", "/", b"1234", headers=JSON)).status == 413


@pytest.mark.parametrize(
    ("content_type", "body", "kind", "status"),
    [
        ("application/json", b'{"x":1,"y":2}', Point, 200),
        ("application/json", b'"a"', StringValue, 415),
        ("application/json", b"1", object(), 500),
        ("application/protobuf", b"\n\x01a", StringValue, 200),
        ("application/protobuf", b"\n\x01a", Point, 415),
        ("application/protobuf", b"\n\x01a", Any, 415),
    ],
)
async def test_bodies_in_a_format_that_holds_no_such_thing(
    content_type: str, body: bytes, kind: Any, status: int
) -> None:
    """The client chose the format, so it is told; a type that nobody reads is our own mistake."""
    app = Router()
    app.use(middleware.json())
    app.use(middleware.protobuf())

    @app.post("/")
    async def handler(ctx: Context) -> Any:
        return await ctx.unmarshal(kind)

    headers = {"content-type": content_type}
    assert (await ask(app, "POST", "/", body, headers=headers)).status == status


async def test_streams_over_the_body_end_with_the_request() -> None:
    """What middleware made of a body is closed by then, however little of it was read."""
    app = Router()
    log: list[str] = []

    async def noted(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        try:
            async for chunk in chunks:
                yield chunk
        finally:
            log.append("closed")

    @app.post("/")
    async def handler(ctx: Context) -> bytes:
        ctx.set_request_body(noted(ctx.request_body()))
        chunk = await anext(ctx.request_body())
        log.append("answered")
        return chunk

    assert (await ask(app, "POST", "/", b"1", b"2")).body == b"1"
    assert log == ["answered", "closed"]


async def test_a_client_that_leaves_in_the_midst_of_its_body(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whoever reads learns of it; it is nobody's error."""
    app = Router()
    learned: list[str] = []

    @app.post("/")
    async def handler(ctx: Context) -> None:
        try:
            await ctx.read()
        except ClientDisconnected as error:
            learned.append(str(error))
            raise

    exchange = Exchange(app, http_scope("POST"), b"a", is_whole=False)
    exchange.leave()
    await exchange.run()
    assert learned == ["the client left before its whole request body was here"]
    assert caplog.records == []


async def test_unmarshal() -> None:
    """The body becomes a validated value of the type asked for."""

    async def handler(ctx: Context) -> int:
        point = await ctx.unmarshal(Point)
        plain = await ctx.unmarshal()
        assert plain == {"x": point.x, "y": point.y}
        return point.x + point.y

    answer = await post(handler, b'{"x": 1, "y": 2}', headers=JSON)
    assert (answer.status, answer.body) == (200, b"3")


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", "APPLICATION/JSON", "application/problem+json"],
)
async def test_content_types_that_fit(content_type: str) -> None:
    """Parameters and case are ignored, and suffixes understood."""

    async def handler(ctx: Context) -> Any:
        return await ctx.unmarshal()

    assert (await post(handler, b"1", headers={"content-type": content_type})).body == b"1"


@pytest.mark.parametrize("headers", [{"content-type": "text/csv"}, {}])
async def test_a_body_that_no_codec_fits(headers: dict[str, str]) -> None:
    """It gets 415."""

    async def handler(ctx: Context) -> None:
        with pytest.raises(HTTPError) as refused:
            await ctx.unmarshal()
        assert refused.value.status == 415
        raise refused.value

    assert (await post(handler, b"1", headers=headers)).status == 415


async def test_a_body_in_a_format_for_other_types() -> None:
    """The client chose a format that the handler's type has no place in, so it gets 415."""
    app = Router()
    app.use(middleware.json(), middleware.protobuf())

    @app.post("/plain")
    async def plain(ctx: Context) -> Any:
        return await ctx.unmarshal(Point)

    @app.post("/message")
    async def message(ctx: Context) -> Any:
        return await ctx.unmarshal(StringValue)

    protobuf = {"content-type": "application/protobuf"}
    assert (await ask(app, "POST", "/plain", b"x", headers=protobuf)).status == 415
    assert (await ask(app, "POST", "/message", b"1", headers=JSON)).status == 415


async def test_a_type_for_no_format(caplog: pytest.LogCaptureFixture) -> None:
    """That is the program's fault, whatever the client sends."""

    async def handler(ctx: Context) -> None:
        await ctx.unmarshal(Router)

    assert (await post(handler, b"1", headers=JSON)).status == 500
    assert "cannot unmarshal into Router" in caplog.text


async def test_no_body_at_all() -> None:
    """Nothing to unmarshal is the client's fault, whatever type it says."""

    async def handler(ctx: Context) -> None:
        await ctx.unmarshal(Point)

    for headers in ({}, JSON):
        answer = await post(handler, headers=headers)
        assert (answer.status, answer.body) == (400, b'{"error":"the request has no body"}')


async def test_a_body_that_does_not_fit() -> None:
    """The answer names the fields at fault."""

    async def handler(ctx: Context) -> None:
        with pytest.raises(UnmarshalError) as refused:
            await ctx.unmarshal(Point)
        assert refused.value.fields == [FieldError("x", "Expected `int`, got `str`")]
        raise refused.value

    answer = await post(handler, b'{"x": "a", "y": 1}', headers=JSON)
    assert answer.status == 400
    assert answer.body.startswith(b'{"error":"Validation error","fields":[{"x":')


async def test_a_codec_that_reads_no_requests() -> None:
    """`request=False` keeps a codec from bodies."""
    app = Router()
    app.use(middleware.json(request=False))

    @app.post("/")
    async def handler(ctx: Context) -> Any:
        return await ctx.unmarshal()

    assert (await ask(app, "POST", "/", b"1", headers=JSON)).status == 415


async def test_a_codec_that_comes_later() -> None:
    """A router that is changed reads what its codecs read then, those mounted on it included."""
    app, mounted = Router(), Router()
    app.use("/m", mounted)

    @app.post("/")
    async def handler(ctx: Context) -> Any:
        return str(await ctx.unmarshal())

    assert (await ask(app, "POST", "/", b"1", headers=JSON)).status == 415
    mounted.use(middleware.json())
    assert (await ask(app, "POST", "/", b"1", headers=JSON)).body == b"1"


async def test_made_up_content_types_keep_nobody_out() -> None:
    """However many there are, each is read as what it is, and few are kept."""
    app = Router()
    app.use(middleware.json())

    @app.post("/")
    async def handler(ctx: Context) -> Any:
        return str(await ctx.unmarshal())

    for number in range(100):
        for kind, status in ("json", 200), ("toml", 415):
            headers = {"content-type": f"application/{kind}; v={number}"}
            assert (await ask(app, "POST", "/", b"1", headers=headers)).status == status
    assert len(app.readers) < 20


async def test_a_form_is_parsed_once_and_closed() -> None:
    """Its files are closed at the end of the request."""
    app = Router()
    files: list[Any] = []

    @app.post("/")
    async def handler(ctx: Context) -> str:
        form = await ctx.form()
        assert await ctx.form() is form
        files.append(form["file"])
        assert not files[0].file.closed
        return str(form["name"])

    body = (
        b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nAda\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc\r\n--x--\r\n'
    )
    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert (await ask(app, "POST", "/", body, headers=headers)).body == b"Ada"
    assert files[0].file.closed


async def test_a_form_that_is_none() -> None:
    """A body of another type gets 415."""

    async def handler(ctx: Context) -> None:
        await ctx.form()

    assert (await post(handler, b"1", headers=JSON)).status == 415
    assert (await post(handler, b"1")).status == 415


async def test_done_is_the_client_leaving() -> None:
    """A handler that waits learns that the client left, and runs to its end."""
    app = Router()
    steps: list[Any] = []

    @app.get("/")
    async def handler(ctx: Context) -> str:
        steps.append(ctx.is_done)
        await ctx.wait_done()
        steps.append(ctx.is_done)
        return "nobody hears this"

    async with Exchange(app, http_scope()) as exchange:
        await asyncio.sleep(0)
        exchange.leave()
    assert steps == [False, True]


async def test_done_is_the_answer_being_out() -> None:
    """A task that outlives the handler learns that the answer is out."""
    app = Router()
    tasks: list[asyncio.Task[None]] = []
    kept: list[Context] = []

    @app.get("/")
    async def handler(ctx: Context) -> str:
        kept.append(ctx)
        if ctx.query.get("wait"):
            tasks.append(asyncio.create_task(ctx.wait_done()))
        return "hello"

    await ask(app, query_string=b"wait=1")
    await tasks[0]
    await ask(app)
    for ctx in kept:
        assert ctx.is_done
        await ctx.wait_done()


async def test_done_in_a_thread() -> None:
    """A plain function may look as well."""
    app = Router()
    steps: list[bool] = []
    looked = threading.Event()

    @app.get("/")
    def handler(ctx: Context) -> str:
        steps.append(ctx.is_done)
        looked.set()
        ctx.wait(ctx.wait_done())
        steps.append(ctx.is_done)
        return "hello"

    async with Exchange(app, http_scope()) as exchange:
        await asyncio.to_thread(looked.wait)
        exchange.leave()
    assert steps == [False, True]


async def test_waiting_and_reading_do_not_collide() -> None:
    """A handler may read the body while somebody waits for the client to leave."""

    async def handler(ctx: Context) -> bytes:
        waiting = asyncio.create_task(ctx.wait_done())
        await asyncio.sleep(0)
        data = await ctx.read()
        waiting.cancel()
        return data

    assert (await post(handler, b"a", b"b")).body == b"ab"
