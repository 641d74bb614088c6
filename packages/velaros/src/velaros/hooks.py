"""Lifecycle hooks as they are registered: for when a socket is asked for, opens and closes."""

from __future__ import annotations

import inspect
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from aros_core.handlers import as_call, describe
from aros_core.routing import Entry

if TYPE_CHECKING:
    from aros_core.handlers import Call
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
