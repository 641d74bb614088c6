"""The client for tests."""

from __future__ import annotations

import contextvars
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from navaros import Context, Redirect, Router
from navaros.testing import Client

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from aros_core.asgi.types import Receive, Scope, Send


async def test_requests() -> None:
    """It is httpx2's client, with a host of its own."""
    app = Router()

    @app.post("/echo")
    async def echo(ctx: Context) -> str:
        return f"{ctx.url} {(await ctx.read()).decode()}"

    async with Client(app) as client:
        response = await client.post("/echo?q=1", content=b"hi")
    assert response.text == "http://testserver/echo?q=1 hi"


async def test_cookies_are_kept_and_redirects_not_followed() -> None:
    """As a browser would the one, and as a test wants the other."""
    app = Router()

    @app.get("/in")
    async def sign_in(ctx: Context) -> Redirect:
        ctx.set_cookie("user", "ada")
        return Redirect("/me")

    @app.get("/me")
    async def me(ctx: Context) -> str:
        return ctx.request_cookie("user") or "nobody"

    async with Client(app) as client:
        assert (await client.get("/me")).text == "nobody"
        assert (await client.get("/in")).status_code == 302
        assert (await client.get("/me")).text == "ada"
        assert (await client.get("/in", follow_redirects=True)).text == "ada"


async def test_the_lifespan_is_around_the_block() -> None:
    """It starts before the first request, and what it yields is in the state of each."""
    steps: list[str] = []

    @asynccontextmanager
    async def lifespan(router: Router) -> AsyncGenerator[dict[str, list[str]]]:
        steps.append("start")
        yield {"steps": steps}
        steps.append("stop")

    app = Router(lifespan=lifespan)

    @app.get("/")
    async def handler(ctx: Context) -> None:
        ctx.state["steps"].append("request")
        ctx.status = 204

    async with Client(app) as client:
        await client.get("/")
        await client.get("/")
    assert steps == ["start", "request", "request", "stop"]


async def test_errors_of_the_lifespan_surface() -> None:
    """A start that fails fails the test, with its own error; so does a stop."""

    def failing(*, at_start: bool) -> Router:
        @asynccontextmanager
        async def lifespan(router: Router) -> AsyncGenerator[None]:
            if at_start:
                raise LookupError("at start")
            yield
            raise LookupError("at stop")

        return Router(lifespan=lifespan)

    with pytest.raises(LookupError, match="at start"):
        async with Client(failing(at_start=True)):
            raise AssertionError("it did not start")
    with pytest.raises(LookupError, match="at stop"):
        async with Client(failing(at_start=False)):
            pass


async def test_errors_of_the_application_surface() -> None:
    """What is answered is a response; what leaves the application is raised."""
    app = Router()

    @app.get("/answered")
    async def answered(ctx: Context) -> None:
        raise LookupError("answered")

    @app.get("/cut-off")
    async def cut_off(ctx: Context) -> None:
        await ctx.write("a")
        raise LookupError("cut off")

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("broken")

    async with Client(app) as client:
        assert (await client.get("/answered")).status_code == 500
        with pytest.raises(LookupError, match="cut off"):
            await client.get("/cut-off")
    async with Client(broken) as client:
        with pytest.raises(LookupError, match="broken"):
            await client.get("/")


async def test_context_variables_stay_in_their_request() -> None:
    """They do not leak into the test, but the test's own are seen."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
    app = Router()

    @app.get("/")
    async def handler(ctx: Context) -> str:
        seen = variable.get()
        variable.set("request")
        return seen

    async with Client(app) as client:
        variable.set("test")
        assert (await client.get("/")).text == "test"
        assert variable.get() == "test"


async def test_options_are_httpx2s() -> None:
    """Headers, a base URL and the rest are given as there."""
    app = Router()

    @app.get("/x/y")
    async def handler(ctx: Context) -> str:
        return f"{ctx.request_host} {ctx.request_headers['x-a']}"

    options = {"headers": {"x-a": "b"}}
    async with Client(app, base_url="https://example.com/x", **options) as client:
        assert (await client.get("/y")).text == "example.com b"


async def test_content_that_was_not_read_to_its_end_is_closed() -> None:
    """Whoever streams it can clean up, and a request that is sent again has it whole."""
    closed: list[str] = []

    async def chunks() -> AsyncGenerator[bytes]:
        try:
            yield b"read"
            yield b"never read"
        finally:
            closed.append("chunks")

    app = Router()

    @app.post("/")
    async def read_a_part(ctx: Context) -> bytes:
        return await anext(ctx.request_body())

    async with Client(app) as client:
        assert (await client.post("/", content=chunks())).content == b"read"
        assert closed == ["chunks"]
        request = client.build_request("POST", "/", content=b"again")
        for _ in range(2):
            assert (await client.send(request)).content == b"again"
