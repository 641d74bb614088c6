"""Which messages are handled and which wait: slots, order and limits.

Nothing here waits or sends; times are the caller's clock, in seconds.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

M = TypeVar("M")

MAX_WAITING_BYTES = 1024 * 1024
"""How many bytes of messages may wait, however few they are."""

MAX_WAIT = 10.0
"""How many seconds a message waits for a slot."""


class Inbox(Generic[M]):
    """Slots for the messages of one socket that run, and a queue for those that wait."""

    __slots__ = ("_max_running", "_max_waiting", "_queue", "running", "waiting", "waiting_bytes")

    def __init__(self, max_running: int, max_waiting: int) -> None:
        self._max_running = max_running
        self._max_waiting = max_waiting
        self._queue: deque[tuple[M, int, float]] | None = None
        self.running = 0
        """How many slots are taken; who is done with one gives it back here."""
        self.waiting = 0
        """How many messages wait, in the queue and in conversations."""
        self.waiting_bytes = 0

    @property
    def is_full(self) -> bool:
        """Whether a further message has no place to wait."""
        return self.waiting >= self._max_waiting or self.waiting_bytes >= MAX_WAITING_BYTES

    def take_slot(self) -> bool:
        """Take a slot for a new message, unless all are taken or others come first."""
        if self._queue or self.running >= self._max_running:
            return False
        self.running += 1
        return True

    def enqueue(self, message: M, size: int, now: float) -> None:
        """Have a message wait for a slot."""
        if self._queue is None:
            self._queue = deque()
        self._queue.append((message, size, now))
        self.hold(size)

    def dequeue(self) -> M | None:
        """Take a slot for the message that waits longest; `None` when none can start."""
        if not self._queue or self.running >= self._max_running:
            return None
        self.running += 1
        message, size, _ = self._queue.popleft()
        self.let_go(size)
        return message

    def expired(self, now: float) -> list[M]:
        """Take out the messages that have waited for a slot too long."""
        late: list[M] = []
        while self._queue and self._queue[0][2] + MAX_WAIT <= now:
            message, size, _ = self._queue.popleft()
            self.let_go(size)
            late.append(message)
        return late

    def next_expiry(self) -> float | None:
        """Return when the message that waits longest has waited too long."""
        return self._queue[0][2] + MAX_WAIT if self._queue else None

    def hold(self, size: int) -> None:
        """Count a message as waiting."""
        self.waiting += 1
        self.waiting_bytes += size

    def let_go(self, size: int) -> None:
        """Count a message as waiting no longer."""
        self.waiting -= 1
        self.waiting_bytes -= size

    def clear(self) -> None:
        """Forget the messages that wait for a slot."""
        self._queue = None
