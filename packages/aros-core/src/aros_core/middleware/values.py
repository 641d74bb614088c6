"""Middleware that keeps values under keys: fixed ones, made ones, and those of the moment."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from aros_core.context import Context
    from aros_core.storage import Key

    Save: TypeAlias = Callable[[Any, str | Key[Any], Any], None]
    Middleware: TypeAlias = Callable[[Any], Coroutine[Any, Any, None]]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class HasValue(Protocol[T_co]):
    """Anything with a `value`, such as a `Ref` or a `multiprocessing.Value`."""

    @property
    def value(self) -> T_co:
        """The value at this moment."""
        ...


class ValueMiddleware:
    """Makes the three kinds of value middleware for one kind of storage."""

    def __init__(self, save: Save) -> None:
        self._save = save

    def set(self, key: str | Key[T], value: T) -> Middleware:
        """Keep the same value under the key each time."""

        async def set_value(ctx: Context) -> None:
            self._save(ctx, key, value)
            await ctx.next()

        return set_value

    def setfn(self, key: str | Key[T], function: Callable[[], T | Awaitable[T]]) -> Middleware:
        """Keep under the key what the function returns, called each time; it may be async."""

        async def set_made_value(ctx: Context) -> None:
            made = function()
            self._save(ctx, key, await made if inspect.isawaitable(made) else made)
            await ctx.next()

        return set_made_value

    def setvalue(self, key: str | Key[T], ref: HasValue[T]) -> Middleware:
        """Keep under the key what `ref.value` is at that moment."""

        async def set_present_value(ctx: Context) -> None:
            self._save(ctx, key, ref.value)
            await ctx.next()

        return set_present_value


def save_on_context(ctx: Context, key: str | Key[Any], value: Any) -> None:
    """Keep a value for this request or message."""
    ctx.set(key, value)
