"""Plain functions in threads: results, errors, context variables, waits and their end."""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import logging
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from aros_core import ContextClosedError, threads
from aros_core.errors import DisconnectedError
from aros_core.threads import ThreadCall, calling_task, run_in_thread
from aros_core.worker_call import current_call
from aros_core.workers import Workers

from .helpers import settle, until

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

USER: ContextVar[str] = ContextVar("user")


def waiting_call() -> ThreadCall:
    """Return the call that runs in this thread."""
    call = current_call()
    assert call is not None
    return call


async def test_the_result_comes_back_and_the_event_loop_is_free_meanwhile() -> None:
    """The function runs in another thread, and others run on the loop."""
    gate = threading.Event()

    def function(argument: int) -> tuple[int, int]:
        gate.wait()
        return argument, threading.get_ident()

    task = asyncio.create_task(run_in_thread(function, 7))
    await settle()
    gate.set()
    result, thread = await task
    assert result == 7
    assert thread != threading.get_ident()
    assert current_call() is None


async def test_context_variables_are_carried_over() -> None:
    """The function sees those of its caller, and so does what it waits for; not the other way."""
    USER.set("ada")

    async def look() -> str:
        return USER.get()

    def function(_: object) -> list[str]:
        before = USER.get()
        USER.set("bob")
        return [before, waiting_call().wait(look())]

    assert await run_in_thread(function, None) == ["ada", "bob"]
    assert USER.get() == "ada"


async def test_errors_come_back() -> None:
    """What the function raises is raised where it was called."""

    def function(_: object) -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await run_in_thread(function, None)


@pytest.mark.parametrize("kind", [StopIteration, concurrent.futures.CancelledError])
async def test_errors_that_futures_do_not_carry(kind: type[Exception]) -> None:
    """They come back as the cause of a `RuntimeError` instead of hanging or cancelling."""

    def function(_: object) -> None:
        raise kind

    with pytest.raises(RuntimeError, match=kind.__name__) as caught:
        await run_in_thread(function, None)
    assert isinstance(caught.value.__cause__, kind)


async def test_wait_runs_an_awaitable_on_the_loop() -> None:
    """Coroutines, tasks and futures give their results, or raise their errors, in the thread."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[int] = loop.create_future()

    async def on_loop() -> int:
        assert asyncio.get_running_loop() is loop
        return 1

    async def failing() -> None:
        raise ValueError("broken")

    def function(_: object) -> list[Any]:
        results: list[Any] = [waiting_call().wait(on_loop()), waiting_call().wait(future)]
        with pytest.raises(ValueError, match="broken"):
            waiting_call().wait(failing())
        return results

    loop.call_soon(future.set_result, 2)
    assert await run_in_thread(function, None) == [1, 2]


async def test_what_a_function_waits_for_works_for_its_caller() -> None:
    """The caller's task is the one to spare or stop; tasks of their own are others."""
    found: list[asyncio.Task[Any] | None] = []

    async def look() -> None:
        found.append(calling_task())
        own = asyncio.create_task(look_on())
        await own
        assert found[1] is own

    async def look_on() -> None:
        found.append(calling_task())

    assert calling_task() is asyncio.current_task()
    await run_in_thread(lambda _: waiting_call().wait(look()), None)
    assert found[0] is asyncio.current_task()


async def test_waiting_for_something_that_was_cancelled() -> None:
    """It is a cancellation in the thread as it would be on the loop."""
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    future.cancel()

    def function(_: object) -> int:
        return waiting_call().wait(future)

    with pytest.raises(asyncio.CancelledError):
        await run_in_thread(function, None)


async def test_functions_that_wait_for_each_other_find_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many wait, those that they wait for can work: no deadlock."""
    monkeypatch.setattr(threads, "_workers", Workers(2, "few"))
    arrived: list[int] = []

    async def inner(depth: int) -> int:
        arrived.append(depth)
        await until(lambda: arrived.count(depth) == 10)
        return await run_in_thread(outer, depth)

    def outer(depth: int) -> int:
        return waiting_call().wait(inner(depth - 1)) + 1 if depth else 0

    results = await asyncio.gather(*(run_in_thread(outer, 3) for _ in range(10)))
    assert results == [3] * 10


async def cancel_when(
    begun: Callable[[], object], function: Callable[[None], object]
) -> threading.Event:
    """Run a function in a thread, cancel its caller; return the event of the thread's end."""
    over = threading.Event()

    def observed(_: None) -> None:
        try:
            function(None)
        finally:
            over.set()

    task = asyncio.create_task(run_in_thread(observed, None))
    await until(begun)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return over


async def test_a_cancelled_functions_next_wait_raises(caplog: pytest.LogCaptureFixture) -> None:
    """The thread goes on, which is logged, and hears of it when it waits; nothing is awaited."""
    begun, gate = threading.Event(), threading.Event()
    log: list[str] = []

    async def never() -> None:
        log.append("ran")

    def function(_: None) -> None:
        begun.set()
        gate.wait()
        with pytest.raises(ContextClosedError):
            waiting_call().wait(never())
        log.append("refused")
        raise ContextClosedError

    over = await cancel_when(begun.is_set, function)
    gate.set()
    await until(over.is_set)
    assert log == ["refused"]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "observed goes on: threads cannot be cancelled" in record.message


