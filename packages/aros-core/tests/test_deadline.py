"""Deadlines: what they cancel, what comes after, and whose cancellation is whose."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from aros_core import ContextClosedError
from aros_core.errors import DeadlineExceeded

from .helpers import Clock, PlainContext, ending, settle, until, walk

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aros_core.chain import Chain


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of the test's event loop."""
    return Clock(monkeypatch)


def limited(log: list[str], seconds: float) -> Callable[[Chain], Awaitable[None]]:
    """Return middleware with a deadline that logs what became of the rest."""

    async def handler(ctx: Chain) -> None:
        ctx.set_timeout(seconds)
        try:
            await ctx.next()
        except asyncio.CancelledError:
            log.append(f"{seconds:g}: cancelled")
            raise
        await settle()
        log.append(f"{seconds:g}: {ctx.error}")

    return handler


async def forever(ctx: Chain) -> None:
    """Wait for what never comes."""
    del ctx
    await asyncio.Event().wait()


def lasting(clock: Clock, seconds: float) -> Callable[[Chain], Awaitable[None]]:
    """Return a handler that takes this long and never ends by itself."""

    async def handler(ctx: Chain) -> None:
        clock.advance(seconds)
        await forever(ctx)

    return handler


async def test_it_cancels_what_next_runs(clock: Clock) -> None:
    """The error is a `TimeoutError`, and the middleware that set the deadline goes on."""
    log: list[str] = []
    ctx = await walk(limited(log, 5), lasting(clock, 6))
    assert log == ["5: the deadline of 5 s passed"]
    assert isinstance(ctx.error, DeadlineExceeded)
    assert isinstance(ctx.error, TimeoutError)


async def test_it_cancels_its_own_handler_where_next_runs_nothing(clock: Clock) -> None:
    """A handler at the end of the chain can limit itself; those before it go on."""
    log: list[str] = []

    async def before(ctx: Chain) -> None:
        await ctx.next()
        await settle()
        log.append(str(ctx.error))

    async def handler(ctx: Chain) -> None:
        ctx.set_timeout(2)
        await lasting(clock, 3)(ctx)

    await walk(before, handler)
    assert log == ["the deadline of 2 s passed"]


async def test_it_is_over_when_next_returns(clock: Clock) -> None:
    """What the middleware does after the rest takes the time it takes."""
    log: list[str] = []

    async def handler(ctx: Chain) -> None:
        ctx.set_timeout(5)
        await ctx.next()
        clock.advance(6)
        await settle()
        log.append("done")

    ctx = await walk(handler, ending(log, "rest"))
    assert log == ["rest", "done"]
    assert ctx.error is None


async def test_it_is_over_when_its_handler_returns(clock: Clock) -> None:
    """A deadline that did not pass has no effect on those before."""

    async def before(ctx: Chain) -> None:
        await ctx.next()
        clock.advance(6)
        await settle()

    async def handler(ctx: Chain) -> None:
        ctx.set_timeout(5)

    assert (await walk(before, handler)).error is None


async def test_the_shorter_one_passes_first(clock: Clock) -> None:
    """An inner one leaves the outer handlers alone, an outer one cancels the inner handlers."""
    log: list[str] = []
    await walk(limited(log, 9), limited(log, 5), lasting(clock, 6))
    assert log == ["5: the deadline of 5 s passed", "9: the deadline of 5 s passed"]
    log.clear()
    await walk(limited(log, 5), limited(log, 9), lasting(clock, 6))
    assert log == ["9: cancelled", "5: the deadline of 5 s passed"]


async def test_two_that_pass_together(clock: Clock) -> None:
    """Both requests to cancel are taken back, and the outer one is the error."""
    log: list[str] = []
    ctx = await walk(limited(log, 5), limited(log, 6), lasting(clock, 7))
    assert log == ["6: cancelled", "5: the deadline of 5 s passed"]
    assert str(ctx.error) == "the deadline of 5 s passed"
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_new_call_replaces_it(clock: Clock) -> None:
    """The time counts from the last call of the same handler."""
    log: list[str] = []

    async def handler(ctx: Chain) -> None:
        ctx.set_timeout(5)
        clock.advance(4)
        await settle()
        ctx.set_timeout(8)
        await ctx.next()
        log.append(str(ctx.error))

    async def rest(ctx: Chain) -> None:
        clock.advance(7)
        await settle()
        log.append("not yet")
        await lasting(clock, 2)(ctx)

    await walk(handler, rest)
    assert log == ["not yet", "the deadline of 8 s passed"]


