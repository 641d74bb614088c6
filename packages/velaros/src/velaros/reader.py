"""The reader: the session's own task, which brings messages from the connection to handlers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from velaros.connection import ConnectionEnded
from velaros.frames import size_of
from velaros.inbox import MAX_WAIT
from velaros.logs import logger
from velaros.status import Status

if TYPE_CHECKING:
    from velaros.session import Session

MAX_END_WAIT = 1.0
"""How many seconds to wait for word of how a connection ended that can no longer be sent on."""


class Reader:
    """Reads one socket's connection for as long as messages are taken.

    Only this task notices the end, so whoever else brings it about interrupts what it waits for.
    """

    __slots__ = (
        "_cancelled_before",
        "_end",
        "_is_interrupted",
        "_is_waiting",
        "_max_size",
        "_session",
        "_task",
        "room",
    )

    def __init__(self, session: Session) -> None:
        self._session = session
        self._max_size = session.router.max_message_size
        self._task: asyncio.Task[object] | None = None
        self._cancelled_before = 0
        self._is_waiting = False
        self._is_interrupted = False
        self.room: asyncio.Future[None] | None = None
        """What reading waits for while it pauses: something that frees a place."""
        self._end: ConnectionEnded | None = None

    async def run(self) -> None:
        """Read until the socket is closed, by whoever."""
        task = self._task = asyncio.current_task()
        assert task is not None, "a session lives in a task"
        self._cancelled_before = task.cancelling()
        session = self._session
        while not session.lifecycle.is_closing:
            try:
                await (self._read_on() if self._end is None else self._read_end(self._end))
            except ConnectionEnded as end:
                session.lifecycle.lose(end.status, end.reason, by_own_side=end.by_server)
            except OSError as error:
                logger.debug("socket %s: the connection failed: %r", session.id, error)
                session.lifecycle.lose(Status.ABNORMAL_CLOSURE, "")
            except asyncio.CancelledError:
                if not self._takes_back_interruption():
                    raise
            except Exception:
                logger.exception("socket %s: reading failed", session.id)
                self.cut_off(Status.INTERNAL_ERROR, "")
            finally:
                self._is_waiting = False
                self._takes_back_interruption()  # One that came too late is over as well.

    async def _read_on(self) -> None:
        """Read message after message, until something changes that others have brought about."""
        session = self._session
        dispatcher, lifecycle = session.dispatcher, session.lifecycle
        inbox, receive = dispatcher.inbox, session.connection.receive
        while lifecycle.close_status is None and self._end is None:
            self._is_waiting = True
            if inbox.waiting and dispatcher.is_full:
                await self._wait_for_room()
                continue
            raw = await receive()
            self._is_waiting = False
            if self._is_interrupted:
                return
            size = len(raw) if raw.isascii() else size_of(raw)
            if size > self._max_size:
                self._refuse_size()
                return
            refusal = dispatcher.take(raw, size)
            del raw  # It may be large, and the next one long in coming.
            if refusal is not None:
                self._is_waiting = True
                await refusal

    def _refuse_size(self) -> None:
        reason = f"a message may have {self._max_size} bytes"
        self._session.close(Status.MESSAGE_TOO_BIG, reason)

    async def _wait_for_room(self) -> None:
        """Wait until something frees a place, for at most 10 s without a free slot."""
        self.room = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(MAX_WAIT):
                await self.room
        except TimeoutError:
            self._session.close(Status.TRY_AGAIN_LATER, "too many messages wait")
        finally:
            self.room = None

    async def _read_end(self, end: ConnectionEnded) -> None:
        """Learn status and reason of the end, which a send that failed because of it cannot tell.

        Raises `ConnectionEnded`: the connection's own, or else `end`.
        """
        self._is_waiting = True
        try:
            async with asyncio.timeout(MAX_END_WAIT):
                while True:
                    await self._session.connection.receive()
        except ConnectionEnded:
            raise
        except Exception:
            raise end from None

    def let_go(self) -> None:
        """Forget the session, which has ended."""
        del self._session

    # What others bring about

    def wake(self) -> None:
        """Have reading go on, if it pauses: there is room again, or somebody waits for messages."""
        if self.room is not None and not self.room.done():
            self.room.set_result(None)

    def miss(self, end: ConnectionEnded) -> None:
        """Take no more messages from a client that is gone; only learn how it went."""
        lifecycle = self._session.lifecycle
        lifecycle.miss()
        if not lifecycle.is_closing and self._end is None:
            self._end = end
            self.interrupt()

    def cut_off(self, status: int, reason: str) -> None:
        """End the socket from this side, unless it ends already."""
        lifecycle = self._session.lifecycle
        lifecycle.close(status, reason)
        if self._end is not None:
            lifecycle.lose(self._end.status, self._end.reason)

    def interrupt(self) -> None:
        """Have the task notice, where it waits, that things have changed."""
        task = self._task
        if not self._is_waiting or task is None or task is asyncio.current_task():
            return
        if not self._is_interrupted:
            self._is_interrupted = True
            task.cancel()

    def _takes_back_interruption(self) -> bool:
        """Take back a cancellation that was an interruption; tell whether none remains."""
        if not self._is_interrupted or self._task is None:
            return False
        self._is_interrupted = False
        return self._task.uncancel() <= self._cancelled_before
