"""Tasks that start at once, and waiting that nothing cuts short."""

from __future__ import annotations

import asyncio
import sys
import time
from contextvars import ContextVar, copy_context

import pytest

from velaros.tasks import is_cancelled, outlast, start_task

from .helpers import settle

VARIABLE: ContextVar[str] = ContextVar("variable", default="default")


async def test_a_task_has_the_context_it_was_given() -> None:
    """What it sets stays in there."""
    context = copy_context()

    async def change() -> None:
        VARIABLE.set("changed")

    await start_task(change(), asyncio.get_running_loop(), context)
    assert context[VARIABLE] == "changed"
    assert VARIABLE.get() == "default"


async def test_a_task_starts_eagerly_where_python_can() -> None:
    """From 3.12 on, what never waits is done before `start_task` returns."""
    log: list[str] = []

    async def note() -> None:
        log.append("done")

    task = start_task(note(), asyncio.get_running_loop(), copy_context())
    assert task.done() is (sys.version_info >= (3, 12))
    await task
    assert log == ["done"]


@pytest.mark.parametrize("itself", [False, True])
async def test_tells_who_was_cancelled(itself: bool) -> None:
    """A task that is cancelled, from one whose wait was cancelled."""
    found: list[bool] = []
    awaited = asyncio.create_task(asyncio.Event().wait())

    async def wait() -> None:
        try:
            await awaited
        except asyncio.CancelledError:
            found.append(is_cancelled())

    task = asyncio.create_task(wait())
    await settle(3)
    (task if itself else awaited).cancel()
    await task
    assert found == [itself]


async def test_waiting_ends_with_the_tasks() -> None:
    """Nothing happened meanwhile, and an empty list is not waited for."""
    task = asyncio.create_task(asyncio.sleep(0))
    assert await outlast([task], 5) is None
    assert task.done()
    assert await outlast([], 5) is None


async def test_waiting_has_an_end() -> None:
    """What is not done by then is left to the caller."""
    task: asyncio.Task[None] = asyncio.create_task(asyncio.sleep(3600))
    begun = time.monotonic()
    assert await outlast([task], 0.01) is None
    assert time.monotonic() - begun < 1
    assert not task.done()
    task.cancel()


async def test_cancellations_do_not_cut_it_short() -> None:
    """The last one is given back when the waiting is over."""
    free = asyncio.Event()

    async def wait() -> None:
        await free.wait()

    async def patient() -> asyncio.CancelledError | None:
        return await outlast([asyncio.create_task(wait())], 5)

    task = asyncio.create_task(patient())
    for _ in range(3):
        await settle(3)
        task.cancel("please")
    await settle(3)
    assert not task.done()
    free.set()
    cancellation = await task
    assert cancellation is not None
    assert cancellation.args == ("please",)


async def test_a_cancellation_that_meets_the_end() -> None:
    """It is noticed even where nothing remains to be waited for."""

    async def patient() -> asyncio.CancelledError | None:
        done = asyncio.create_task(asyncio.sleep(0))
        return await outlast([done], 5)

    task = asyncio.create_task(patient())
    await settle(2)
    task.cancel()
    if task.cancelling():
        assert isinstance(await task, asyncio.CancelledError | None)


@pytest.mark.parametrize("cancels", [1, 5])
async def test_cancellations_do_not_prolong_it(cancels: int) -> None:
    """The time is counted from the beginning."""
    sleeper: asyncio.Task[None] = asyncio.create_task(asyncio.sleep(3600))
    task = asyncio.create_task(outlast([sleeper], 0.05))
    begun = time.monotonic()
    for _ in range(cancels):
        await asyncio.sleep(0.005)
        task.cancel()
    assert isinstance(await task, asyncio.CancelledError)
    assert time.monotonic() - begun < 1
    sleeper.cancel()
