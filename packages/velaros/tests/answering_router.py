"""A router with a handler for each thing that a client of a test can see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from velaros import Context, Error, FieldError, Router, middleware

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


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
