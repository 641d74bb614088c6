"""Where a client's messages go: to requests and streams, to its router, or to who listens."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from aros_core.errors import MessageError
from velaros.conversations import PendingRequests
from velaros.logs import logger
from velaros.mailbox import Mailbox

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from velaros.transports.client import RouterLink
    from velaros.wire import ReceivedMessage, Wire

M = TypeVar("M")


class Reception:
    """Reads a client's connection and brings each message to whoever it is for.

    Reading pauses while a mailbox that somebody empties is full, so that the server slows down. It
    goes on while a request waits, since the answer is among what comes next; when far too much
    waits then, the connection is given up.
    """

    def __init__(
        self,
        wire: Wire,
        give_up: Callable[[], None],
        *,
        max_waiting: int,
        max_pending: int,
    ) -> None:
        self._wire = wire
        self._give_up = give_up
        self._max_waiting = max_waiting
        self._pending: PendingRequests[Mailbox[ReceivedMessage]] = PendingRequests(max_pending)
        self._streams: set[Mailbox[ReceivedMessage]] = set()
        self._unasked: Mailbox[ReceivedMessage] = self.new_mailbox()
        self._listeners = 0
        self._requests = 0
        self._warned = False
        self._is_ending = False
        self._room = asyncio.Event()
        self.link: RouterLink | None = None
        """The way to the client's router."""

    def new_mailbox(self) -> Mailbox[Any]:
        """Return a mailbox for messages that are read here."""
        return Mailbox(self._max_waiting, self._room_made)

    # Reading

    async def read(self, receive: Callable[[], Awaitable[str | bytes]]) -> None:
        """Bring all messages to their places, until `receive` raises."""
        while True:
            while self._is_crowded():
                self._room.clear()
                await self._room.wait()
            self._sort(await receive())

    def _is_crowded(self) -> bool:
        if self._requests or self._is_ending:
            return False
        if self._listeners and self._unasked.is_full:
            return True
        if self.link is not None and self.link.mailbox.is_full:
            return True
        return any(stream.is_full for stream in self._streams)

    def _sort(self, frame: str | bytes) -> None:
        try:
            message = self._wire.decode(frame)
        except MessageError as error:
            logger.warning("the server sent what cannot be read: %r", str(error))
            return
        if message.id is not None:
            mailbox = self._pending.get(message.id)
            if mailbox is not None:
                self._put(mailbox, message, frame)
                return
            if self._pending.made(message.id):
                return  # A late or second answer.
            if self.link is not None and self.link.takes(message):
                self._put(self.link.mailbox, frame, frame)
                return
        self._announce(message, frame)

    def _announce(self, message: ReceivedMessage, frame: str | bytes) -> None:
        unasked = self._unasked
        while not self._listeners and unasked.is_full:
            unasked.drop_oldest()
            if not self._warned:
                self._warned = True
                logger.warning(
                    "over %d messages came unasked and nobody iterates over the client: the "
                    "oldest are dropped",
                    self._max_waiting,
                )
        self._put(unasked, message, frame)

    def _put(self, mailbox: Mailbox[M], message: M, frame: str | bytes) -> None:
        if not mailbox.is_bursting:
            mailbox.put(message, len(frame))
        elif not self._is_ending:
            self._is_ending = True
            self._give_up()

    def _room_made(self) -> None:
        self._room.set()

    # Those who wait

    @contextmanager
    def answers(self, *, streams: bool = False) -> Generator[tuple[str, Mailbox[ReceivedMessage]]]:
        """Make an id, and a mailbox for the answers to it; later ones are dropped.

        Raises `TooManyRequests` past the limit.
        """
        mailbox = self.new_mailbox()
        message_id = self._pending.add(mailbox)
        if streams:
            self._streams.add(mailbox)
        else:
            self._requests += 1
            self._room.set()
        try:
            yield message_id, mailbox
        finally:
            self._pending.forget(message_id)
            if streams:
                self._streams.discard(mailbox)
                self._room.set()
            else:
                self._requests -= 1

    @contextmanager
    def listening(self) -> Generator[Mailbox[ReceivedMessage]]:
        """Give the mailbox of what the server sends unasked; reading waits for it meanwhile."""
        self._listeners += 1
        try:
            yield self._unasked
        finally:
            self._listeners -= 1
            self._room.set()

    # The end

    def begin_end(self) -> None:
        """Read on without a pause: only the end matters now."""
        self._is_ending = True
        self._room.set()

    def end(self, error: Callable[[], Exception]) -> None:
        """Have all who wait, and will, get an error: there is nothing to read any more."""
        for mailbox in (*self._pending.clear(), self._unasked):
            mailbox.end(error)
