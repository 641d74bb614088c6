"""The life of a socket: what may happen when, who closed it, and what is still owed.

    UPGRADING ──refuse──────────────────────────────► CLOSED
        │accept
        ▼
    OPENING ──► OPEN ──► ENDING (handlers stop) ──► FAREWELL (close hooks) ──► CLOSED

Every socket that was accepted passes FAREWELL exactly once. Nothing here waits or sends.
"""

from __future__ import annotations

from enum import Enum, auto

from velaros.status import CloseSource, CloseStatus, Status, check_close, named_status


class Phase(Enum):
    """Where in its life a socket is."""

    UPGRADING = auto()
    OPENING = auto()
    OPEN = auto()
    ENDING = auto()
    FAREWELL = auto()
    CLOSED = auto()


class Lifecycle:
    """The state of one socket."""

    __slots__ = ("close_status", "is_reachable", "phase", "side", "takes_messages")

    def __init__(self, side: CloseSource = CloseSource.SERVER) -> None:
        """`side` is the one that this state is kept on."""
        self.side = side
        self.phase = Phase.UPGRADING
        self.close_status: CloseStatus | None = None
        """How the socket was closed; `None` before its end."""
        self.is_reachable = False
        """Whether the client can be sent anything."""
        self.takes_messages = False
        """Whether handlers of messages may start, that is, the phase is `OPEN`."""

    @property
    def is_closing(self) -> bool:
        """Whether the end has begun: no message is taken any more."""
        return self.close_status is not None

    def accept(self) -> None:
        """Note that the handshake was answered; an upgrade hook may have closed it already."""
        self.phase = Phase.ENDING if self.is_closing else Phase.OPENING
        self.is_reachable = True

    def open(self) -> None:
        """Note that the open hooks are through."""
        if self.phase is Phase.OPENING:
            self.phase = Phase.OPEN
            self.takes_messages = True

    def refuse(self) -> None:
        """Note that the handshake was refused, or that the client did not wait for its answer."""
        self.lose(Status.ABNORMAL_CLOSURE, "the handshake was refused", by_own_side=True)
        self.phase = Phase.CLOSED

    def close(self, status: int, reason: str, *, amend: bool = False) -> bool:
        """Close from this side; tell whether that had an effect.

        The first close wins, and none counts once the other side is gone. Close hooks may `amend`
        status and reason of a close by this side. Raises `ValueError` for what a close frame
        cannot carry.
        """
        check_close(status, reason)
        before = self.close_status
        if before is None:
            may_close = self.is_reachable or self.phase is Phase.UPGRADING
        else:
            may_close = amend and self.is_reachable and before.source is self.side
        if may_close:
            self._end(named_status(status), reason, self.side)
        return may_close and before is None

    def miss(self) -> None:
        """Send nothing any more; how the connection ended will be known later."""
        self.is_reachable = False

    def lose(self, status: int, reason: str, *, by_own_side: bool = False) -> None:
        """Note that the connection is gone, by whoever's doing; an earlier close stays."""
        self.is_reachable = False
        if self.close_status is None:
            other = CloseSource.CLIENT if self.side is CloseSource.SERVER else CloseSource.SERVER
            self._end(named_status(status), reason, self.side if by_own_side else other)

    def give_up(self, reason: str) -> None:
        """Stop sending to a client that does not read."""
        self.lose(Status.ABNORMAL_CLOSURE, reason, by_own_side=True)

    def begin_farewell(self) -> None:
        """Note that the handlers have stopped and the close hooks run."""
        self.phase = Phase.FAREWELL

    def finish(self) -> CloseStatus | None:
        """Note that the close hooks are through; return the close frame that is owed, if one is."""
        self.phase = Phase.CLOSED
        owed = self.close_status if self.is_reachable else None
        self.is_reachable = False
        return owed

    def _end(self, status: int, reason: str, source: CloseSource) -> None:
        self.close_status = CloseStatus(status, reason, source)
        if self.phase in (Phase.OPENING, Phase.OPEN):
            self.phase = Phase.ENDING
            self.takes_messages = False
