"""Servers for the client: uvicorn with a router, and one that may misbehave."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn
from websockets.asyncio.server import serve as serve_websockets

from velaros import Context, Error, Router, middleware

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

    from websockets.asyncio.server import ServerConnection

    from aros_core.asgi.types import ASGIApp


class Server(uvicorn.Server):
    """A uvicorn server that says when it has started."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_ready = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.is_ready.set()


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncGenerator[str]:
    """Run an application on a free port, and yield its address."""
    config = uvicorn.Config(
        app, port=0, http="h11", ws="wsproto", log_config=None, timeout_graceful_shutdown=1
    )
    server = Server(config)
    task = asyncio.create_task(server.serve())
    await server.is_ready.wait()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"ws://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def behaving(
    handler: Callable[[ServerConnection], Awaitable[None]], **options: Any
) -> AsyncGenerator[str]:
    """Run a server that treats each connection as the handler says, with the library's options."""
    async with serve_websockets(handler, "127.0.0.1", 0, **options) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


@dataclass
class Album:
    """A payload with a type."""

    title: str


def make_router() -> Router:
    """Return a router with a handler for each thing that a client can ask for."""
    router = Router()
    router.use(middleware.json(), middleware.msgpack())

    @router.bind("/echo")
    async def echo(ctx: Context) -> None:
        await ctx.reply({"data": ctx.data.decode(), "meta": dict(ctx.meta)})

    @router.bind("/album")
    async def album(ctx: Context) -> Album:
        return await ctx.unmarshal(Album)

    @router.bind("/fail")
    async def fail(ctx: Context) -> Error:
        return Error("as you wish")

    @router.bind("/never")
    async def never(ctx: Context) -> None:
        await ctx.wait_done()

    @router.bind("/notify")
    async def notify(ctx: Context) -> None:
        for number in range(await ctx.unmarshal(int)):
            await ctx.send({"number": number}, path="/news", meta={"n": number})

    @router.bind("/count")
    async def count(ctx: Context) -> AsyncIterator[int]:
        for number in range(await ctx.unmarshal(int)):
            yield number

    @router.bind("/broken")
    async def broken(ctx: Context) -> AsyncIterator[int]:
        yield 1
        raise Error("no more")

    @router.bind("/ask")
    async def ask(ctx: Context) -> Any:
        return {"answer": await ctx.request("Who?", Any, path="/question")}

    @router.bind("/ask/text")
    async def ask_for_text(ctx: Context) -> Any:
        return {"answer": await ctx.request("Who?", str, path="/question")}

    @router.bind("/close")
    async def close(ctx: Context) -> None:
        await ctx.close(4001, "as you wish")

    return router
