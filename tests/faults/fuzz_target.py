"""A message router that does everything a router can do, for clients that send anything."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.protobuf.wrappers_pb2 import StringValue

from velaros import Context, RequestTimeout, Router, UnmarshalError, middleware

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MOMENT = 0.002
"""How many seconds handlers wait for a client."""


@dataclass
class Counts:
    """How many sockets were opened and closed."""

    opens: int = 0
    closes: int = 0


def make_target(counts: Counts) -> Router:
    """Return a router whose handlers read, ask, converse, stream, block and close."""
    router = Router(max_concurrent_messages=20, close_timeout=1)
    router.use(middleware.json(), middleware.msgpack(), middleware.protobuf())

    @router.use_open
    async def opened(ctx: Context) -> None:
        counts.opens += 1

    @router.use_close
    async def closed(ctx: Context) -> None:
        counts.closes += 1

    @router.bind("/read/:name?")
    async def read(ctx: Context) -> Any:
        with suppress(UnmarshalError):
            await ctx.unmarshal(_into(ctx, list[int]))
        return await ctx.unmarshal(_into(ctx, Any))

    @router.bind("/ask")
    async def ask(ctx: Context) -> None:
        with suppress(RequestTimeout):
            await ctx.request(None, timeout=MOMENT)
        await ctx.reply(None)

    @router.bind("/talk")
    async def talk(ctx: Context) -> None:
        await ctx.receive(_into(ctx, Any))
        if ctx.message.id is not None:
            with suppress(TimeoutError):
                await ctx.receive(_into(ctx, Any), timeout=MOMENT)

    @router.bind("/stream")
    async def stream(ctx: Context) -> AsyncIterator[None]:
        for _ in range(3):
            yield None

    @router.bind("/block/**")
    async def block(ctx: Context) -> None:
        await asyncio.sleep(MOMENT)

    @router.bind("/close")
    async def close(ctx: Context) -> None:
        await ctx.close(4000, "as you wish")

    return router


def _into(ctx: Context, into: Any) -> Any:
    """Return a type that the message's codec can read, `into` where possible."""
    return StringValue if ctx.codec is not None and ctx.codec.name == "protobuf" else into
