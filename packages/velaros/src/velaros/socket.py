"""The socket as handlers see it: it outlives them and may be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aros_core.codecs import OutboundMessage
from velaros.status import CloseStatus, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aros_core.storage import Storage
    from velaros.session import Session


class Socket:
    """One client's socket: for sending from outside of handlers, and for values kept with it."""

    __slots__ = ("__weakref__", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def id(self) -> str:
        """The socket's id, unique and random."""
        return self._session.id

    @property
    def is_closed(self) -> bool:
        """Whether the socket is closed, or about to be."""
        return self._session.lifecycle.is_closing

    @property
    def close_status(self) -> CloseStatus | None:
        """How the socket was closed; `None` before its end."""
        return self._session.lifecycle.close_status

    @property
    def storage(self) -> Storage:
        """The values kept with the socket; each call is safe from threads."""
        return self._session.storage

    async def send(
        self, data: Any, *, path: str | None = None, meta: Mapping[str, Any] | None = None
    ) -> None:
        """Send a message without id; returns when the connection has taken it.

        Raises `SocketClosed` when the client is gone or does not read.
        """
        session = self._session
        shaped = session.shape(session.own_codec, data)
        await session.outlet.send(session, OutboundMessage(None, shaped, path, meta))

    async def close(self, status: int = Status.NORMAL_CLOSURE, reason: str = "") -> None:
        """Close the socket; the first close wins.

        Raises `ValueError` for a status or reason that a close frame cannot carry.
        """
        from aros_core.threads import calling_task

        self._session.close(status, reason, closer=calling_task())

    def __repr__(self) -> str:
        return f"<Socket {self.id}{' closed' if self.is_closed else ''}>"
