"""Lifecycle hooks: handlers that run when a socket is asked for, opens and closes."""

from __future__ import annotations

import asyncio
import inspect
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from aros_core.handlers import as_call, describe
from aros_core.routing import Entry
from aros_core.steps import Link
from velaros.logs import log_error

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aros_core.handlers import Call
    from aros_core.router import BaseRouter
    from velaros.context import Context


class Moment(Enum):
    """When in the life of a socket a hook runs; the value is the method of objects with hooks."""

    UPGRADE = "handle_upgrade"
    OPEN = "handle_open"
    CLOSE = "handle_close"


class UpgradeHandler(Protocol):
    """An object that takes part in handshakes."""

    def handle_upgrade(self, ctx: Context, /) -> object:
        """Run before a handshake is answered."""
        ...


class OpenHandler(Protocol):
    """An object that takes part in the beginning of sockets."""

    def handle_open(self, ctx: Context, /) -> object:
        """Run before any message of a socket is handled."""
        ...


class CloseHandler(Protocol):
    """An object that takes part in the end of sockets."""

    def handle_close(self, ctx: Context, /) -> object:
        """Run once when a socket has ended."""
        ...


HookObject: TypeAlias = UpgradeHandler | OpenHandler | CloseHandler
"""An object whose lifecycle hooks are registered when it is used or bound."""


class Hook(Entry):
    """A handler of one moment; `owner` is the object whose method it is, else `None`."""

    moment: Moment
    handler: Any
    call: Call
    owner: Any = None


def make_hook(moment: Moment, handler: Any) -> Hook:
    """Return the hook of what was given to `use_upgrade`, `use_open` or `use_close`."""
    method = None if isinstance(handler, type) else getattr(handler, moment.value, None)
    function = handler if method is None else method
    call = as_call(function)
    if inspect.isasyncgenfunction(function):
        raise TypeError(
            f"{describe(function)} is an async generator; a lifecycle hook has no message to "
            "reply to, so let it be a coroutine function"
        )
    return Hook(moment, handler, call, owner=None if method is None else handler)


def hooks_of(handler: Any) -> list[Hook]:
    """Return the hooks that an object brings along by its methods."""
    if isinstance(handler, type):
        return []
    return [make_hook(moment, handler) for moment in Moment if hasattr(handler, moment.value)]


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
