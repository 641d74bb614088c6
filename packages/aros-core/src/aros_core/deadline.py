"""The deadline that a handler sets on what runs below it in the chain."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aros_core.errors import DeadlineExceeded
from aros_core.worker_call import current_call

if TYPE_CHECKING:
    from aros_core.steps import Step


class Deadline:
    """Cancels what its owner's `next()` runs, or the owner itself where that runs nothing.

    Deadlines of one chain form a stack through `outer`; each is over when what it cancels returns.
    """

    __slots__ = (
        "_cancelling",
        "_expired",
        "_is_over",
        "_seconds",
        "_task",
        "_timer",
        "outer",
        "owner",
    )

    def __init__(self, seconds: float, owner: Step, outer: Deadline | None) -> None:
        self._seconds = seconds
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._cancelling = 0
        self._expired = False
        self._is_over = False
        self.owner = owner
        self.outer = outer

    def start(self) -> None:
        """Start the clock; a worker thread may ask for it, too."""
        call = current_call()
        if call is None:
            loop = asyncio.get_running_loop()
            self._start(loop, asyncio.current_task(), loop.time() + self._seconds)
        else:
            when = call.loop.time() + self._seconds
            call.loop.call_soon_threadsafe(self._start, call.loop, call.task, when)

    def _start(
        self, loop: asyncio.AbstractEventLoop, task: asyncio.Task[object] | None, when: float
    ) -> None:
        if not self._is_over:
            self._watch(task)
            self._timer = loop.call_at(when, self._expire)

    def watch_current_task(self) -> None:
        """Make the current task the one that is cancelled when the time comes."""
        self._watch(asyncio.current_task())

    def _watch(self, task: asyncio.Task[object] | None) -> None:
        assert task is not None, "a chain runs in a task"
        self._task = task
        self._cancelling = task.cancelling()

    def _expire(self) -> None:
        assert self._task is not None
        self._expired = True
        self._task.cancel()

    def stop(self) -> bool:
        """Stop the clock; tell whether the deadline passed and nobody else asked to cancel.

        Its own request to cancel is taken back.
        """
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
        if not self._expired or self._task is None:
            return False
        self._expired = False
        return self._task.uncancel() <= self._cancelling

    @staticmethod
    def may_cause(interruption: BaseException) -> bool:
        """Tell whether an interruption is of the kind that deadlines cause."""
        return isinstance(interruption, asyncio.CancelledError)

    def error(self, cause: Exception | None) -> DeadlineExceeded:
        """Return the error that says so, with what handlers made of the cancellation as cause."""
        error = DeadlineExceeded(f"the deadline of {self._seconds:g} s passed")
        error.__cause__ = cause
        return error
