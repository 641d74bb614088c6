"""What blocks (files, plain iterators), used from the event loop through worker threads."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from aros_core.threads import ThreadCall

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future, ThreadPoolExecutor

A = TypeVar("A")
T = TypeVar("T")

MAX_THREADS: Final = 40
"""How many blocking steps run at once in one process; further ones wait for a thread."""

_END: Final[Any] = object()


@cache
def _executor() -> ThreadPoolExecutor:
    # Not the threads of plain handlers: all of those may be waiting for what is read and written.
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="navaros-blocking")


class BlockingSteps:
    """The use of one blocking object: one step at a time in a worker thread, and then its end.

    A thread cannot be cancelled. Where its caller is, the step goes on by itself, and the end comes
    after it: a file is never closed under the feet of a read.
    """

    __slots__ = ("_step",)

    def __init__(self) -> None:
        self._step: Future[Any] | None = None

    async def run(self, step: Callable[[A], T], argument: A) -> T:
        """Call `step` in a thread, context variables carried over, and return its result."""
        call = ThreadCall()
        context = contextvars.copy_context()
        self._step = future = _executor().submit(context.run, call.run, step, argument)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            call.abandon()
            raise

    async def finish(self, end: Callable[[], object]) -> None:
        """Call `end` in a thread, even if this is cancelled.

        Where a step still runs, `end` is called when that is done, and this does not wait for it.
        """
        if self._step is not None and not self._step.done():
            self._step.add_done_callback(lambda _: end())
            return
        self._step = _executor().submit(end)
        await asyncio.shield(asyncio.wrap_future(self._step))


class ThreadedIterator(AsyncIterator[T]):
    """A plain iterator that is advanced in worker threads.

    It is closed when it is exhausted, fails or is cancelled, or else by `aclose()`: by a call of
    `close`, by default the iterator's own `close` if it has one.
    """

    __slots__ = ("_close", "_is_over", "_iterator", "_steps")

    def __init__(self, iterator: Iterator[T], close: Callable[[], object] | None = None) -> None:
        self._iterator = iterator
        self._close: Callable[[], object] | None = close or getattr(iterator, "close", None)
        self._steps = BlockingSteps()
        self._is_over = False

    async def __anext__(self) -> T:
        if self._is_over:
            raise StopAsyncIteration
        try:
            item = await self._steps.run(_advance, self._iterator)
        except BaseException:
            await self.aclose()
            raise
        if item is _END:
            await self.aclose()
            raise StopAsyncIteration
        return item

    async def aclose(self) -> None:
        """Stop, and close the iterator."""
        if not self._is_over:
            self._is_over = True
            if self._close is not None:
                await self._steps.finish(self._close)


def _advance(iterator: Iterator[T]) -> T:
    return next(iterator, _END)
