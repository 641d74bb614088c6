"""Applications that answer in the chain's place, and upgrades that nobody takes."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from navaros import Context, ContextClosedError, HTTPError, ResponseStartedError, Router, asgi
from navaros.errors import ResponseAborted

from .exchange import Exchange, ask, http_scope, upgrade_scope

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from aros_core.asgi.types import Receive, Scope, Send


async def tell(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the mount and the path."""
    text = f"{scope['root_path']} {scope['path']}"
    await PlainTextResponse(text)(scope, receive, send)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the body, event by event."""
    events: list[str] = []
    while True:
        event = await receive()
        events.append(event.get("body", b"").decode())
        if not event.get("more_body", False):
            break
    await PlainTextResponse("|".join(events))(scope, receive, send)


async def accept(scope: Scope, receive: Receive, send: Send) -> None:
    """Accept a socket, and wait for its end."""
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass


# Requests


async def test_an_application_below_a_path() -> None:
    """It is told where it is mounted; the path stays whole."""
    app, inner = Router(), Router()
    app.use("/static", asgi(tell))
    inner.use("/files", asgi(tell))
    app.use("/api/:version", inner)
    app.get("/exact", asgi(tell))
    app.all("/below/**", asgi(tell))
    for path, text in [
        ("/static/a/b", "/static /static/a/b"),
        ("/static", "/static /static"),
        ("/api/v1/files/x", "/api/v1/files /api/v1/files/x"),
        ("/exact", " /exact"),
        ("/below/x", "/below /below/x"),
    ]:
        assert (await ask(app, path=path)).body.decode() == text


async def test_its_answer_is_final() -> None:
    """No further handlers run, and middleware sees what went out."""
    app = Router()
    seen: list[Any] = []

    @app.use
    async def watch(ctx: Context) -> None:
        await ctx.next()
        seen.append(ctx.response_status)
        with pytest.raises(ResponseStartedError):
            ctx.status = 500
        with pytest.raises(RuntimeError, match="complete"):
            await ctx.write("more")

    app.use("/x", asgi(PlainTextResponse("answer", 202)))

    @app.get("/x")
    async def never(ctx: Context) -> None:
        raise AssertionError("the application answered")

    answer = await ask(app, path="/x")
    assert (answer.status, answer.body) == (202, b"answer")
    assert seen == [202]


async def test_static_files(tmp_path: Path) -> None:
    """Starlette's static files work as they are, with their own 404 and 405."""
    (tmp_path / "a.txt").write_text("static")
    app = Router()
    app.use("/static", asgi(StaticFiles(directory=tmp_path)))
    assert (await ask(app, path="/static/a.txt")).body == b"static"
    missing = await ask(app, path="/static/b.txt")
    assert (missing.status, missing.body) == (404, b"Not Found")
    assert (await ask(app, "POST", "/static/a.txt")).status == 405


async def test_a_whole_framework() -> None:
    """Starlette's routes match below the mount, and it reads the body."""

    async def greet(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"{request.path_params['name']}: {await request.body()!r}")

    app = Router()
    app.use("/legacy", asgi(Starlette(routes=[Route("/hi/{name}", greet, methods=["POST"])])))
    answer = await ask(app, "POST", "/legacy/hi/ada", b"a", b"b")
    assert answer.body == b"ada: b'ab'"


async def test_a_router_inside_a_framework() -> None:
    """Mounted in Starlette, which is mounted in a router, patterns match below both."""
    inner = Router()

    @inner.get("/x")
    async def handler(ctx: Context) -> str:
        return f"{ctx.path} {ctx.scope['root_path']}"

    app = Router()
    app.use("/outer", asgi(Starlette(routes=[Mount("/inner", inner)])))
    assert (await ask(app, path="/outer/inner/x")).body == b"/x /outer/inner"


async def test_headers_that_were_set_before() -> None:
    """They go out as well, but for those that the application sets, or that tell of a body."""
    app = Router()

    @app.use
    async def add(ctx: Context) -> None:
        ctx.headers["x-frame-options"] = "DENY"
        ctx.headers["x-powered-by"] = "us"
        ctx.headers["content-type"] = "text/html"
        ctx.headers["content-length"] = "5"
        ctx.set_cookie("ours", "1")
        await ctx.next()

    headers = {"X-Powered-By": "them", "set-cookie": "theirs=1"}
    app.use(asgi(PlainTextResponse("answer", headers=headers)))
    answer = await ask(app)
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers.getall("x-powered-by") == ["them"]
    assert answer.headers.getall("content-type") == ["text/plain; charset=utf-8"]
    assert answer.headers.getall("content-length") == ["6"]
    assert len(answer.headers.getall("set-cookie")) == 2


