"""How a chain runs, shown on both routers by the same tests: next, errors, storage, the end."""

from __future__ import annotations

import asyncio
import logging
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from aros_core import (
    ContextClosedError,
    Error,
    FieldError,
    HTTPError,
    Key,
    Ref,
    UnmarshalError,
    middleware,
)

from .routing_sides import SIDES, Side, ending, failing, passing, settle

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from aros_core import Context

pytestmark = pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)

USER: ContextVar[str] = ContextVar("user", default="nobody")
COUNT = Key[int]("count")


# next()


async def test_next_runs_the_rest_and_returns_when_that_is_done(side: Side) -> None:
    """Past the end it does nothing."""
    log: list[str] = []
    router = side.router()
    router.use(passing(log, "a"))
    side.bind(router, "/", passing(log, "b"), passing(log, "c"))
    ctx = await side.ask(router)
    assert ctx.error is None
    assert log == ["a", "b", "c", "/c", "/b", "/a"]


async def in_turn(ctx: Context) -> Sequence[object]:
    """Call `next()` twice, one after the other."""
    await ctx.next()
    return await asyncio.gather(ctx.next(), return_exceptions=True)


async def gathered(ctx: Context) -> Sequence[object]:
    """Call `next()` twice at the same time."""
    return await asyncio.gather(ctx.next(), ctx.next(), return_exceptions=True)


async def in_tasks(ctx: Context) -> Sequence[object]:
    """Call `next()` in two tasks."""
    tasks = [asyncio.create_task(ctx.next()) for _ in range(2)]
    return await asyncio.gather(*tasks, return_exceptions=True)


async def in_helpers(ctx: Context) -> Sequence[object]:
    """Have `next()` called by two helpers."""

    async def helper() -> None:
        await ctx.next()

    return await asyncio.gather(helper(), helper(), return_exceptions=True)


async def while_the_rest_runs(ctx: Context) -> Sequence[object]:
    """Call `next()` again when the rest has begun."""
    rest = asyncio.create_task(ctx.next())
    await settle()
    again = asyncio.create_task(ctx.next())
    return await asyncio.gather(rest, again, return_exceptions=True)


async def before_its_task_begins(ctx: Context) -> Sequence[object]:
    """Hand `next()` to a task, which begins when a later handler waits."""
    task = asyncio.create_task(ctx.next())
    await ctx.next()
    return await asyncio.gather(task, return_exceptions=True)


TWICE = [
    *(in_turn, gathered, in_tasks, in_helpers, while_the_rest_runs),
    before_its_task_begins,
]


@pytest.mark.parametrize("twice", TWICE, ids=lambda function: function.__name__)
async def test_a_second_next_raises_and_runs_nothing(
    side: Side, twice: Callable[[Context], Awaitable[Sequence[object]]]
) -> None:
    """Neither the rest again, nor the parent's routes, nor what a guard holds back."""
    log: list[str] = []
    results: list[object] = []
    router, sub = side.router(), side.router()

    async def handler(ctx: Context) -> None:
        results.extend(await twice(ctx))

    async def slow_guard(ctx: Context) -> None:
        log.append("guard")
        for _ in range(3):
            await settle()
        del ctx

    side.bind(sub, "/x", handler, slow_guard, ending(log, "guarded"))
    router.use("/a", sub)
    side.bind(router, "/a/x", ending(log, "parent's"))
    ctx = await side.ask(router, "/a/x")
    assert ctx.error is None
    assert log == ["guard"]
    errors = [result for result in results if result is not None]
    assert [type(error) for error in errors] == [RuntimeError]


async def test_an_async_generator_cannot_call_next(side: Side) -> None:
    """It streams its answer; that is an error of the chain like any other."""
    log: list[str] = []
    router = side.router()

    async def streaming(ctx: Context) -> Any:
        await ctx.next()
        yield "item"

    side.bind(router, "/", streaming, ending(log, "never"))
    ctx = await side.ask(router)
    assert isinstance(ctx.error, RuntimeError)
    assert log == []


# Errors


async def test_an_error_is_stored_and_next_returns(side: Side) -> None:
    """Middleware looks at it after `next()`; its traceback is there as text."""
    seen: list[Any] = []
    failure = ValueError("broken")
    router = side.router()

    @router.use
    async def watch(ctx: Context) -> None:
        await ctx.next()
        seen.append(ctx.error)
        assert "in handler" in ctx.error_stack
        assert "ValueError: broken" in ctx.error_stack
        with pytest.raises(ValueError, match="broken"):
            ctx.raise_for_error()

    side.bind(router, "/", failing(failure), failing(AssertionError()))
    ctx = await side.ask(router)
    assert seen == [failure]
    assert ctx.error is failure
    assert watch.__name__ == "watch"


