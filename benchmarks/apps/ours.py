"""Navaros and Velaros, as their documentation says to use them."""

from __future__ import annotations

import navaros
import velaros

from .models import TEXT, Numbers, User


async def say_hello(ctx: navaros.Context) -> str:
    """Answer with text."""
    return TEXT


async def pass_on(ctx: navaros.Context) -> None:
    """Only pass on, as middleware."""
    await ctx.next()


def text() -> navaros.Router:
    """Return the application that answers with text."""
    return behind(0)


def parameter() -> navaros.Router:
    """Return the application that answers one parameter with JSON."""
    router = navaros.Router()
    router.use(navaros.middleware.json())

    @router.get("/users/:id")
    async def show(ctx: navaros.Context) -> dict[str, str]:
        return {"id": ctx.params["id"], "name": "Ada"}

    return router


def typed() -> navaros.Router:
    """Return the application that reads an object and answers with it."""
    router = navaros.Router()
    router.use(navaros.middleware.json())

    @router.post("/users")
    async def create(ctx: navaros.Context) -> User:
        return await ctx.unmarshal(User)

    return router


def behind(count: int) -> navaros.Router:
    """Return the application that answers with text behind middlewares."""
    router = navaros.Router()
    for _ in range(count):
        router.use(pass_on)
    router.get("/text", say_hello)
    return router


def many(count: int) -> navaros.Router:
    """Return the application with many routes."""
    router = navaros.Router()

    async def show_item(ctx: navaros.Context) -> str:
        return ctx.params["id"]

    for number in range(count // 2):
        router.get(f"/api/r{number}/list", say_hello)
        router.get(f"/api/r{number}/items/:id", show_item)
    return router


def messages() -> velaros.Router:
    """Return the application that answers messages."""
    router = velaros.Router()
    router.use(velaros.middleware.json())

    @router.bind("/ping")
    async def ping(ctx: velaros.Context) -> dict[str, bool]:
        return {"pong": True}

    @router.bind("/add")
    async def add(ctx: velaros.Context) -> dict[str, int]:
        numbers = await ctx.unmarshal(Numbers)
        return {"sum": numbers.a + numbers.b}

    return router
