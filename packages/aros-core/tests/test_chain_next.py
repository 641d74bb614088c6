"""`next()`: who may call it, from where, and how often."""

from __future__ import annotations

import asyncio
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .helpers import PlainContext, ending, passing, settle, until, walk

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from aros_core.chain import Chain


async def test_next_past_the_end_does_nothing() -> None:
    """The last handler's `next()` returns, and so does an empty chain."""
    log: list[str] = []
    await walk(passing(log, "a"))
    await walk()
    assert log == ["a", "/a"]


async def test_a_second_next_raises_and_runs_nothing() -> None:
    """The rest runs once, whoever asks again."""
    log: list[str] = []

    async def twice(ctx: Chain) -> None:
        await ctx.next()
        with pytest.raises(RuntimeError, match="next\\(\\) was called before by this handler"):
            await ctx.next()

    ctx = await walk(passing(log, "a"), twice, ending(log, "b"))
    assert ctx.error is None
    assert log == ["a", "b", "/a"]


async def test_a_second_next_in_the_same_breath_raises() -> None:
    """Of two calls that are gathered, the first runs the rest and the second raises."""
    log: list[str] = []
    results: list[Any] = []

    async def twice(ctx: Chain) -> None:
        results.extend(await asyncio.gather(ctx.next(), ctx.next(), return_exceptions=True))

    await walk(twice, ending(log, "b"))
    assert log == ["b"]
    assert results[0] is None
    assert isinstance(results[1], RuntimeError)


async def test_a_second_next_before_a_task_has_begun_raises() -> None:
    """The one that begins first counts: here the awaited one, since the task waits its turn."""
    log: list[str] = []

    async def twice(ctx: Chain) -> None:
        task = asyncio.create_task(ctx.next())
        await ctx.next()
        with pytest.raises(RuntimeError):
            await task

    ctx = await walk(twice, ending(log, "b"))
    assert ctx.error is None
    assert log == ["b"]


async def test_a_next_that_begins_while_a_later_handler_waits_raises() -> None:
    """It belongs to the handler that called it, not to the guard that runs when it begins."""
    log: list[str] = []

    async def twice(ctx: Chain) -> None:
        task = asyncio.create_task(ctx.next())
        await ctx.next()
        with pytest.raises(RuntimeError):
            await task

    async def guard(ctx: Chain) -> None:
        del ctx
        log.append("guard")
        await settle()

    ctx = await walk(twice, guard, ending(log, "secret"))
    assert ctx.error is None
    assert log == ["guard"]


async def test_nobody_else_can_await_a_handlers_next() -> None:
    """Not even a later handler that comes by the coroutine."""
    log: list[str] = []
    kept: list[Coroutine[Any, Any, None]] = []

    async def twice(ctx: Chain) -> None:
        kept.append(ctx.next())
        await ctx.next()

    async def guard(ctx: Chain) -> None:
        del ctx
        log.append("guard")
        with pytest.raises(RuntimeError):
            await kept[0]

    ctx = await walk(twice, guard, ending(log, "secret"))
    assert ctx.error is None
    assert log == ["guard"]


async def test_a_second_next_while_a_later_handler_waits_raises() -> None:
    """It is not taken for the `next()` of the guard that is running in a task meanwhile."""
    log: list[str] = []
    gate = asyncio.Event()

    async def twice(ctx: Chain) -> None:
        task = asyncio.create_task(ctx.next())
        await until(lambda: log)
        with pytest.raises(RuntimeError):
            await ctx.next()
        gate.set()
        await task

    async def guard(ctx: Chain) -> None:
        log.append("guard")
        await gate.wait()
        log.append("passed")
        await ctx.next()

    ctx = await walk(twice, guard, ending(log, "secret"))
    assert ctx.error is None
    assert log == ["guard", "passed", "secret"]


