"""The end of streaming when the client leaves: what waits is cancelled, and goes no further."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from navaros.inbox import Inbox


class UntilOver:
    """A block that is left when the client is gone, wherever in it the task waits."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self._interrupted = False

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        assert self._task is not None, "an answer is sent in a task"
        self._cancelling = self._task.cancelling()
        self._inbox.on_over(self._interrupt)
        self._inbox.watch()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        task, self._task = self._task, None
        self._inbox.forget(self._interrupt)
        if not self._interrupted or task is None:
            return False
        # Only our own request to cancel is taken back; anybody else's goes on.
        ours_alone = task.uncancel() <= self._cancelling
        return ours_alone and kind is asyncio.CancelledError

    def _interrupt(self, _: object) -> None:
        if self._task is not None:
            self._interrupted = True
            self._task.cancel()