async def test_somebody_elses_cancellation_passes_through(clock: Clock) -> None:
    """Before the deadline, and even when that passes at the same time."""
    for seconds in (5, 15):
        ctx = PlainContext()
        log: list[str] = []
        task = asyncio.create_task(walk(limited(log, 10), forever, ctx=ctx))
        await settle()
        clock.advance(seconds)
        task.get_loop().call_soon(task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert log == ["10: cancelled"]
        assert ctx.error is None


async def test_a_timeout_of_the_handlers_own_is_not_disturbed(clock: Clock) -> None:
    """`asyncio.timeout` inside works as ever, and afterwards as well."""
    log: list[str] = []

    async def handler(ctx: Chain) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await lasting(clock, 3)(ctx)
        log.append("own timeout")

    ctx = await walk(limited(log, 5), handler)
    assert log == ["own timeout", "5: None"]
    await walk(limited(log, 5), lasting(clock, 6))
    await handler(ctx)
    assert log[-1] == "own timeout"


async def test_a_handler_that_swallows_the_cancellation_is_too_late_all_the_same(
    clock: Clock,
) -> None:
    """The deadline passed, whatever the handler makes of it; its error is kept as the cause."""

    async def stubborn(ctx: Chain) -> None:
        try:
            await lasting(clock, 6)(ctx)
        except asyncio.CancelledError:
            pass

    async def failing(ctx: Chain) -> None:
        try:
            await lasting(clock, 6)(ctx)
        except asyncio.CancelledError:
            raise ValueError("in clean-up") from None

    log: list[str] = []
    for handler, cause in ((stubborn, ""), (failing, "ValueError: in clean-up")):
        ctx = await walk(limited(log, 5), handler)
        assert isinstance(ctx.error, DeadlineExceeded)
        assert cause in ctx.error_stack
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_what_is_no_cancellation_goes_through(clock: Clock) -> None:
    """What ends the whole program is not taken for the deadline's doing, though that passed."""

    class Stop(BaseException):
        pass

    async def stopping(ctx: Chain) -> None:
        try:
            await lasting(clock, 6)(ctx)
        except asyncio.CancelledError:
            raise Stop from None

    with pytest.raises(Stop):
        await walk(limited([], 5), stopping)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_it_cancels_the_task_that_runs_the_rest(clock: Clock) -> None:
    """A handler that moved the rest to a task of its own is not cancelled with it."""
    log: list[str] = []

    async def handler(ctx: Chain) -> None:
        ctx.set_timeout(5)
        task = asyncio.create_task(ctx.next())
        await until(task.done)
        log.append(str(ctx.error))

    await walk(handler, lasting(clock, 6))
    assert log == ["the deadline of 5 s passed"]


async def test_one_without_an_owner_is_for_the_whole_walk(clock: Clock) -> None:
    """What is set before the walk limits all of it."""
    ctx = PlainContext()
    ctx.set_timeout(5)
    await walk(lasting(clock, 6), ctx=ctx)
    assert isinstance(ctx.error, DeadlineExceeded)


async def test_all_can_be_stopped(clock: Clock) -> None:
    """What takes over, as a WebSocket does, has its own time."""
    log: list[str] = []

    async def taking_over(ctx: Chain) -> None:
        ctx.stop_deadlines()
        clock.advance(20)
        await settle()
        log.append("lives")

    await walk(limited(log, 5), limited(log, 6), taking_over)
    assert log == ["lives", "6: None", "5: None"]


# Plain functions


async def test_a_plain_function_goes_on_after_the_rest_was_cancelled(clock: Clock) -> None:
    """Its deadline cancels what it waits for in `next()`, not itself."""
    log: list[str] = []

    def handler(ctx: PlainContext) -> None:
        ctx.set_timeout(5)
        ctx.wait(ctx.next())
        log.append(str(ctx.error))

    await walk(handler, lasting(clock, 6))
    assert log == ["the deadline of 5 s passed"]


async def test_a_plain_function_is_left_behind(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Where it works when its time is up, its thread goes on to its next wait, which raises."""
    log: list[str] = []
    begun, gate, over = threading.Event(), threading.Event(), threading.Event()

    def handler(ctx: PlainContext) -> None:
        ctx.set_timeout(5)
        begun.set()
        gate.wait()
        try:
            ctx.wait(ctx.unmarshal())
        except ContextClosedError:
            log.append("refused")
        over.set()

    walking = asyncio.create_task(walk(handler))
    await until(begun.is_set)
    clock.advance(6)
    ctx = await walking
    assert isinstance(ctx.error, DeadlineExceeded)
    gate.set()
    await until(over.is_set)
    assert log == ["refused"]
    assert "handler goes on: threads cannot be cancelled" in caplog.text


async def test_a_plain_function_can_replace_its_deadline(clock: Clock) -> None:
    """Also before the event loop has heard of the first one."""
    log: list[str] = []

    def handler(ctx: PlainContext) -> None:
        ctx.set_timeout(5)
        ctx.set_timeout(8)
        ctx.wait(ctx.next())
        log.append(str(ctx.error))

    async def rest(ctx: Chain) -> None:
        clock.advance(7)
        await settle()
        log.append("not yet")
        await lasting(clock, 2)(ctx)

    await walk(handler, rest)
    assert log == ["not yet", "the deadline of 8 s passed"]
