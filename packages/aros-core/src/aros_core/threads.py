"""Plain functions in worker threads, and their way back to the event loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import inspect
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from aros_core.errors import ContextClosedError, is_client_error
from aros_core.worker_call import set_current_call
from aros_core.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")
C = TypeVar("C")

MAX_THREADS = 40
"""How many plain functions work at once in one process; further ones wait for a thread."""

_log = logging.getLogger("aros_core")
_workers = Workers(MAX_THREADS, "aros-handler")
_call: contextvars.ContextVar[ThreadCall | None] = contextvars.ContextVar(
    "aros_thread_call", default=None
)


class ThreadCall:
    """One call of a plain function in a worker thread."""

    def __init__(self, workers: Workers | None = None) -> None:
        """Make the call for the running task; in `workers` its waits give up its place."""
        self.loop = asyncio.get_running_loop()
        self.task = asyncio.current_task()
        self._workers = workers
        self._abandoned = False
        self._waiting: asyncio.Task[Any] | None = None

    def run(self, function: Callable[[C], T], argument: C) -> T:
        """Call the function in this thread, which must be a worker."""
        set_current_call(self)
        try:
            return function(argument)
        except (StopIteration, concurrent.futures.CancelledError) as error:
            # Futures have their own ideas of these two, and would not hand them on.
            raise RuntimeError(f"a plain function raised {type(error).__name__}") from error
        finally:
            set_current_call(None)

    def wait(self, awaitable: Awaitable[T]) -> T:
        """Run the awaitable on the event loop and return its result to this thread.

        Raises `ContextClosedError` when the call was abandoned, now or meanwhile.
        """
        if self._abandoned or self.loop.is_closed():
            discard(awaitable)
            raise ContextClosedError
        outcome: concurrent.futures.Future[T] = concurrent.futures.Future()
        self.loop.call_soon_threadsafe(self._begin_wait, awaitable, outcome)
        if self._workers is None:
            return outcome.result()
        self._workers.leave()
        try:
            return outcome.result()
        finally:
            self._workers.enter()

    def _begin_wait(self, awaitable: Awaitable[T], outcome: concurrent.futures.Future[T]) -> None:
        if self._abandoned:
            discard(awaitable)
            outcome.set_exception(ContextClosedError())
            return
        self._waiting = self.loop.create_task(_awaited(awaitable))
        self._waiting.add_done_callback(lambda task: self._end_wait(task, outcome))
        # Nobody has awaited it where the task was cancelled before it began.
        self._waiting.add_done_callback(lambda _: discard(awaitable))

    def _end_wait(self, task: asyncio.Task[T], outcome: concurrent.futures.Future[T]) -> None:
        self._waiting = None
        if task.cancelled():
            outcome.set_exception(
                ContextClosedError() if self._abandoned else asyncio.CancelledError()
            )
        elif error := task.exception():
            outcome.set_exception(error)
        else:
            outcome.set_result(task.result())

    def task_behind(self, task: asyncio.Task[Any] | None) -> asyncio.Task[Any] | None:
        """Return the caller's task for the one that this call waits for, any other as it is."""
        return self.task if task is self._waiting else task

    def abandon(self) -> asyncio.Task[Any] | None:
        """Make the thread's waits raise `ContextClosedError`, the present one included.

        Returns what the thread waits for, which is cancelled, `None` where it works.
        """
        self._abandoned = True
        if self._waiting is not None:
            self._waiting.cancel()
        return self._waiting


def calling_task() -> asyncio.Task[Any] | None:
    """Return the task of the handler that runs: for what a plain function waits for, its caller's.

    Elsewhere on the event loop it is the current task.
    """
    task, call = asyncio.current_task(), _call.get()
    return task if call is None else call.task_behind(task)


class InThread:
    """Runs a plain function in a worker thread; what it returns may be awaitable."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function

    async def __call__(self, ctx: Any) -> Any:
        """Call the function with the context."""
        result = await run_in_thread(self._function, ctx)
        return await result if inspect.isawaitable(result) else result


async def run_in_thread(function: Callable[[C], T], argument: C) -> T:
    """Call a plain function in a worker thread, context variables carried over.

    A thread cannot be cancelled, only what it waits for. Where the caller is cancelled, a function
    that works goes on by itself, which is logged, and its next `wait` raises `ContextClosedError`.
    """
    call = ThreadCall(_workers)
    context = contextvars.copy_context()
    context.run(_call.set, call)
    future = _workers.submit(lambda: context.run(lambda: call.run(function, argument)))
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        waiting = call.abandon()
        name = getattr(function, "__qualname__", repr(function))
        if waiting is not None:
            await asyncio.wait([waiting])
        elif future.running():
            _log.warning("the thread of %s goes on: threads cannot be cancelled", name)
        future.add_done_callback(partial(_drop_late_outcome, name))
        raise


def _drop_late_outcome(name: str, future: concurrent.futures.Future[Any]) -> None:
    if future.cancelled():
        return
    error = future.exception()
    if error is None:
        discard(future.result())
    elif is_client_error(error):
        _log.debug("%s in its thread, after its chain was over: %r", name, error)
    elif not isinstance(error, ContextClosedError):
        _log.error("%s failed in its thread after its chain was over", name, exc_info=error)


def discard(awaitable: Awaitable[object]) -> None:
    """Close a coroutine that nobody is going to await."""
    if asyncio.iscoroutine(awaitable):
        awaitable.close()


async def _awaited(awaitable: Awaitable[T]) -> T:
    return await awaitable
