"""Kinds of handlers, and how each becomes one awaitable call that takes the context."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar, runtime_checkable

from aros_core.threads import run_in_thread

if TYPE_CHECKING:
    from aros_core.chain import Chain

C_contra = TypeVar("C_contra", contravariant=True)

Call: TypeAlias = Callable[[Any], Awaitable[Any]]
"""What every handler becomes: a callable that takes the context and returns an awaitable."""


@runtime_checkable
class HandlerObject(Protocol[C_contra]):
    """An object whose `handle` method takes the context."""

    def handle(self, ctx: C_contra, /) -> Any:
        """Handle one request or message."""
        ...


@runtime_checkable
class Transformer(Protocol[C_contra]):
    """An object that changes the request before, and the response after, the rest of the chain."""

    def transform_request(self, ctx: C_contra, /) -> Awaitable[None]:
        """Run before the rest of the chain."""
        ...

    def transform_response(self, ctx: C_contra, /) -> Awaitable[None]:
        """Run after the rest of the chain, also when it failed."""
        ...


def as_call(handler: Any) -> Call:
    """Return the awaitable call that stands for `handler`.

    Coroutine functions are returned as they are, plain functions run in a worker thread, async
    generators stream their items. Raises `TypeError` for what is no handler.
    """
    if isinstance(handler, type):
        raise TypeError(f"{describe(handler)} is a class; register an instance of it as the handler")
    if isinstance(handler, HandlerObject):
        return as_call(handler.handle)  # pyright: ignore[reportUnknownMemberType]
    if isinstance(handler, Transformer):
        return _Transform(handler)  # pyright: ignore[reportUnknownArgumentType]
    if not callable(handler):
        raise TypeError(
            f"{handler!r} is not a handler; give a function that takes the context, an object "
            "with handle(ctx), a transformer or a router"
        )
    _check_signature(handler)
    if _is(inspect.isasyncgenfunction, handler):
        return _Stream(handler)
    if _is(inspect.iscoroutinefunction, handler):
        return handler
    return _InThread(handler)


def is_handler(thing: object) -> bool:
    """Tell whether something can be registered as a handler."""
    return callable(thing) or isinstance(thing, HandlerObject | Transformer)


def describe(handler: object) -> str:
    """Return the name by which errors and logs speak of `handler`: `module.qualname`."""
    if isinstance(handler, partial):
        return f"partial({describe(handler.func)})"  # pyright: ignore[reportUnknownMemberType]
    named = handler if hasattr(handler, "__qualname__") else type(handler)
    return f"{named.__module__}.{named.__qualname__}"


def _is(kind: Callable[[Any], bool], handler: Any) -> bool:
    """Tell whether the handler, or the `__call__` of its class, is a function of this kind."""
    if kind(handler):
        return True
    function = handler.func if isinstance(handler, partial) else handler
    return kind(getattr(type(function), "__call__", None))  # noqa: B004


def _check_signature(handler: Callable[..., Any]) -> None:
    try:
        signature = inspect.signature(handler)
    except (TypeError, ValueError):
        return  # Builtins and the like do not tell; the call will.
    try:
        signature.bind(None)
    except TypeError:
        raise TypeError(
            f"{describe(handler)}{signature} cannot be called with the context alone; a handler "
            "takes the context first, and its further parameters have defaults"
        ) from None


class _InThread:
    """Runs a plain function in a worker thread; what it returns may be awaitable."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function

    async def __call__(self, ctx: Chain) -> Any:
        result = await run_in_thread(self._function, ctx)
        return await result if inspect.isawaitable(result) else result


class _Stream:
    """Hands the items of an async generator to the context, which sends them."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[Any], AsyncGenerator[Any, None]]) -> None:
        self._function = function

    async def __call__(self, ctx: Chain) -> None:
        ctx.begin_stream()
        await ctx.stream(self._function(ctx))


class _Transform:
    """Runs a transformer around the rest of the chain."""

    __slots__ = ("_request", "_response")

    def __init__(self, transformer: Transformer[Any]) -> None:
        self._request = as_call(transformer.transform_request)
        self._response = as_call(transformer.transform_response)

    async def __call__(self, ctx: Chain) -> None:
        await self._request(ctx)
        await ctx.next()
        await self._response(ctx)
