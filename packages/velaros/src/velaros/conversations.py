"""Which waiting request, or which running handler, a message with an id belongs to.

Tables of ids; nothing here waits or sends.
"""

from __future__ import annotations

import os
from collections import deque
from typing import Generic, TypeAlias, TypeVar

from velaros.errors import TooManyRequests

W = TypeVar("W")
M = TypeVar("M")

MessageId: TypeAlias = str | int


class PendingRequests(Generic[W]):
    """What waits for answers from one client, by the ids that this side made.

    Ids begin with a random mark of the socket, so that late answers are known as such, and each
    has 64 random bits of its own, so that nobody can guess one.
    """

    __slots__ = ("_limit", "_waiters", "mark")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.mark = ""
        """What all ids begin with; empty as long as there is none."""
        self._waiters: dict[MessageId, W] = {}

    def __len__(self) -> int:
        return len(self._waiters)

    def add(self, waiter: W) -> str:
        """Keep what waits under a fresh id; raises `TooManyRequests` past the limit."""
        if len(self._waiters) >= self._limit:
            raise TooManyRequests(self._limit)
        if not self.mark:
            self.mark = f"{os.urandom(4).hex()}-"
        message_id = self.mark + os.urandom(8).hex()
        self._waiters[message_id] = waiter
        return message_id

    def get(self, message_id: MessageId) -> W | None:
        """Return what waits for this id, and goes on waiting."""
        return self._waiters.get(message_id)

    def take(self, message_id: MessageId) -> W | None:
        """Return what waits for this id, once."""
        return self._waiters.pop(message_id, None)

    def forget(self, message_id: MessageId) -> None:
        """Wait no longer; an answer that comes later is dropped."""
        self._waiters.pop(message_id, None)

    def made(self, message_id: MessageId) -> bool:
        """Tell whether this side made the id, for whatever request."""
        mark = self.mark
        return bool(mark) and isinstance(message_id, str) and message_id.startswith(mark)

    def clear(self) -> list[W]:
        """Forget all, and return what waited."""
        waiters = list(self._waiters.values())
        self._waiters.clear()
        return waiters


class Conversations(Generic[M]):
    """The messages of one socket that are being handled, and those that follow under their ids."""

    __slots__ = ("follow_ups", "owners")

    def __init__(self) -> None:
        self.owners: dict[MessageId, M] = {}
        """The messages that are being handled, or wait to be, by the ids of what follows them."""
        self.follow_ups: dict[MessageId, deque[M]] = {}
        """The messages that wait for a handler of their conversation, by id; only where some do."""

    def follow(self, message_id: MessageId, follow_up: M) -> None:
        """Have a message wait for the handler of the conversation."""
        self.follow_ups.setdefault(message_id, deque()).append(follow_up)

    def put_back(self, message_id: MessageId, follow_up: M) -> None:
        """Have a message wait again, before all others."""
        self.follow_ups.setdefault(message_id, deque()).appendleft(follow_up)

    def take(self, message_id: MessageId) -> M | None:
        """Return the follow-up that came first, for the handler of the conversation."""
        waiting = self.follow_ups.get(message_id)
        if not waiting:
            return None
        follow_up = waiting.popleft()
        if not waiting:
            del self.follow_ups[message_id]
        return follow_up

    def end(self, message_id: MessageId) -> M | None:
        """End a conversation; the first message that still waits begins the next one."""
        follow_up = self.take(message_id)
        if follow_up is None:
            self.owners.pop(message_id, None)
        else:
            self.owners[message_id] = follow_up
        return follow_up
