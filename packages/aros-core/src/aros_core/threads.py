"""Plain functions in worker threads, and their way back to the event loop."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from aros_core.errors import ContextClosedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")
C = TypeVar("C")

MAX_THREADS = 40
"""How many plain functions run at once in one process; further ones wait for a thread."""

_log = logging.getLogger("aros_core")
_executor = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="aros-handler")
_here = threading.local()


class ThreadCall:
    """One call of a plain function in a worker thread."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.task = asyncio.current_task()
        self._abandoned = False
        self._waiting: Future[Any] | None = None

    def run(self, function: Callable[[C], T], argument: C) -> T:
        """Call the function in this thread, which must be a worker."""
        _here.call = self
        try:
            return function(argument)
        except StopIteration as error:
            # A future refuses StopIteration, and whoever awaits it would wait forever.
            raise RuntimeError("the handler raised StopIteration") from error
        finally:
            _here.call = None

    def wait(self, awaitable: Awaitable[T]) -> T:
        """Run the awaitable on the event loop and return its result to this thread."""
        coroutine = _awaited(awaitable)
        if self._abandoned:
            coroutine.close()
            raise ContextClosedError
        self._waiting = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        try:
            return self._waiting.result()
        except CancelledError:
            raise ContextClosedError from None
        finally:
            self._waiting = None

    def abandon(self) -> None:
        """Make the thread's waits, the present one included, raise `ContextClosedError`."""
        self._abandoned = True
        if (waiting := self._waiting) is not None:
            waiting.cancel()


def current_call() -> ThreadCall | None:
    """Return the call that runs in this thread, `None` outside the worker threads."""
    return getattr(_here, "call", None)


async def run_in_thread(function: Callable[[C], T], argument: C) -> T:
    """Call a plain function in a worker thread, context variables carried over.

    A thread cannot be cancelled: where the caller is, the function goes on by itself, which is
    logged, and its next `wait` raises `ContextClosedError`.
    """
    call = ThreadCall()
    context = contextvars.copy_context()
    future = _executor.submit(context.run, call.run, function, argument)
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        call.abandon()
        if future.running():
            name = getattr(function, "__qualname__", repr(function))
            _log.warning("the thread of %s goes on: threads cannot be cancelled", name)
        raise


async def _awaited(awaitable: Awaitable[T]) -> T:
    return await awaitable
