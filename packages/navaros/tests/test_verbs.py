"""Registration by verbs: as calls, as decorators, public and not."""

from __future__ import annotations

from typing import assert_type

import pytest

from navaros import Context, RouteDescriptor, Router
from navaros.verbs import METHODS

from .exchange import ask

VERBS = [*sorted(METHODS), None]


async def guard(ctx: Context) -> None:
    """Let everything pass."""
    ctx.headers["x-guard"] = "passed"
    await ctx.next()


async def end(ctx: Context) -> str:
    """Answer."""
    return "end"


@pytest.mark.parametrize("method", VERBS)
@pytest.mark.parametrize("prefix", ["", "public_"])
async def test_every_verb(method: str | None, prefix: str) -> None:
    """Each registers handlers under its method, and its public twin lists the route."""
    app = Router()
    verb = getattr(app, prefix + (method or "ALL").lower())
    verb("/x", guard, end, metadata={"a": 1})
    answer = await ask(app, method or "GET", "/x")
    assert (answer.status, answer.headers["x-guard"]) == (200, "passed")
    listed = [RouteDescriptor(method, "/x", {"a": 1})] if prefix else []
    assert app.route_descriptors() == listed
    info = app.lookup(end)
    assert info is not None
    assert (str(info.pattern), info.method) == ("/x", method)


@pytest.mark.parametrize("method", VERBS)
@pytest.mark.parametrize("prefix", ["", "public_"])
async def test_every_verb_decorates(method: str | None, prefix: str) -> None:
    """The function is appended to the route's handlers, and stays what it was."""
    app = Router()
    verb = getattr(app, prefix + (method or "ALL").lower())

    async def handler(ctx: Context) -> str:
        return "handler"

    assert verb("/x", guard)(handler) is handler
    answer = await ask(app, method or "GET", "/x")
    assert (answer.status, answer.headers["x-guard"]) == (200, "passed")


async def test_decorators_keep_the_type() -> None:
    """A type checker sees the function as it was written."""
    app = Router()

    @app.get("/x")
    async def handler(ctx: Context, number: int = 5) -> int:
        return number

    @app.all("/x")
    async def call(ctx: Context) -> bytes:
        assert_type(await handler(ctx, 6), int)
        return b"called"

    assert (await ask(app, "POST", "/x")).body == b"called"


def test_a_class_is_no_handler() -> None:
    """Mistakes are told where they are made."""
    with pytest.raises(TypeError, match="is a class"):
        Router().get("/", Router)  # pyright: ignore[reportArgumentType]
