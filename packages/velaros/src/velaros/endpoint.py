"""A client's end of a connection: what runs from the handshake to the close frame."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING

from velaros.connection import ConnectionEnded
from velaros.errors import SocketClosed
from velaros.reception import Reception
from velaros.session import Session
from velaros.status import CloseSource, CloseStatus, Status, check_close, named_status
from velaros.transports.client import RouterLink
from velaros.wire import Wire

if TYPE_CHECKING:
    from aros_core.codecs import Codec
    from velaros.mailbox import Mailbox
    from velaros.router import Router
    from velaros.transports.websockets import WebSocketConnection


_answering_for: ContextVar[Endpoint | None] = ContextVar("answering_for", default=None)
"""The endpoint for whose router a handler runs, within that handler."""


class Endpoint:
    """Keeps a connection going: it reads in one task, and a router answers in another."""

    def __init__(
        self, connection: WebSocketConnection, codec: Codec, *, max_waiting: int, max_pending: int
    ) -> None:
        self.connection = connection
        self.wire = Wire(codec, self._transmit)
        self.reception = Reception(
            self.wire, self._give_up, max_waiting=max_waiting, max_pending=max_pending
        )
        self.close_status: CloseStatus | None = None
        """How the connection was closed; `None` before its end."""
        self._session: Session | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._ended = asyncio.Event()
        self._failure: Exception | None = None

    async def start(self, router: Router | None) -> None:
        """Begin to read; a router's upgrade hooks run, and what they raise is raised."""
        # The variables in which the session is made are those of its handlers.
        variables = copy_context()
        session = None if router is None else variables.run(self._open_session, router)
        self._tasks.append(asyncio.create_task(self._read()))
        if router is not None and session is not None:
            await session.upgrade()
            self._session = session
            self._tasks.append(asyncio.create_task(self._serve(router, session)))

    def _open_session(self, router: Router) -> Session:
        _answering_for.set(self)
        mailbox: Mailbox[str | bytes] = self.reception.new_mailbox()
        link = RouterLink(mailbox, self.connection.send, self._close_connection)
        link.session = Session(
            router,
            self.connection.facts,
            link,
            codecs=(self.wire.codec,),
            subprotocol=self.connection.subprotocol,
            side=CloseSource.CLIENT,
        )
        self.reception.link = link
        return link.session

    async def close(self, status: int, reason: str) -> None:
        """Close and return when that is done; within a handler of the router, return at once."""
        check_close(status, reason)
        if self.connection.is_closed:
            # A failed send may have told so before the reader, from which everybody else hears it.
            self.reception.begin_end()
            await self._ended.wait()
        if self._session is not None:
            self._session.close(status, reason, closer=asyncio.current_task())
            if _answering_for.get() is self:
                return
            await self._session.wait_ended()
        await self._close_connection(status, reason)
        await self._ended.wait()

    async def finish(self) -> None:
        """Close, and return when nothing runs any more."""
        try:
            await self.close(Status.NORMAL_CLOSURE, "")
            await asyncio.wait(self._tasks)
        finally:
            self.connection.abort()
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)

    def raise_failures(self) -> None:
        """Raise what went wrong in the background."""
        for task in self._tasks:
            task.result()

    async def _read(self) -> None:
        try:
            await self.reception.read(self.connection.receive)
        except ConnectionEnded as end:
            self._end(end)
        except Exception as error:
            self._failure = error
            self._end(ConnectionEnded(Status.INTERNAL_ERROR, "reading failed", by_server=True))
            await self._close_connection(Status.INTERNAL_ERROR, "")
            raise

    async def _serve(self, router: Router, session: Session) -> None:
        try:
            await router.live(session)
        finally:
            await self._close_connection(Status.INTERNAL_ERROR, "")

    def _end(self, end: ConnectionEnded) -> None:
        self.close_status = _status_of(end)
        self.reception.end(self._closed)
        link = self.reception.link
        if link is not None:
            link.end(end)
        self._ended.set()

    def _give_up(self) -> None:
        closing = self._close_connection(Status.POLICY_VIOLATION, "too many messages wait")
        self._tasks.append(asyncio.create_task(closing))

    async def _transmit(self, frame: str | bytes) -> None:
        if self.close_status is not None:
            raise self._closed()
        try:
            await self.connection.send(frame)
        except ConnectionEnded as end:
            raise _closed_with(_status_of(end)) from end

    def _closed(self) -> SocketClosed:
        error = _closed_with(self.close_status)
        error.__cause__ = self._failure
        return error

    async def _close_connection(self, status: int, reason: str) -> None:
        self.reception.begin_end()
        await self.connection.close(status, reason)


def _status_of(end: ConnectionEnded) -> CloseStatus:
    source = CloseSource.CLIENT if end.by_server else CloseSource.SERVER
    return CloseStatus(named_status(end.status), end.reason, source)


def _closed_with(status: CloseStatus | None) -> SocketClosed:
    if status is None or status.status == Status.ABNORMAL_CLOSURE:
        return SocketClosed("the connection to the server was lost", status)
    who = "this client" if status.source is CloseSource.CLIENT else "the server"
    reason = f": {status.reason}" if status.reason else ""
    return SocketClosed(f"{who} closed the connection with {int(status.status)}{reason}", status)
