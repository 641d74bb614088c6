"""The session: one socket from its handshake to its farewell, over any connection.

`lifecycle.py` says what may happen when, `reader.py` reads, `dispatcher.py` runs the handlers of
what was read, `farewell.py` ends it all; what they share, and what handlers ask for, is here.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any
from weakref import ref

from aros_core.codecs import MessageType
from aros_core.payloads.answers import shape_answer, shape_message
from aros_core.steps import chain_of
from aros_core.storage import Storage
from velaros.dispatcher import Dispatcher
from velaros.early_frames import EarlyFrames
from velaros.errors import SocketClosed
from velaros.farewell import Farewell
from velaros.frames import as_frame, bare_frame
from velaros.hook_context import HookContext
from velaros.hooks import Moment
from velaros.lifecycle import Lifecycle, Phase
from velaros.logs import cancelled_error, log_error, logger
from velaros.reader import Reader
from velaros.socket import Socket
from velaros.status import CloseSource, Status
from velaros.tasks import is_cancelled
from velaros.writer import Writer

if TYPE_CHECKING:
    from aros_core.asgi.request_facts import RequestFacts
    from aros_core.codecs import Codec, OutboundMessage
    from velaros.connection import Connection
    from velaros.context import Context
    from velaros.inbound import Marshaller
    from velaros.router import Router


class Session:
    """The life of one socket."""

    __slots__ = (
        "__weakref__",
        "_closing",
        "_ended",
        "_socket",
        "_socket_ref",
        "_warned",
        "closer",
        "codecs",
        "connection",
        "dispatcher",
        "facts",
        "goodbye",
        "id",
        "lifecycle",
        "marshaller",
        "message_type",
        "outlet",
        "reader",
        "router",
        "storage",
        "subprotocol",
        "writer",
    )

    def __init__(
        self,
        router: Router,
        facts: RequestFacts,
        connection: Connection,
        *,
        storage: Storage | None = None,
        codecs: tuple[Codec, ...] = (),
        subprotocol: str | None = None,
        side: CloseSource = CloseSource.SERVER,
    ) -> None:
        """`codecs` are those that may read this socket's messages, the agreed one alone.

        A client's router has sessions too, their `side` being the client's.
        """
        self.id = os.urandom(8).hex()
        self.router = router
        self.facts = facts
        self.connection = connection
        self.codecs = codecs
        self.subprotocol = subprotocol
        self.storage = Storage() if storage is None else storage
        self.lifecycle = Lifecycle(side)
        self.reader = Reader(self)
        self.writer = Writer(
            connection, self.lifecycle, router.send_timeout, self._give_up, self.reader.miss
        )
        self.outlet: Writer | EarlyFrames = EarlyFrames(self.lifecycle)
        """Where messages are sent: the writer, once the handshake is answered."""
        self.dispatcher = Dispatcher(self)
        self.message_type = codecs[0].message_type if codecs else MessageType.TEXT
        self.marshaller: Marshaller | None = None
        """The marshaller of a codec that is written as middleware, for what has no message."""
        self.closer: object = None
        """The context or task that closed the socket, which may finish."""
        self.goodbye: tuple[object, ...] = ()
        """The context and the task of the close hooks, which may amend the close status."""
        self._socket: Socket | None = None
        self._socket_ref: ref[Socket] | None = None
        self._closing: asyncio.Future[None] | None = None
        self._ended: asyncio.Future[None] | None = None
        self._warned = False

    # The course of events

    async def upgrade(self) -> None:
        """Run the upgrade hooks; raises what a hook raised, which refuses the handshake.

        Raises `TypeError` when a route of the router was left without a handler.
        """
        _ = self.router.table
        ctx = HookContext(self)
        try:
            await ctx.run(chain_of(self.router.hooks(Moment.UPGRADE)))
            ctx.raise_for_error()
        except BaseException:
            self.lifecycle.refuse()
            raise
        finally:
            ctx.end()

    async def run(self) -> None:
        """Live from the answered handshake to the close frame.

        A cancellation ends the socket in order, as the server's doing, and is raised again then.
        """
        self.lifecycle.accept()
        cancellation: asyncio.CancelledError | None = None
        try:
            await self._open_outlet()
            await self._start_open_hooks()
            await self.reader.run()
        except asyncio.CancelledError as error:
            cancellation = error
            self.reader.cut_off(Status.GOING_AWAY, "the server is going away")
        farewell = Farewell(self, cancellation)
        await farewell.run()
        self._ended = self._ended or asyncio.get_running_loop().create_future()
        self._ended.set_result(None)
        self._let_go()
        if farewell.cancellation is not None:
            raise farewell.cancellation

    def _let_go(self) -> None:
        """Have the parts forget this session, so that no cycle keeps what ended in memory."""
        self._socket = None
        self.closer = None
        self.goodbye = ()
        if self.dispatcher.tasks_but(None):
            return  # A handler that could not be stopped needs them still.
        self.reader.let_go()
        self.writer.let_go()
        self.dispatcher.let_go()
        del self.connection

    async def _open_outlet(self) -> None:
        early, self.outlet = self.outlet, self.writer
        assert isinstance(early, EarlyFrames), "a session is run once"
        await early.hand_over(self.writer)

    async def _start_open_hooks(self) -> None:
        if self.lifecycle.is_closing:
            return
        if not self.router.hooks(Moment.OPEN):
            self.lifecycle.open()
            return
        ctx = HookContext(self)
        self.dispatcher.spawn(ctx, self._open(ctx))
        await asyncio.sleep(0)  # They begin before an end is noticed that is there already.

    async def _open(self, ctx: Context) -> None:
        try:
            await ctx.run(chain_of(self.router.hooks(Moment.OPEN)))
            if ctx.error is not None:
                log_error(ctx)
                self.close(Status.INTERNAL_ERROR, closer=ctx)
            self.lifecycle.open()
        except asyncio.CancelledError as cancellation:
            if not is_cancelled():
                ctx.error = cancelled_error(cancellation)
                log_error(ctx)
            self.close(Status.INTERNAL_ERROR, closer=ctx)
            raise
        finally:
            ctx.end()
            self.dispatcher.active.pop(ctx, None)
        self.dispatcher.drain()
        self.reader.wake()

    @property
    def socket(self) -> Socket:
        """The socket as handlers see it: the same one for as long as it lives or is kept."""
        socket = self._socket
        if socket is None and self._socket_ref is not None:
            socket = self._socket_ref()
        if socket is None:
            socket = Socket(self)
            self._socket_ref = ref(socket)
            if self.lifecycle.phase is not Phase.CLOSED:
                self._socket = socket
        return socket

    # What handlers ask for

    def shape(self, codec: Codec | None, data: Any) -> Any:
        """Return what goes out for `data`, special answers in their shapes.

        A plain text becomes `{"message": text}` on servers, where the codec has such a shape.
        """
        if codec is None:
            return data if self.marshaller is None else shape_answer(data)
        if codec.shapes_answers and self.lifecycle.side is CloseSource.SERVER:
            return shape_message(data)
        return data

    def encode(self, message: OutboundMessage) -> str | bytes:
        """Return the frame of a message in the socket's own codec."""
        codec = self.own_codec
        if codec is None:
            return self.encode_without_codec(message, self.message_type)
        return as_frame(codec.encode_message(message), self.message_type)

    def encode_without_codec(
        self, message: OutboundMessage, message_type: MessageType
    ) -> str | bytes:
        """Return the frame of a message that a marshaller of middleware writes, or a bare one."""
        if self.marshaller is not None:
            return as_frame(self.marshaller(message), message_type)
        return bare_frame(message.data)

    @property
    def own_codec(self) -> Codec | None:
        """The codec of what is sent outside of messages."""
        return self.codecs[0] if self.codecs else None

    def adopt_marshaller(self, marshaller: Marshaller, message_type: MessageType) -> None:
        """Keep a marshaller for what is sent outside of messages, where there is no codec."""
        if not self.codecs:
            self.marshaller = marshaller
            self.message_type = message_type

    def close(self, status: int, reason: str = "", closer: object = None) -> None:
        """Close from this side; the closer, a context or task, may finish."""
        amend = closer is not None and closer in self.goodbye
        if self.lifecycle.close(status, reason, amend=amend):
            self.closer = closer
            self.reader.interrupt()

    def require_alive(self) -> None:
        """Raise `SocketClosed` unless the client can be asked and heard."""
        if self.lifecycle.phase is Phase.UPGRADING:
            raise SocketClosed("the handshake is not answered yet; ask in an open hook")
        if self.lifecycle.is_closing or not self.lifecycle.is_reachable:
            raise SocketClosed

    async def wait_closing(self) -> None:
        """Return when the socket is closed, by whoever."""
        if self.lifecycle.is_closing:
            return
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._closing)

    async def wait_ended(self) -> None:
        """Return when the close hooks are through and the close frame is out."""
        if self._ended is None:
            self._ended = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._ended)

    # What the others tell

    def warn_of_waiting(self) -> None:
        """Log, once for the socket, that messages wait for a slot."""
        if not self._warned and self.lifecycle.takes_messages:
            self._warned = True
            logger.warning(
                "socket %s: messages wait, all %d slots are taken; see max_concurrent_messages",
                self.id,
                self.router.max_concurrent_messages,
            )

    def announce_closing(self) -> None:
        """Let those know who wait for the end."""
        if self._closing is not None and not self._closing.done():
            self._closing.set_result(None)

    def _give_up(self) -> None:
        self.lifecycle.give_up("the client does not read")
        logger.debug("socket %s: the client does not read; given up", self.id)
        self.reader.interrupt()
