"""The middleware that keeps values under keys."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING, Any

import pytest

from aros_core import Key, Ref, middleware
from aros_core.middleware.values import ValueMiddleware

from .helpers import PlainContext, PlainRouter

if TYPE_CHECKING:
    from aros_core import Context

COUNT = Key[int]("count")


async def kept(*handlers: Any) -> list[Any]:
    """Run middleware twice; return what it kept under `count` each time."""
    router = PlainRouter()
    for handler in handlers:
        router.use(handler)
    return [(await router.ask("/")).get(COUNT) for _ in range(2)]


async def test_set_keeps_the_same_value_each_time() -> None:
    """Under a typed key or a string, and the chain goes on."""
    assert await kept(middleware.set(COUNT, 1), middleware.set("other", 2)) == [1, 1]
    router = PlainRouter()
    router.use(middleware.set("user", "ada"))
    seen: list[str] = []

    @router.bind("/")
    async def look(ctx: Context) -> None:
        seen.append(ctx.must_get("user"))

    await router.ask("/")
    assert seen == ["ada"]
    assert callable(look)


async def test_setfn_keeps_what_its_function_makes_each_time() -> None:
    """The function is called for every request or message."""
    numbers = iter(range(10))
    assert await kept(middleware.setfn(COUNT, lambda: next(numbers))) == [0, 1]


async def test_setfn_awaits_an_async_function() -> None:
    """It may be a coroutine function."""
    numbers = iter(range(10))

    async def make() -> int:
        return next(numbers)

    assert await kept(middleware.setfn(COUNT, make)) == [0, 1]


async def test_setfn_that_fails_is_an_error_of_the_chain() -> None:
    """Nothing behind it runs."""

    def fail() -> int:
        raise ValueError("no value")

    router = PlainRouter()
    router.use(middleware.setfn(COUNT, fail))
    ctx = await router.ask("/")
    with pytest.raises(ValueError, match="no value"):
        ctx.raise_for_error()


async def test_setvalue_reads_a_reference_each_time() -> None:
    """A `Ref`, or any object with a value."""
    ref = Ref(1)

    async def count(ctx: Context) -> None:
        ref.value += 1
        await ctx.next()

    assert await kept(middleware.setvalue(COUNT, ref), count) == [1, 2]
    shared = multiprocessing.Value("i", 7)
    assert await kept(middleware.setvalue(COUNT, shared)) == [7, 7]


async def test_values_can_be_kept_elsewhere() -> None:
    """The family is made for one kind of storage, as that of sockets is."""
    shelf: dict[object, object] = {}

    def save(ctx: PlainContext, key: object, value: object) -> None:
        del ctx
        shelf[key] = value

    on_shelf = ValueMiddleware(save)
    assert await kept(on_shelf.set(COUNT, 3)) == [None, None]
    assert shelf == {COUNT: 3}