async def test_an_error_that_is_handled_is_gone(side: Side) -> None:
    """`None` marks it as handled; the chain does not go on by that."""
    log: list[str] = []
    router = side.router()

    @router.use
    async def handle(ctx: Context) -> None:
        await ctx.next()
        ctx.error = None

    side.bind(router, "/", failing(ValueError()), ending(log, "never"))
    ctx = await side.ask(router)
    assert (ctx.error, ctx.error_stack, log) == (None, "", [])
    assert handle.__name__ == "handle"


async def test_an_error_that_is_set_by_hand_stops_the_chain(side: Side) -> None:
    """While it is set, `next()` runs nothing; its stack is its type and text."""
    log: list[str] = []
    router = side.router()

    async def refuse(ctx: Context) -> None:
        ctx.error = ValueError("by hand")
        await ctx.next()
        log.append(ctx.error_stack.strip())

    side.bind(router, "/", refuse, ending(log, "never"))
    ctx = await side.ask(router)
    assert isinstance(ctx.error, ValueError)
    assert log == ["ValueError: by hand"]


@pytest.mark.parametrize(
    ("failure", "level"),
    [
        (ValueError("broken"), logging.ERROR),
        (HTTPError(503), logging.ERROR),
        (HTTPError(403), logging.DEBUG),
        (UnmarshalError("bad"), logging.DEBUG),
        (Error("no"), logging.DEBUG),
        (FieldError("a", "b"), logging.DEBUG),
    ],
    ids=lambda value: str(value),
)
async def test_an_unhandled_error_is_logged_once(
    side: Side, failure: Exception, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    """With its traceback, on the package's logger; what the client did only at debug level."""
    caplog.set_level(logging.DEBUG, side.name)
    router = side.router()
    side.bind(router, "/", passing([], "a"), failing(failure))
    await side.ask(router)
    records = [record for record in caplog.records if record.name == side.name]
    assert [record.levelno for record in records] == [level]
    if level == logging.ERROR:
        assert records[0].exc_info is not None
        assert records[0].exc_info[1] is failure


async def test_a_cancellation_is_no_error(side: Side) -> None:
    """It goes through the chain; nobody finds it in `ctx.error`."""
    seen: list[Any] = []
    router = side.router()

    @router.use
    async def watch(ctx: Context) -> None:
        try:
            await ctx.next()
        except asyncio.CancelledError:
            seen.append(ctx.error)
            ctx.error = ValueError("told instead")

    side.bind(router, "/", failing(asyncio.CancelledError()))
    ctx = await side.ask(router)
    assert seen == [None]
    assert isinstance(ctx.error, ValueError)
    assert watch.__name__ == "watch"


# Storage and the end


async def test_values_are_kept_for_one_chain(side: Side) -> None:
    """Under strings and typed keys; the set family fills them."""
    seen: list[Any] = []
    router = side.router()
    numbers = iter(range(10))
    router.use(middleware.set("fixed", "f"), middleware.setfn(COUNT, lambda: next(numbers)))
    router.use(middleware.setvalue("ref", Ref("r")))

    async def handler(ctx: Context) -> None:
        seen.append([ctx.get("fixed"), ctx.must_get(COUNT), ctx.get("ref"), ctx.get("own")])
        ctx.set("own", 1)
        ctx.delete("fixed")
        with pytest.raises(KeyError, match="fixed"):
            ctx.must_get("fixed")

    side.bind(router, "/", handler)
    for _ in range(2):
        assert (await side.ask(router)).error is None
    assert seen == [["f", 0, "r", None], ["f", 1, "r", None]]


async def test_each_chain_has_its_own_context_variables(side: Side) -> None:
    """What one sets, the next does not see."""
    seen: list[str] = []
    router = side.router()

    async def handler(ctx: Context) -> None:
        del ctx
        seen.append(USER.get())
        USER.set("ada")

    side.bind(router, "/", handler)
    for _ in range(2):
        await side.ask(router)
    assert seen == ["nobody", "nobody"]


async def test_after_the_end_the_context_is_closed(side: Side) -> None:
    """Setting and going on raise an error that says what to do."""
    kept: list[Context] = []
    router = side.router()

    async def handler(ctx: Context) -> None:
        kept.append(ctx)

    side.bind(router, "/", handler)
    await side.ask(router)
    ctx = kept[0]
    for use in (
        lambda: ctx.set("a", 1),
        lambda: ctx.delete("a"),
        lambda: ctx.set_timeout(1),
    ):
        with pytest.raises(ContextClosedError, match="before they return"):
            use()
    with pytest.raises(ContextClosedError, match="before they return"):
        await ctx.next()
    assert ctx.get("a") is None
    assert ctx.is_done
    await ctx.wait_done()
