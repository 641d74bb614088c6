"""The router as an application: methods, mounting, lifespans, clean-up."""

from __future__ import annotations

import asyncio
import contextvars
import io
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from navaros import Context, HTTPError, Router
from navaros.testing import Client

from .exchange import Exchange, ask, http_scope

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from aros_core.asgi.types import Event

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]


async def tell(ctx: Context) -> str:
    """Answer with the method and the pattern."""
    ctx.headers["x-pattern"] = ctx.pattern
    return ctx.method


@pytest.mark.parametrize("method", METHODS)
async def test_each_method_reaches_its_verb(method: str) -> None:
    """A verb's routes answer its method only, in the order of registration."""
    app = Router()
    for verb in METHODS:
        getattr(app, verb.lower())("/x", tell)
    answer = await ask(app, method, "/x")
    assert answer.status == 200
    assert answer.body == (b"" if method == "HEAD" else method.encode())


@pytest.mark.parametrize("method", [*METHODS, "PROPFIND", "get", "*"])
async def test_all_takes_every_method(method: str) -> None:
    """Methods without a verb reach it as well, with their own name."""
    app = Router()
    app.all("/x", tell)
    answer = await ask(app, method, "/x")
    assert answer.status == 200
    assert answer.headers["content-length"] == str(len(method))


async def test_unknown_methods_do_not_fill_the_memory() -> None:
    """However many names clients invent, they are one entry among the chains of a path."""
    app = Router()
    app.get("/x", tell)
    for number in range(20):
        assert (await ask(app, f"M{number}", "/x")).status == 405
    chains = [app.table.find("/x", method) for method in ("*", "GET")]
    state = app.table._index.find("/x")  # pyright: ignore[reportPrivateUsage]
    assert list(state.chains.values()) == chains


async def test_head_falls_back_to_get() -> None:
    """Only where no route for `HEAD` matches, constraints included."""
    app = Router()
    app.head(r"/:id(\d+)", tell)
    app.get("/:name", tell)
    assert (await ask(app, "HEAD", "/5")).headers["x-pattern"] == r"/:id(\d+)"
    assert (await ask(app, "HEAD", "/five")).headers["x-pattern"] == "/:name"
    assert (await ask(app, "GET", "/5")).headers["x-pattern"] == "/:name"


async def test_middleware_sees_everything() -> None:
    """It runs for paths that no route matches, empty and odd ones too."""
    app = Router()
    seen: list[str] = []

    @app.use
    async def watch(ctx: Context) -> None:
        seen.append(ctx.path)
        await ctx.next()

    for path in ("/x", "", "//a", "*"):
        assert (await ask(app, path=path)).status == 404
    assert seen == ["/x", "", "//a", "*"]


async def test_mounted_elsewhere() -> None:
    """Below a mount, patterns match what is below it, whatever the server makes of the path."""
    app = Router()
    app.get("/x", tell)
    app.get("/", tell)
    assert (await ask(app, path="/app/x", root_path="/app")).status == 200
    assert (await ask(app, path="/x", root_path="/app")).status == 200
    assert (await ask(app, path="/app", root_path="/app")).status == 200
    assert (await ask(app, path="/app/y", root_path="/app")).status == 404


async def test_lifespans() -> None:
    """Those of mounted routers run inside, and what all of them yield is one state."""
    steps: list[str] = []

    def named(name: str) -> Any:
        @asynccontextmanager
        async def lifespan(router: Router) -> AsyncGenerator[dict[str, str]]:
            steps.append(f"start {name}")
            yield {name: "up"}
            steps.append(f"stop {name}")

        return lifespan

    inner = Router(lifespan=named("inner"))
    app = Router(lifespan=named("outer"))
    app.use("/inner", inner)

    @inner.get("/")
    async def state(ctx: Context) -> str:
        return ", ".join(sorted(ctx.state))

    async with Client(app) as client:
        assert (await client.get("/inner")).text == "inner, outer"
        steps.append("served")
    assert steps == ["start outer", "start inner", "served", "stop inner", "stop outer"]


async def test_a_route_without_a_handler() -> None:
    """It is an error of the program, which the first use tells."""
    app = Router()
    app.get("/forgotten")
    with pytest.raises(TypeError, match="/forgotten has no handler"):
        await ask(app)


async def test_requests_run_in_their_own_context() -> None:
    """What a request sets in a context variable no other sees."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
    app = Router()

    @app.get("/:value")
    async def handler(ctx: Context) -> str:
        before = variable.get()
        variable.set(ctx.params["value"])
        return before

    async with Client(app) as client:
        assert [(await client.get(path)).text for path in ("/a", "/b")] == ["unset", "unset"]


async def test_a_refused_request_is_logged_as_the_clients_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What clients send is no error, and goes to the log escaped."""
    with caplog.at_level(logging.DEBUG, "navaros"):
        assert (await ask(Router(), path="/" + "\n" * 3000)).status == 414
    (record,) = caplog.records
    assert record.levelno == logging.DEBUG
    assert "\n" not in record.getMessage()


async def test_a_client_that_left_before_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    """A server that cannot send any more is not our error."""
    app = Router()
    app.get("/", tell)
    exchange = Exchange(app, http_scope())
    exchange.send_error = BrokenPipeError("gone")
    with caplog.at_level(logging.DEBUG, "navaros"):
        await exchange.run()
    assert [record.levelno for record in caplog.records] == [logging.DEBUG]


async def test_a_server_that_refuses_is_heard() -> None:
    """What a server raises otherwise is the program's fault, and not hidden."""
    app = Router()
    app.get("/", tell)
    exchange = Exchange(app, http_scope())
    exchange.send_error = LookupError("no such status")
    with pytest.raises(LookupError):
        await exchange.run()


async def test_cancellation_cleans_up() -> None:
    """A request that the server gives up closes what it had, and is cancelled."""
    app = Router()
    body = io.BytesIO(b"never sent")
    waiting = asyncio.Event()

    @app.use
    async def wait(ctx: Context) -> None:
        await ctx.next()
        waiting.set()
        await ctx.wait_done()

    @app.get("/")
    async def handler(ctx: Context) -> io.BytesIO:
        return body

    exchange = Exchange(app, http_scope())
    async with exchange:
        await waiting.wait()
        exchange.cancel()
    assert exchange.is_cancelled
    assert body.closed
    assert exchange.sent == []


async def test_any_asgi_middleware_can_wrap_a_router() -> None:
    """It is an application like any other."""
    app = Router()
    app.get("/", tell)
    seen: list[str] = []

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        async def watch(event: Event) -> None:
            seen.append(event["type"])
            await send(event)

        await app(scope, receive, watch)

    assert (await ask(wrapped)).body == b"GET"
    assert seen == ["http.response.start", "http.response.body"]


async def test_an_error_anywhere_is_an_http_error() -> None:
    """`HTTPError` is an answer wherever it is raised, with its headers."""
    app = Router()

    def check() -> None:
        raise HTTPError(401, "sign in", headers={"www-authenticate": "Basic"})

    @app.use
    async def guard(ctx: Context) -> None:
        check()

    app.get("/", tell)
    answer = await ask(app)
    assert (answer.status, answer.body) == (401, b"sign in")
    assert answer.headers["www-authenticate"] == "Basic"