async def test_the_body_is_there_for_it() -> None:
    """It gets the body as it comes, also what was read or rewritten before."""
    app = Router()

    @app.use
    async def before(ctx: Context) -> None:
        if ctx.query.get("read"):
            await ctx.read()
        if ctx.query.get("watch"):
            assert not ctx.is_done
            await asyncio.sleep(0)
        if ctx.query.get("rewrite"):
            ctx.set_request_body([b"new"])
        await ctx.next()

    app.use(asgi(echo))
    for query, body in [
        (b"", "a|b|"),
        (b"read=1", "ab|"),
        (b"watch=1", "a|b|"),
        (b"rewrite=1", "new|"),
    ]:
        answer = await ask(app, "POST", "/", b"a", b"b", query_string=query)
        assert answer.body.decode() == body


async def test_the_limit_of_the_body_holds() -> None:
    """A body that says it is too long never reaches the application."""
    app = Router(max_request_body_size=2)
    app.use(asgi(echo))
    assert (await ask(app, "POST", "/", b"abc", headers={"content-length": "3"})).status == 413
    assert (await ask(app, "POST", "/", b"ab", b"c")).status == 413


async def test_it_learns_that_the_client_left() -> None:
    """After the body, its `receive` waits for the client's leaving."""
    learned: list[str] = []

    async def wait(scope: Scope, receive: Receive, send: Send) -> None:
        while (event := await receive())["type"] != "http.disconnect":
            pass
        learned.append(event["type"])

    app = Router()
    app.use(asgi(wait))
    async with Exchange(app, http_scope()) as exchange:
        exchange.leave()
    assert learned == ["http.disconnect"]


async def test_an_application_that_does_not_answer() -> None:
    """What it leaves is the chain's: 404, if nothing else was set."""

    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        return

    app = Router()
    app.use(asgi(silent))
    assert (await ask(app)).status == 404


async def test_what_it_raises_before_it_answers() -> None:
    """It is an error of the chain, which middleware sees and which is answered."""

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("boom")

    app = Router()
    seen: list[Exception | None] = []

    @app.use
    async def watch(ctx: Context) -> None:
        await ctx.next()
        seen.append(ctx.error)

    app.use(asgi(broken))
    assert (await ask(app)).status == 500
    assert isinstance(seen[0], LookupError)


@pytest.mark.parametrize("raises", [True, False])
async def test_what_breaks_off_is_cut_off(raises: bool, caplog: pytest.LogCaptureFixture) -> None:
    """A response that it does not complete is not taken for complete."""

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        if raises:
            raise LookupError("boom")

    app = Router()
    app.use(asgi(broken))
    exchange = Exchange(app, http_scope())
    with pytest.raises(ResponseAborted) as aborted:
        await exchange.run()
    assert isinstance(aborted.value.error, LookupError if raises else RuntimeError)
    assert exchange.sent[0]["headers"] == []
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_it_streams() -> None:
    """Its parts go out as it makes them."""
    app = Router()
    app.use(asgi(StreamingResponse(iter(["a", "b"]))))
    answer = await ask(app)
    assert (answer.body, answer.is_complete) == (b"ab", True)


async def test_nothing_takes_over_what_has_begun() -> None:
    """Nor after the end."""
    app = Router()
    kept: list[Context] = []

    @app.get("/")
    async def handler(ctx: Context) -> None:
        kept.append(ctx)
        await ctx.write("a")
        with pytest.raises(RuntimeError, match="has begun"):
            await ctx.hand_over(tell)

    await ask(app)
    with pytest.raises(ContextClosedError):
        await kept[0].hand_over(tell)


async def test_an_error_that_only_looks_like_an_answer() -> None:
    """A status that is none, or without a text, stays an error of ours."""

    class Odd(Exception):
        status_code: Any = 200
        detail: Any = "fine"

    class Odder(Odd):
        status_code = "404"

    class Oddest(Odd):
        status_code = 404
        detail = None

    for error in (Odd(), Odder(), Oddest()):

        async def broken(
            scope: Scope, receive: Receive, send: Send, error: Exception = error
        ) -> None:
            raise error

        app = Router()
        app.use(asgi(broken))
        assert (await ask(app)).status == 500


# Upgrades


async def test_an_upgrade_is_taken_over() -> None:
    """After that the chain changes nothing any more, and its deadlines are over."""
    app = Router()
    seen: list[Any] = []

    @app.use
    async def guard(ctx: Context) -> None:
        seen.append(ctx.method)
        ctx.headers["x-before"] = "yes"
        ctx.set_timeout(0.001)
        await ctx.next()
        ctx.status = 500
        ctx.body = "ignored"
        ctx.headers["x"] = "y"
        ctx.set_cookie("a", "b")
        await ctx.write("ignored")
        await ctx.flush()
        seen.extend([ctx.response_status, ctx.error, ctx.status, ctx.body, dict(ctx.headers)])

    app.use("/chat", asgi(accept))
    async with Exchange(app, upgrade_scope("/chat")) as exchange:
        await exchange.wait_sent(1)
        await asyncio.sleep(0.01)
        exchange.leave()
    assert exchange.sent == [{"type": "websocket.accept"}]
    assert seen == ["GET", 101, None, None, None, {"x-before": "yes"}]


