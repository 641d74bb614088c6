"""The ASGI lifespan of a family of routers."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aros_core.asgi.types import Receive, Scope, Send
    from aros_core.router import BaseRouter

Lifespan: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any] | None]]
"""Takes the router, returns an async context manager that may yield a mapping."""


@asynccontextmanager
async def running(routers: Iterable[BaseRouter[Any]]) -> AsyncIterator[dict[str, Any]]:
    """Enter the lifespans of routers in order, and leave them in reverse; yields their state.

    Before any is left, all routers wind up what still uses them.
    """
    state: dict[str, Any] = {}
    entered: list[BaseRouter[Any]] = []
    async with AsyncExitStack() as stack:
        for router in routers:
            state.update(await stack.enter_async_context(router.running()) or {})
            entered.append(router)
        for router in entered:
            stack.push_async_callback(router.wind_up)
        yield state


async def serve_lifespan(
    router: BaseRouter[Any], scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer the lifespan protocol: start everything, wait for shutdown, stop everything."""
    started = False
    await receive()
    try:
        _ = router.table
        async with running(router.family()) as state:
            if "state" in scope:
                scope["state"].update(state)
            started = True
            await send({"type": "lifespan.startup.complete"})
            await receive()
    except BaseException:
        phase = "shutdown" if started else "startup"
        await send({"type": f"lifespan.{phase}.failed", "message": traceback.format_exc()})
        raise
    await send({"type": "lifespan.shutdown.complete"})
