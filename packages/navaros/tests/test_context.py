"""The context of HTTP as middleware for both protocols knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from navaros import Context, Key, Router

from .exchange import ask

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import aros_core

USER = Key[str]("user")


async def run(handler: Callable[[Context], Awaitable[Any]], path: str = "/") -> Any:
    """Return the body that a handler of all paths answers with."""
    app = Router()
    app.all("/**", handler)
    return (await ask(app, path=path)).body


async def test_a_returned_value_is_the_body() -> None:
    """What is not `None` becomes the body, in place of one that was set."""

    async def returns(ctx: Context) -> str:
        ctx.body = "set"
        return "returned"

    async def returns_nothing(ctx: Context) -> None:
        ctx.body = "set"

    assert await run(returns) == b"returned"
    assert await run(returns_nothing) == b"set"


async def test_plain_functions_answer_from_their_thread() -> None:
    """They set, return and wait like others."""
    app = Router()

    @app.post("/")
    def handler(ctx: Context) -> bytes:
        ctx.status = 201
        ctx.headers["x-a"] = "b"
        return ctx.wait(ctx.read())

    answer = await ask(app, "POST", "/", b"body")
    assert (answer.status, answer.headers["x-a"], answer.body) == (201, "b", b"body")


async def test_storage_lasts_for_one_request() -> None:
    """What one handler sets, later ones of the same request get."""
    app = Router()

    @app.use
    async def sign_in(ctx: Context) -> None:
        assert ctx.get(USER) is None
        ctx.set(USER, "ada")
        await ctx.next()

    @app.get("/")
    async def handler(ctx: Context) -> str:
        return ctx.must_get(USER)

    for _ in range(2):
        assert (await ask(app)).body == b"ada"


async def test_shared_middleware() -> None:
    """Middleware that is typed on the shared context runs here."""
    app = Router()

    @app.use
    async def shared(ctx: aros_core.Context) -> None:
        ctx.set("path", ctx.path)
        await ctx.next()

    @app.get("/x/:id")
    async def handler(ctx: Context) -> str:
        return f"{ctx.get('path')} {ctx.params['id']} {ctx.pattern}"

    assert (await ask(app, path="/x/5")).body == b"/x/5 5 /x/:id"


async def test_raise_for_error() -> None:
    """Middleware that must see an error as an exception can."""
    app = Router()

    @app.use
    async def transaction(ctx: Context) -> None:
        await ctx.next()
        assert "boom" in ctx.error_stack
        with pytest.raises(LookupError):
            ctx.raise_for_error()

    @app.get("/")
    async def handler(ctx: Context) -> None:
        raise LookupError("boom")

    assert (await ask(app)).status == 500


async def test_a_transformer_shapes_the_answer() -> None:
    """It changes the request before, and the response after the handler."""

    class Shout:
        async def transform_request(self, ctx: Context) -> None:
            ctx.set("mark", "!")

        async def transform_response(self, ctx: Context) -> None:
            ctx.body = ctx.body.upper() + ctx.get("mark")

    app = Router()
    app.use(Shout())

    @app.get("/")
    async def handler(ctx: Context) -> str:
        return "hello"

    assert (await ask(app)).body == b"HELLO!"
