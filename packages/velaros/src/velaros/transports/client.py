"""What a client's router sees of the client's connection: the requests of the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from velaros.connection import ConnectionEnded
    from velaros.mailbox import Mailbox
    from velaros.session import Session
    from velaros.wire import ReceivedMessage


class RouterLink:
    """A connection that carries what the server asks, and what the router answers."""

    session: Session
    """The session that lives over this link."""

    def __init__(
        self,
        mailbox: Mailbox[str | bytes],
        transmit: Callable[[str | bytes], Awaitable[None]],
        close: Callable[[int, str], Awaitable[None]],
    ) -> None:
        self.mailbox = mailbox
        self._transmit = transmit
        self._close = close

    def takes(self, message: ReceivedMessage) -> bool:
        """Tell whether a message with an id is for the router.

        It is if it asks for a path, or answers or follows something of the router's. A mere id
        says nothing, and to answer it could make two routers answer each other for ever.
        """
        if message.path:
            return True
        return message.id is not None and self.session.dispatcher.correspondence.knows(message.id)

    def end(self, end: ConnectionEnded) -> None:
        """Have the session end: the connection is gone, and with it whoever asked."""
        self.mailbox.end(lambda: end)
        self.session.lifecycle.lose(end.status, end.reason, by_own_side=end.by_server)
        self.session.reader.interrupt()

    async def receive(self) -> str | bytes:
        """Return the next message; raises `ConnectionEnded` after the last."""
        return await self.mailbox.take()

    async def send(self, message: str | bytes) -> None:
        """Send a message; raises `ConnectionEnded` when the server is gone."""
        await self._transmit(message)

    async def close(self, status: int, reason: str) -> None:
        """Close the client's connection."""
        await self._close(status, reason)
