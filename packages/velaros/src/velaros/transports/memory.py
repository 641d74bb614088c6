"""Sockets in memory: two ends, joined by queues."""

from __future__ import annotations

import asyncio

from velaros.connection import ConnectionEnded
from velaros.status import Status


class MemoryConnection:
    """One end of a connection in memory; `pair()` makes both."""

    def __init__(self) -> None:
        self._incoming: asyncio.Queue[str | bytes | ConnectionEnded] = asyncio.Queue()
        self._peer: MemoryConnection | None = None
        self._ended = False

    @classmethod
    def pair(cls) -> tuple[MemoryConnection, MemoryConnection]:
        """Return the two ends of a new connection."""
        left, right = cls(), cls()
        left._peer, right._peer = right, left
        return left, right

    async def receive(self) -> str | bytes:
        """Return the next message of the other end; raises `ConnectionEnded` after the last."""
        message = await self._incoming.get()
        if isinstance(message, ConnectionEnded):
            self._ended = True
            self._incoming.put_nowait(message)
            raise message
        return message

    async def send(self, message: str | bytes) -> None:
        """Send a message to the other end; raises `ConnectionEnded` when that has closed."""
        if self._ended or self._peer is None or self._peer._ended:
            raise ConnectionEnded(Status.ABNORMAL_CLOSURE)
        self._peer._incoming.put_nowait(message)

    async def close(self, status: int, reason: str) -> None:
        """Close the connection; the other end hears status and reason."""
        if not self._ended and self._peer is not None:
            self._ended = True
            self._peer._incoming.put_nowait(ConnectionEnded(status, reason, by_server=False))
