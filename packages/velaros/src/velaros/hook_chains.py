"""The chains of lifecycle hooks, each of which goes on by itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aros_core.steps import Link
from velaros.hooks import Hook, Moment
from velaros.logs import log_error

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aros_core.handlers import Call
    from aros_core.router import BaseRouter
    from velaros.context import Context


def hook_links(routers: Iterable[BaseRouter[Any]], moment: Moment) -> tuple[Link, ...]:
    """Return the chain of a moment's hooks; those of one object run once, however often used."""
    hooks: dict[int, Hook] = {}
    for router in routers:
        for entry in router.entries:
            if isinstance(entry, Hook) and entry.moment is moment:
                hooks.setdefault(id(entry if entry.owner is None else entry.owner), entry)
    step = _CloseStep if moment is Moment.CLOSE else _OpenStep
    links = tuple(Link(hook.handler, step(hook.call), middleware=True) for hook in hooks.values())
    for order, link in enumerate(links):
        link.order = order
    return links


class _OpenStep:
    """Runs a hook, then by itself the later ones, unless it failed or the socket was closed."""

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        self._call = call

    async def __call__(self, ctx: Context) -> None:
        if ctx.close_status is not None:
            return
        await self._call(ctx)
        if ctx.has_next:
            await ctx.next()


class _CloseStep:
    """Runs a hook, then by itself the later ones, whatever became of it."""

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        self._call = call

    async def __call__(self, ctx: Context) -> None:
        ctx.hooks_begun += 1
        try:
            await self._call(ctx)
        except Exception as error:
            ctx.error = error
        except asyncio.CancelledError:
            _take_back_cancellation()  # It is meant for this hook only, which took too long.
        if ctx.has_next:
            earlier, ctx.error = ctx.error, None
            await ctx.next()
            if earlier is not None:
                if ctx.error is not None:
                    log_error(ctx)
                ctx.error = earlier


def _take_back_cancellation() -> None:
    task = asyncio.current_task()
    assert task is not None, "hooks run in tasks"
    task.uncancel()
