"""Blocking objects in worker threads: steps, ends, and what cancellation does to them."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from typing import TYPE_CHECKING

import pytest

from aros_core.errors import ContextClosedError
from aros_core.worker_call import current_call
from navaros.blocking import BlockingSteps, ThreadedIterator

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

color: contextvars.ContextVar[str] = contextvars.ContextVar("color")


class Gate:
    """A blocking step that tells when it has begun and goes on when it is let."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.begun = asyncio.Event()
        self.open = threading.Event()

    def wait(self, _: object = None) -> None:
        """Block until the gate is opened."""
        self.loop.call_soon_threadsafe(self.begun.set)
        assert self.open.wait(10)


class Ending:
    """The end of a blocking object: counts its calls, and can be awaited."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.happened = asyncio.Event()
        self.threads: list[threading.Thread] = []

    def __call__(self) -> None:
        """End it."""
        self.threads.append(threading.current_thread())
        self.loop.call_soon_threadsafe(self.happened.set)


async def test_a_step_runs_in_another_thread() -> None:
    """The step has the caller's context variables, and its result comes back."""
    color.set("blue")

    def step(argument: int) -> tuple[int, str, bool]:
        return argument + 1, color.get(), threading.current_thread() is threading.main_thread()

    assert await BlockingSteps().run(step, 1) == (2, "blue", False)


async def test_a_step_raises_to_its_caller() -> None:
    """What the step raises, the caller sees."""
    with pytest.raises(ZeroDivisionError):
        await BlockingSteps().run(lambda zero: 1 // zero, 0)


async def test_a_step_can_wait_for_the_event_loop() -> None:
    """Plain code in a step has the way back to the loop that plain handlers have."""

    async def answer() -> int:
        return 42

    def step(_: None) -> int:
        call = current_call()
        assert call is not None
        return call.wait(answer())

    assert await BlockingSteps().run(step, None) == 42


async def test_the_end_runs_in_a_thread() -> None:
    """The end may block as well."""
    ending = Ending()
    await BlockingSteps().finish(ending)
    assert ending.threads != [threading.main_thread()]
    assert len(ending.threads) == 1


async def test_the_end_raises_to_its_caller() -> None:
    """What the end raises, the caller sees."""
    with pytest.raises(ZeroDivisionError):
        await BlockingSteps().finish(lambda: 1 // 0)


async def test_the_end_comes_after_a_step_that_was_left_alone() -> None:
    """A cancelled caller does not stop the thread, and the end waits for it, not for the caller."""
    steps, gate, ending = BlockingSteps(), Gate(), Ending()
    task = asyncio.create_task(steps.run(gate.wait, None))
    await gate.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await steps.finish(ending)
    assert ending.threads == []
    gate.open.set()
    await ending.happened.wait()
    assert len(ending.threads) == 1


async def test_a_step_that_was_left_alone_cannot_wait_any_more() -> None:
    """After its caller was cancelled, a step that waits for the loop gets an error."""
    steps, gate = BlockingSteps(), Gate()
    errors: list[Exception] = []

    never = gate.loop.create_future()

    def step(_: None) -> None:
        call = current_call()
        assert call is not None
        gate.wait()
        try:
            call.wait(never)
        except ContextClosedError as error:
            errors.append(error)

    task = asyncio.create_task(steps.run(step, None))
    await gate.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    ending = Ending()
    await steps.finish(ending)
    gate.open.set()
    await ending.happened.wait()
    assert len(errors) == 1


async def test_a_cancelled_end_is_done_all_the_same() -> None:
    """Cancelling the wait for the end does not keep the object open."""
    steps, gate, ending = BlockingSteps(), Gate(), Ending()

    def end() -> None:
        gate.wait()
        ending()

    task = asyncio.create_task(steps.finish(end))
    await gate.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.open.set()
    await ending.happened.wait()


async def test_a_plain_iterator_becomes_asynchronous() -> None:
    """The items come in order, each made in a worker thread."""

    def threads() -> Iterator[threading.Thread]:
        yield threading.current_thread()
        yield threading.current_thread()

    found = [thread async for thread in ThreadedIterator(threads())]
    assert len(found) == 2
    assert threading.main_thread() not in found


async def test_an_exhausted_iterator_is_closed_once() -> None:
    """At its end the iterator is closed; closing again and going on do nothing."""
    ending = Ending()
    iterator = ThreadedIterator(iter([1]), ending)
    assert [item async for item in iterator] == [1]
    await iterator.aclose()
    assert len(ending.threads) == 1
    assert await anext(iterator, "over") == "over"


async def test_a_failing_iterator_is_closed() -> None:
    """An error ends the iterator, and its caller sees it."""
    ending = Ending()
    iterator = ThreadedIterator((1 // item for item in [1, 0]), ending)
    assert await anext(iterator) == 1
    with pytest.raises(ZeroDivisionError):
        await anext(iterator)
    assert len(ending.threads) == 1
    assert await anext(iterator, "over") == "over"


async def test_a_generator_is_closed_by_its_own_close() -> None:
    """Without another way to close it, a generator's clean-up runs."""
    cleaned: list[threading.Thread] = []

    def generate() -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            cleaned.append(threading.current_thread())

    iterator = ThreadedIterator(generate())
    assert await anext(iterator) == 1
    await iterator.aclose()
    assert len(cleaned) == 1
    assert threading.main_thread() not in cleaned


async def test_an_iterator_without_close_can_be_closed() -> None:
    """Where there is nothing to close, closing stops the iteration."""
    iterator = ThreadedIterator(iter([1, 2]))
    assert await anext(iterator) == 1
    await iterator.aclose()
    assert await anext(iterator, "over") == "over"


async def test_a_cancelled_iterator_is_closed_after_its_step() -> None:
    """Cancelled in the middle of a step, the iterator is closed when the step is done."""
    gate, ending = Gate(), Ending()

    def generate() -> Generator[int]:
        gate.wait()
        yield 1

    generator = generate()

    def close() -> None:
        generator.close()
        ending()

    task = asyncio.ensure_future(anext(ThreadedIterator(generator, close)))
    await gate.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ending.threads == []
    gate.open.set()
    await ending.happened.wait()
    assert inspect.getgeneratorstate(generator) == inspect.GEN_CLOSED