async def test_a_second_next_from_a_helper_task_raises() -> None:
    """Helpers of one handler share its one `next()`, also while a later handler waits."""
    log: list[str] = []
    results: list[Any] = []

    async def helper(ctx: Chain) -> None:
        await ctx.next()

    async def twice(ctx: Chain) -> None:
        tasks = [asyncio.create_task(helper(ctx)) for _ in range(2)]
        results.extend(await asyncio.gather(*tasks, return_exceptions=True))

    async def guard(ctx: Chain) -> None:
        log.append("guard")
        await asyncio.sleep(0)
        await ctx.next()

    await walk(twice, guard, ending(log, "secret"))
    assert log == ["guard", "secret"]
    assert results[0] is None
    assert isinstance(results[1], RuntimeError)


async def test_next_works_from_tasks_within_tasks() -> None:
    """A handler whose rest runs in a task of its own may itself hand `next()` to a task."""
    log: list[str] = []

    async def helper(ctx: Chain) -> None:
        await ctx.next()

    async def by_task(ctx: Chain) -> None:
        await asyncio.create_task(helper(ctx))

    async def awaited(ctx: Chain) -> None:
        await asyncio.wait_for(ctx.next(), 5)

    ctx = await walk(by_task, awaited, by_task, awaited, by_task, ending(log, "end"))
    assert ctx.error is None
    assert log == ["end"]


async def test_after_a_wait_that_was_given_up_next_cannot_be_tried_again() -> None:
    """A handler that stops waiting for the rest cannot have it run once more."""
    log: list[str] = []
    gate = asyncio.Event()
    tasks: list[asyncio.Task[None]] = []

    async def impatient(ctx: Chain) -> None:
        tasks.append(asyncio.create_task(ctx.next()))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(tasks[0]), 0)
        with pytest.raises(RuntimeError):
            await ctx.next()
        gate.set()
        await tasks[0]

    async def slow(ctx: Chain) -> None:
        del ctx
        log.append("slow")
        await gate.wait()

    ctx = await walk(impatient, slow)
    assert ctx.error is None
    assert log == ["slow"]


async def test_next_on_a_chain_that_never_ran_raises() -> None:
    """Without a running handler there is no rest."""
    with pytest.raises(RuntimeError):
        await PlainContext().next()


async def test_has_next_until_next_was_called() -> None:
    """Hooks go on by themselves where the handler did not."""
    seen: list[bool] = []

    async def handler(ctx: Chain) -> None:
        seen.append(ctx.has_next)
        await ctx.next()
        seen.append(ctx.has_next)

    await walk(handler)
    assert seen == [True, False]


async def outcome(call: Coroutine[Any, Any, None]) -> bool:
    """Tell whether a call of `next()` ran the rest."""
    try:
        await call
    except RuntimeError:
        return False
    return True


async def call_next(ctx: Chain, way: str) -> list[bool | asyncio.Task[bool]]:
    """Call `next()` in one of many ways; return the outcomes, or the task it is left to."""
    if way == "awaited":
        return [await outcome(ctx.next())]
    if way == "gathered":
        return [*await asyncio.gather(outcome(ctx.next()), outcome(ctx.next()))]
    if way == "shielded":
        return [await asyncio.shield(outcome(ctx.next()))]
    if way == "with a limit":
        return [await asyncio.wait_for(outcome(ctx.next()), 60)]
    if way == "left to a task":
        return [asyncio.create_task(outcome(ctx.next()))]
    await settle(2)
    return []


WAYS = ["awaited", "gathered", "shielded", "with a limit", "left to a task", "not at all"]


@settings(max_examples=300)
@given(st.lists(st.lists(st.sampled_from(WAYS), min_size=1, max_size=3), max_size=4))
async def test_however_often_and_however_next_is_called(programs: list[list[str]]) -> None:
    """Exactly one of a handler's calls runs the rest, once; without a call nothing runs it."""
    started: list[int] = []
    outcomes: list[list[bool]] = []

    def handler(number: int) -> Any:
        async def handle(ctx: Chain) -> None:
            started.append(number)
            calls = [call for way in programs[number] for call in await call_next(ctx, way)]
            outcomes.append([call if isinstance(call, bool) else await call for call in calls])

        return handle

    ctx = await walk(*map(handler, range(len(programs))))
    assert ctx.error is None
    reached = takewhile(lambda ways: {*ways} - {"not at all"}, programs)
    assert started == list(range(min(len(list(reached)) + 1, len(programs))))
    assert all(calls.count(True) == 1 for calls in outcomes if calls)