async def test_a_cancelled_functions_present_wait_raises() -> None:
    """What it waits for is cancelled as well."""
    log: list[str] = []
    gate = asyncio.Event()

    async def waits() -> None:
        log.append("waits")
        try:
            await gate.wait()
        finally:
            log.append("cancelled")

    def function(_: None) -> None:
        with pytest.raises(ContextClosedError):
            waiting_call().wait(waits())
        log.append("refused")

    over = await cancel_when(lambda: log, function)
    await until(over.is_set)
    assert log == ["waits", "cancelled", "refused"]


async def test_what_a_thread_waits_for_has_ended_when_its_caller_has() -> None:
    """Clean-up on the loop is part of the call, even if that is cancelled with it."""
    log: list[str] = []

    async def waits() -> None:
        log.append("waits")
        try:
            await asyncio.Event().wait()
        finally:
            await settle()
            log.append("cleaned up")

    over = await cancel_when(lambda: log, lambda _: waiting_call().wait(waits()))
    assert log == ["waits", "cleaned up"]
    await until(over.is_set)


async def test_a_wait_that_begins_as_the_call_is_abandoned_raises(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between the thread's question and the loop's answer there is no gap to be lost in."""
    loop = asyncio.get_running_loop()
    schedule = loop.call_soon_threadsafe
    log: list[str] = []

    async def never() -> None:
        log.append("ran")

    def abandoning_first(*arguments: Any) -> object:
        if (call := current_call()) is not None:
            call.abandon()
        return schedule(*arguments)

    def function(_: object) -> None:
        waiting_call().wait(never())

    monkeypatch.setattr(loop, "call_soon_threadsafe", abandoning_first)
    with pytest.raises(ContextClosedError):
        await run_in_thread(function, None)
    assert log == []


async def test_an_abandoned_threads_error_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody else would hear of it."""
    begun, gate = threading.Event(), threading.Event()

    def function(_: None) -> None:
        begun.set()
        gate.wait()
        raise ValueError("late")

    await cancel_when(begun.is_set, function)
    caplog.clear()
    gate.set()
    await until(lambda: caplog.records)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "late"


async def test_what_an_abandoned_thread_says_of_its_client_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """That the client has left is the usual reason for the end, and known."""
    caplog.set_level(logging.DEBUG, "aros_core")
    begun, gate = threading.Event(), threading.Event()

    def function(_: None) -> None:
        begun.set()
        gate.wait()
        raise DisconnectedError("the client is gone")

    await cancel_when(begun.is_set, function)
    caplog.clear()
    gate.set()
    await until(lambda: caplog.records)
    (record,) = caplog.records
    assert record.levelno == logging.DEBUG


async def test_a_wait_that_is_abandoned_before_it_begins_closes_its_coroutine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A coroutine that nobody has awaited would be warned of."""
    loop = asyncio.get_running_loop()
    schedule = loop.call_soon_threadsafe
    awaited: list[Coroutine[Any, Any, None]] = []

    async def never() -> None:
        """Never begin."""

    def abandoning_next(callback: Any, *arguments: Any) -> object:
        call = current_call()
        if call is None:
            return schedule(callback, *arguments)
        return schedule(lambda: (callback(*arguments), call.abandon()))

    def function(_: object) -> None:
        awaited.append(never())
        waiting_call().wait(awaited[0])

    monkeypatch.setattr(loop, "call_soon_threadsafe", abandoning_next)
    with pytest.raises(ContextClosedError):
        await run_in_thread(function, None)
    assert inspect.getcoroutinestate(awaited[0]) == "CORO_CLOSED"


async def test_a_coroutine_that_an_abandoned_thread_returns_is_closed() -> None:
    """Nobody is going to await it, which is no reason for a warning."""
    begun, gate = threading.Event(), threading.Event()
    returned: list[Coroutine[Any, Any, None]] = []

    async def late() -> None:
        """Never begin."""

    def function(_: None) -> Coroutine[Any, Any, None]:
        begun.set()
        gate.wait()
        returned.append(late())
        return returned[0]

    task = asyncio.create_task(run_in_thread(function, None))
    await until(begun.is_set)
    task.cancel()
    await asyncio.wait([task])
    gate.set()
    await until(lambda: returned and inspect.getcoroutinestate(returned[0]) == "CORO_CLOSED")


async def test_a_function_that_has_no_thread_yet_never_runs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Cancelled before its turn, there is nothing to abandon and nothing to log."""
    monkeypatch.setattr(threads, "_workers", Workers(1, "one"))
    gate = threading.Event()
    log: list[str] = []
    first = asyncio.create_task(run_in_thread(lambda _: gate.wait(), None))
    second = asyncio.create_task(run_in_thread(lambda _: log.append("ran"), None))
    await settle()
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    gate.set()
    await first
    assert await run_in_thread(lambda _: "next", None) == "next"
    assert log == []
    assert not caplog.records


def test_a_wait_after_the_loop_was_closed_raises() -> None:
    """A thread that outlives the loop hears of it at its next wait."""
    kept: list[ThreadCall] = []

    async def never() -> None:
        raise AssertionError

    async def main() -> None:
        kept.append(ThreadCall())

    asyncio.run(main())
    with pytest.raises(ContextClosedError):
        kept[0].wait(never())
    with pytest.raises(ContextClosedError):
        kept[0].wait(Ready())


class Ready:
    """An awaitable that is no coroutine."""

    def __await__(self) -> Any:
        yield


async def test_a_call_without_a_place_of_its_own_waits_all_the_same() -> None:
    """Threads of other pools can wait as well; they have no place to give up."""
    call = ThreadCall()

    async def value() -> int:
        return 3

    def function(_: object) -> int:
        return waiting_call().wait(value())

    thread = asyncio.get_running_loop().run_in_executor(None, call.run, function, None)
    assert await thread == 3
