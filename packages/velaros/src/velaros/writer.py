"""The writer: one message after another, and an end to waiting for a client that does not read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from velaros.connection import ConnectionEnded
from velaros.errors import SocketClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from aros_core.codecs import OutboundMessage
    from velaros.connection import Connection
    from velaros.frames import Encoder
    from velaros.lifecycle import Lifecycle


class Writer:
    """Gives those who send on one connection their turns, first come, first served.

    What waits for its turn is encoded only then, so that a slow reader costs one encoded message.
    """

    __slots__ = (
        "_busy",
        "_cancelling",
        "_connection",
        "_ending",
        "_lifecycle",
        "_loop",
        "_loss",
        "_on_end",
        "_on_stall",
        "_sender",
        "_since",
        "_timeout",
        "_timer",
        "_turns",
    )

    def __init__(
        self,
        connection: Connection,
        lifecycle: Lifecycle,
        timeout: float,
        on_stall: Callable[[], None],
        on_end: Callable[[ConnectionEnded], None],
    ) -> None:
        """Write for as long as the client can be reached.

        `on_stall` is called when the connection takes a message for over `timeout` seconds, and
        `on_end` when it says that the client is gone.
        """
        self._connection = connection
        self._loss = getattr(connection, "loss", (ConnectionEnded, OSError))
        self._lifecycle = lifecycle
        self._loop = asyncio.get_running_loop()
        self._timeout = timeout
        self._on_stall = on_stall
        self._on_end = on_end
        self._busy = False
        self._ending = ""
        self._turns: dict[asyncio.Future[None], None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._sender: asyncio.Task[object] | None = None
        self._cancelling = 0
        """How often the sender was asked to end before it began to send."""
        self._since = 0.0

    async def send(self, encoder: Encoder, message: OutboundMessage) -> None:
        """Encode and send a message when its turn comes.

        Raises `SocketClosed` when the client is gone or does not read, and what encoding raises.
        """
        if not self._lifecycle.is_reachable:
            raise SocketClosed
        if self._busy:
            await self._wait_for_turn()
        self._busy = True
        try:
            if self._ending:
                raise SocketClosed(self._ending)
            frame = encoder.encode(message)
            sender = self._sender = asyncio.current_task(self._loop)
            assert sender is not None, "sending happens in tasks"
            self._cancelling = sender.cancelling()
            self._since = self._loop.time()
            if self._timer is None:
                self._timer = self._loop.call_later(self._timeout, self._watch)
            try:
                await self._connection.send(frame)
            except asyncio.CancelledError:
                if self._takes_back_cancellation():
                    raise SocketClosed(self._ending) from None
                raise
            except self._loss as error:
                self._on_end(error if isinstance(error, ConnectionEnded) else ConnectionEnded())
                raise SocketClosed from error
        finally:
            self._sender = None
            if self._turns:
                self._pass_on()
            else:
                self._busy = False

    async def close(self, status: int, reason: str) -> None:
        """Close the connection behind what was sent before; nothing is sent after it."""
        if self._busy:
            await self._wait_for_turn()
        self._busy = True
        try:
            if not self._ending:
                self._ending = "the socket is closed"
                await self._connection.close(status, reason)
        finally:
            self._pass_on()

    def stop(self, why: str = "the socket is closed") -> None:
        """Send nothing more; whoever sends or waits for that gets `SocketClosed`."""
        self._ending = why
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._sender is not None:
            self._sender.cancel()
        turns, self._turns = self._turns, None
        for turn in turns or ():
            if not turn.done():
                turn.set_result(None)

    def let_go(self) -> None:
        """Forget the connection, on which nothing is sent any more."""
        del self._connection, self._on_stall, self._on_end

    def _takes_back_cancellation(self) -> bool:
        """Take back the cancellation of a sender that was given up; tell if it was the only one."""
        sender = self._sender
        if not self._ending or sender is None:
            return False
        return sender.uncancel() <= self._cancelling

    def _watch(self) -> None:
        self._timer = None
        if self._sender is None:
            return
        due = self._since + self._timeout
        if self._loop.time() < due:
            self._timer = self._loop.call_at(due, self._watch)
            return
        self.stop("the client does not read")
        self._on_stall()

    async def _wait_for_turn(self) -> None:
        if self._turns is None:
            self._turns = {}
        turn = self._loop.create_future()
        self._turns[turn] = None
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._pass_on()
            elif self._turns:
                self._turns.pop(turn, None)
            raise

    def _pass_on(self) -> None:
        while self._turns:
            turn = next(iter(self._turns))
            del self._turns[turn]
            if not turn.done():
                turn.set_result(None)
                return
        self._busy = False
