"""What a client has received and nobody has taken yet."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

M = TypeVar("M")

MAX_BYTES = 1024 * 1024
"""How many bytes of messages may wait before their mailbox counts as full."""

BURST = 16
"""How many times its limits a mailbox may hold for as long as reading cannot pause."""


class Mailbox(Generic[M]):
    """A queue of messages for one purpose, which counts what waits in it."""

    __slots__ = ("_bytes", "_ending", "_limit", "_messages", "_on_room", "_takers")

    def __init__(self, limit: int, on_room: Callable[[], None]) -> None:
        """`limit` is a number of messages; `on_room` is called when one was taken."""
        self._limit = limit
        self._on_room = on_room
        self._messages: deque[tuple[M, int]] = deque()
        self._bytes = 0
        self._takers: deque[asyncio.Future[None]] = deque()
        self._ending: Callable[[], Exception] | None = None

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def is_full(self) -> bool:
        """Whether reading should pause until something was taken."""
        return len(self._messages) >= self._limit or self._bytes >= MAX_BYTES

    @property
    def is_bursting(self) -> bool:
        """Whether so much waits that the connection has to be given up."""
        return len(self._messages) >= self._limit * BURST or self._bytes >= MAX_BYTES * BURST

    def put(self, message: M, size: int) -> None:
        """Have a message wait."""
        self._messages.append((message, size))
        self._bytes += size
        self._wake_one()

    def drop_oldest(self) -> None:
        """Forget the message that waits longest."""
        _, size = self._messages.popleft()
        self._bytes -= size

    async def take(self) -> M:
        """Return the message that waits longest; wait for one when there is none.

        Raises the error of the mailbox's end when none will come.
        """
        while not self._messages:
            if self._ending is not None:
                raise self._ending()
            await self._wait()
        message, size = self._messages.popleft()
        self._bytes -= size
        self._on_room()
        return message

    def end(self, error: Callable[[], Exception]) -> None:
        """Say that no more messages come; who waits for one then gets a fresh `error()`."""
        self._ending = error
        for taker in self._takers:
            if not taker.done():
                taker.set_result(None)

    async def _wait(self) -> None:
        taker = asyncio.get_running_loop().create_future()
        self._takers.append(taker)
        try:
            await taker
        except asyncio.CancelledError:
            if taker.done() and not taker.cancelled():
                self._wake_one()
            raise
        finally:
            self._takers.remove(taker)

    def _wake_one(self) -> None:
        for taker in self._takers:
            if not taker.done():
                taker.set_result(None)
                return
