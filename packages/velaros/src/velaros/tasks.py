"""Tasks that start at once where Python can, and waiting that nothing cuts short."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable
    from contextvars import Context

if sys.version_info >= (3, 12):

    def start_task(
        coroutine: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop, context: Context
    ) -> asyncio.Task[None]:
        """Run a coroutine in a task, up to where it first waits before this returns."""
        return asyncio.Task(coroutine, loop=loop, context=context, eager_start=True)

else:

    def start_task(
        coroutine: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop, context: Context
    ) -> asyncio.Task[None]:
        """Run a coroutine in a task, which begins with the next turn of the event loop."""
        return asyncio.Task(coroutine, loop=loop, context=context)


def is_cancelled() -> bool:
    """Tell whether the running task is cancelled, and not merely something that it awaits."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def outlast(
    tasks: Iterable[asyncio.Task[None]], timeout: float
) -> asyncio.CancelledError | None:
    """Wait for tasks for at most `timeout` seconds, also where the waiting is cancelled.

    Returns the last cancellation that came meanwhile, to be raised when all is done.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    cancellation: asyncio.CancelledError | None = None
    pending: set[asyncio.Task[None]] = set(tasks)
    while pending:
        try:
            await asyncio.wait(pending, timeout=max(0.0, deadline - loop.time()))
        except asyncio.CancelledError as error:
            cancellation = error
            pending = {task for task in pending if not task.done()}
        else:
            break
    return cancellation
