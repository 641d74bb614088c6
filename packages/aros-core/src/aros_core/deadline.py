"""The deadline that a handler sets on what runs below it in the chain."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aros_core.chain import Link
    from aros_core.threads import ThreadCall


class DeadlineExceeded(TimeoutError):
    """The deadline of a handler passed; other timeouts are the program's own affair."""


class Deadline:
    """Cancels what its owner's `next()` runs, or the owner itself where that runs nothing.

    Deadlines of one chain form a stack through `outer`; each is over when its owner returns.
    """

    __slots__ = ("_cancelling", "_seconds", "_task", "_timer", "expired", "outer", "owner")

    def __init__(self, seconds: float, owner: Link | None, outer: Deadline | None) -> None:
        self._seconds = seconds
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._cancelling = 0
        self.expired = False
        self.owner = owner
        self.outer = outer

    def start(self, call: ThreadCall | None) -> None:
        """Start the clock, on the event loop of `call` where a worker thread asks for it."""
        if call is None:
            self._start(asyncio.current_task())
        else:
            call.loop.call_soon_threadsafe(self._start, call.task)

    def _start(self, task: asyncio.Task[object] | None) -> None:
        assert task is not None, "a chain runs in a task"
        self._task = task
        self._cancelling = task.cancelling()
        self._timer = task.get_loop().call_later(self._seconds, self._expire)

    def _expire(self) -> None:
        assert self._task is not None
        self.expired = True
        self._task.cancel()

    def stop(self) -> None:
        """Stop the clock."""
        if self._timer is not None:
            self._timer.cancel()

    def catch(self, runner: Link | None, running: Link) -> bool:
        """Tell whether a cancellation that leaves `running` is this deadline's, and take it back.

        `runner` is the link whose `next()` started `running`.
        """
        if not self.expired or self.owner not in (runner, running):
            return False
        assert self._task is not None
        return self._task.uncancel() <= self._cancelling

    def error(self) -> TimeoutError:
        """Return the error that stands for the deadline having passed."""
        return DeadlineExceeded(f"the deadline of {self._seconds:g} s passed")
