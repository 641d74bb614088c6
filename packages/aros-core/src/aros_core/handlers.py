"""Kinds of handlers, and how each becomes one awaitable call that takes the context."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from types import MethodType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar, cast

if TYPE_CHECKING:
    from aros_core.chain import Chain

C_contra = TypeVar("C_contra", contravariant=True)

Call: TypeAlias = Callable[[Any], Awaitable[Any]]
"""What every handler becomes: a callable that takes the context and returns an awaitable."""


class HandlerObject(Protocol[C_contra]):
    """An object whose `handle` method takes the context."""

    def handle(self, ctx: C_contra, /) -> Any:
        """Handle one request or message."""
        ...


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

    What can be called with the context is called, whatever else it is. Coroutine functions are
    returned as they are, plain functions run in a worker thread, async generators stream their
    items. Raises `TypeError` for what is no handler.
    """
    if isinstance(handler, type):
        raise TypeError(f"{_name(handler)} is a class; register an instance of it as the handler")
    if _takes_context(handler):
        return _function_call(handler)
    if hasattr(handler, "handle"):
        return as_call(handler.handle)
    if _is_transformer(handler):
        return _Transform(handler)
    raise TypeError(_refusal(handler))


def _function_call(function: Callable[[Any], Any]) -> Call:
    if _is(inspect.isasyncgenfunction, function):
        return _Stream(function)
    if not _is(inspect.iscoroutinefunction, function):
        from aros_core.threads import InThread

        return InThread(function)
    return function if _is(_is_native, function) else _Awaited(function)


def is_handler(thing: object) -> bool:
    """Tell whether something can be registered as a handler."""
    return callable(thing) or hasattr(thing, "handle") or _is_transformer(thing)


def describe(handler: object) -> str:
    """Return the name by which errors and logs speak of `handler`: `module.qualname`."""
    if isinstance(handler, partial):
        return f"partial({describe(cast('partial[Any]', handler).func)})"
    return _name(handler if hasattr(handler, "__qualname__") else type(handler))


def _name(named: Any) -> str:
    return f"{named.__module__}.{named.__qualname__}"


def _is_transformer(thing: object) -> bool:
    return hasattr(thing, "transform_request") and hasattr(thing, "transform_response")


def _is(kind: Callable[[Any], bool], handler: Any) -> bool:
    """Tell whether the handler, or the `__call__` of its class, is a function of this kind."""
    if kind(handler):
        return True
    function = handler.func if isinstance(handler, partial) else handler
    return kind(getattr(cast("Any", type(function)), "__call__", None))  # noqa: B004


def _is_native(function: Any) -> bool:
    """Tell whether a function was written with `async def`, and not only declared to be such."""
    while isinstance(function, partial | MethodType):
        function = function.func if isinstance(function, partial) else function.__func__
    code = getattr(function, "__code__", None)
    return code is not None and bool(code.co_flags & inspect.CO_COROUTINE)


def _takes_context(thing: Any) -> bool:
    """Tell whether something can be called with the context alone."""
    if not callable(thing):
        return False
    try:
        signature = _signature(thing)
    except (TypeError, ValueError):
        return True  # Builtins and the like do not tell; the call will.
    try:
        signature.bind(None)
    except TypeError:
        return False
    return True


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    # What a decorator wraps may take more than the decorated function does.
    return inspect.signature(function, follow_wrapped=False)


def _refusal(thing: Any) -> str:
    """Say why something is no handler."""
    if callable(thing):
        return (
            f"{describe(thing)}{_signature(thing)} cannot be called with the context alone; a "
            "handler takes the context first, and its further parameters have defaults"
        )
    return (
        f"{thing!r} is not a handler; give a function that takes the context, an object with "
        "handle(ctx), a transformer or a router"
    )


class _Awaited:
    """Awaits what a function returns that only counts as a coroutine function."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[Any], Awaitable[Any]]) -> None:
        self._function = function

    async def __call__(self, ctx: Chain) -> Any:
        return await self._function(ctx)


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
