"""Both routers behind one face, so that one set of tests shows that they route alike."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import navaros
import velaros
from velaros.transports.memory import MemoryConnection

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aros_core import Context
    from aros_core.asgi.types import Event, Scope

PATIENCE = 5.0


@dataclass(frozen=True)
class Side:
    """One of the two routers, and how it is asked for a path."""

    name: str
    router: Callable[..., Any]
    """Makes a router."""
    verb: str
    """The method of the router that registers a route for whatever is asked."""
    drive: Callable[[Any, str, asyncio.Event], Awaitable[None]]
    """Asks a router for a path; the event is set when its chain is done."""

    def bind(self, router: Any, path: str, /, *handlers: Any, **options: Any) -> Any:
        """Register a route."""
        return getattr(router, self.verb)(path, *handlers, **options)

    def public_bind(self, router: Any, path: str, /, *handlers: Any, **options: Any) -> Any:
        """Register a route that is listed."""
        return getattr(router, f"public_{self.verb}")(path, *handlers, **options)

    async def ask(self, router: Any, path: str = "/") -> Any:
        """Ask for a path; return the context, whose chain is over."""
        outer = self.router()
        done = asyncio.Event()
        contexts: list[Context] = []

        @outer.use
        async def watch(ctx: Context) -> None:
            contexts.append(ctx)
            try:
                await ctx.next()
            finally:
                done.set()

        outer.use(router)
        await self.drive(outer, path, done)
        return contexts[0]


async def drive_request(app: navaros.Router, path: str, done: asyncio.Event) -> None:
    """Make a request, as a server does."""
    scope: Scope = {"type": "http", "method": "POST", "path": path, "headers": []}

    async def receive() -> Event:
        await done.wait()
        return {"type": "http.disconnect"}

    async def send(event: Event) -> None:
        del event

    await asyncio.create_task(app(scope, receive, send))


async def drive_message(app: velaros.Router, path: str, done: asyncio.Event) -> None:
    """Send a message over a connection of its own."""
    app.use(velaros.middleware.json())
    ours, theirs = MemoryConnection.pair()
    info = velaros.ConnectionInfo(None, {})
    session = asyncio.create_task(app.handle_connection(info, theirs))
    await ours.send(json.dumps({"path": path, "id": 1}))
    finished = asyncio.create_task(done.wait())
    await asyncio.wait([session, finished], timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    finished.cancel()
    await ours.close(1000, "")
    await session


SIDES = [
    Side("navaros", navaros.Router, "all", drive_request),
    Side("velaros", velaros.Router, "bind", drive_message),
]


def passing(log: list[str], name: str) -> Callable[[Context], Awaitable[None]]:
    """Return middleware that logs its name, runs the rest and logs that it is back."""

    async def handler(ctx: Context) -> None:
        log.append(name)
        await ctx.next()
        log.append(f"/{name}")

    return handler


def ending(log: list[str], name: str) -> Callable[[Context], Awaitable[None]]:
    """Return a handler that logs its name and ends the chain."""

    async def handler(ctx: Context) -> None:
        del ctx
        log.append(name)

    return handler


def failing(error: BaseException) -> Callable[[Context], Awaitable[None]]:
    """Return a handler that raises an error."""

    async def handler(ctx: Context) -> None:
        del ctx
        raise error

    return handler


async def settle() -> None:
    """Let everything run that can run without an event from outside."""
    for _ in range(20):
        await asyncio.sleep(0)