async def test_headers_after_a_takeover_are_ignored() -> None:
    """Also where nobody looked at them before."""
    app = Router()

    @app.use
    async def late(ctx: Context) -> None:
        await ctx.next()
        ctx.headers["x"] = "y"
        assert dict(ctx.headers) == {}

    app.use(asgi(accept))
    async with Exchange(app, upgrade_scope()) as exchange:
        exchange.leave()
    assert len(exchange.sent) == 1


async def test_upgrades_reach_middleware_all_and_mounts_only() -> None:
    """The verbs' routes never see one."""
    app, inner = Router(), Router()
    seen: list[str] = []

    @app.get("/x")
    async def never(ctx: Context) -> None:
        raise AssertionError("this is no request")

    @inner.all("/y")
    async def every(ctx: Context) -> None:
        seen.append(ctx.pattern)
        await ctx.next()

    app.use("/x", inner)
    app.all("/x/*", asgi(accept))
    async with Exchange(app, upgrade_scope("/x/y")) as exchange:
        exchange.leave()
    assert exchange.sent[0]["type"] == "websocket.accept"
    assert seen == ["/x/y"]
    assert (await Exchange(app, upgrade_scope("/x")).run()).status == 404


@pytest.mark.parametrize(
    ("status", "body", "error", "expected"),
    [
        (None, None, None, (404, b"Not Found")),
        (401, "sign in", None, (401, b"sign in")),
        (None, None, HTTPError(403, "no"), (403, b"no")),
        (None, None, LookupError(), (500, b"Internal Server Error")),
        (None, iter(["a", "b"]), None, (200, b"ab")),
    ],
)
async def test_a_refused_upgrade(
    status: int | None, body: Any, error: Exception | None, expected: tuple[int, bytes]
) -> None:
    """What nobody takes is refused with the chain's own answer."""
    app = Router()

    @app.use
    async def refuse(ctx: Context) -> None:
        ctx.headers["x-a"] = "b"
        ctx.status = status
        ctx.body = body
        if error is not None:
            raise error

    exchange = await Exchange(app, upgrade_scope()).run()
    assert {event["type"] for event in exchange.sent} == {
        "websocket.http.response.start",
        "websocket.http.response.body",
    }
    assert (exchange.status, exchange.body) == expected
    assert (exchange.headers.get("x-a") == "b") is (error is None)


async def test_a_refused_upgrade_without_the_extension() -> None:
    """Where the server cannot send a response, it closes the handshake."""
    exchange = await Exchange(Router(), upgrade_scope(denial=False)).run()
    assert exchange.sent == [{"type": "websocket.close", "code": 1008, "reason": ""}]
    streaming = Router()

    @streaming.use
    async def refuse(ctx: Context) -> None:
        await ctx.write("no")

    exchange = await Exchange(streaming, upgrade_scope(denial=False)).run()
    assert exchange.sent == [{"type": "websocket.close", "code": 1008, "reason": ""}]


async def test_an_application_that_refuses_the_upgrade() -> None:
    """Its refusal is final."""

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.close", "code": 4000})

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.http.response.start", "status": 429, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b""})

    for application, status in [(refuse, 403), (answer, 429)]:
        app = Router()
        seen: list[int] = []

        @app.use
        async def watch(ctx: Context, seen: list[int] = seen) -> None:
            await ctx.next()
            seen.append(ctx.response_status)

        app.use(asgi(application))
        exchange = await Exchange(app, upgrade_scope()).run()
        assert seen == [status]
        assert exchange.sent[0]["type"] != "websocket.http.response.start" or status == 429


async def test_an_application_that_fails_before_it_accepts() -> None:
    """Its error is one of the chain, which answers, although the handshake was begun."""

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "websocket.connect"
        raise HTTPError(401, "sign in")

    app = Router()
    seen: list[Exception | None] = []

    @app.use
    async def watch(ctx: Context) -> None:
        await ctx.next()
        seen.append(ctx.error)

    app.use(asgi(broken))
    exchange = await Exchange(app, upgrade_scope()).run()
    assert (exchange.status, exchange.body) == (401, b"sign in")
    assert isinstance(seen[0], HTTPError)


@pytest.mark.parametrize("closes", [True, False])
async def test_an_application_that_fails_after_it_accepted(
    closes: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The error is logged once, and the socket closed, unless that was done."""

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        if closes:
            exchange.send_error = RuntimeError("closed already")
        raise LookupError("boom")

    app = Router()
    app.use(asgi(broken))
    exchange = Exchange(app, upgrade_scope())
    await exchange.run()
    assert exchange.sent[1:] == ([] if closes else [{"type": "websocket.close", "code": 1011}])
    (record,) = caplog.records
    assert record.levelno == logging.ERROR


async def test_who_watched_before_loses_nothing() -> None:
    """Middleware that looked whether the client is there does not take the opening event."""
    app = Router()

    @app.use
    async def look(ctx: Context) -> None:
        assert not ctx.is_done
        await asyncio.sleep(0)
        await ctx.next()
        assert ctx.is_done

    app.use(asgi(accept))
    async with Exchange(app, upgrade_scope()) as exchange:
        await exchange.wait_sent(1)
        exchange.leave()
    assert exchange.sent == [{"type": "websocket.accept"}]
