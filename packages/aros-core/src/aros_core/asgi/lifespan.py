"""The ASGI lifespan of a family of routers."""

from __future__ import annotations

import traceback
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aros_core.asgi.types import Receive, Scope, Send

Lifespan: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any] | None]]
"""Takes the router, returns an async context manager that may yield a mapping."""


class Service(Protocol):
    """What runs while the server does, such as a router."""

    def own_lifespan(self) -> AbstractAsyncContextManager[Mapping[str, Any] | None]:
        """Be in service, within the context; what it yields goes into the state."""
        ...

    async def wind_up(self) -> None:
        """End what still runs when the server stops, before any lifespan is left."""
        ...


class Family(Protocol):
    """A router, with those that are mounted on it or live in it."""

    @property
    def table(self) -> object:
        """The routes; raises `TypeError` when one of them has no handler."""
        ...

    def running(self) -> AbstractAsyncContextManager[Mapping[str, Any]]:
        """Be in service with the whole family, within the context; it yields their state."""
        ...


@asynccontextmanager
async def running(services: Iterable[Service]) -> AsyncGenerator[dict[str, Any]]:
    """Enter the lifespans of services in order, and leave them in reverse; yields their state.

    Before any is left, all services wind up what still uses them.
    """
    state: dict[str, Any] = {}
    entered: list[Service] = []
    async with AsyncExitStack() as stack:
        for service in services:
            state.update(await stack.enter_async_context(service.own_lifespan()) or {})
            entered.append(service)
        for service in entered:
            stack.push_async_callback(service.wind_up)
        yield state


async def serve_lifespan(router: Family, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer the lifespan protocol: start everything, wait for shutdown, stop everything.

    What goes wrong is told to the server and raised.
    """
    phase = "startup"
    await receive()
    try:
        _ = router.table
        async with router.running() as state:
            if "state" in scope:
                scope["state"].update(state)
            await send({"type": "lifespan.startup.complete"})
            phase = "shutdown"
            await receive()
    except Exception:
        await send({"type": f"lifespan.{phase}.failed", "message": traceback.format_exc()})
        raise
    await send({"type": "lifespan.shutdown.complete"})
