"""The dispatcher: runs the handlers of one socket's messages, each in a task, within the limits."""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import Context as ContextVariables
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from aros_core.codecs import InboundMessage
from aros_core.errors import Error, FieldError, HTTPError, UnmarshalError
from aros_core.worker_call import current_call
from velaros.context import Context
from velaros.correspondence import Correspondence
from velaros.errors import SocketClosed
from velaros.frames import BINARY, TEXT
from velaros.inbox import Inbox
from velaros.intake import Unreadable, read_frame
from velaros.logs import cancelled_error, log_error, logger
from velaros.tasks import is_cancelled, start_task

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from aros_core.steps import Step
    from velaros.session import Session

CANNOT_DECODE = Error("cannot decode message")
BUSY = Error("busy")
NOT_FOUND = Error("not found")
INTERNAL_ERROR = Error("internal error")


class Dispatcher:
    """Messages of one socket: which run, which wait, and what is answered for them."""

    __slots__ = (
        "_chores",
        "_contextvars",
        "_expiry",
        "_is_draining",
        "_loop",
        "_session",
        "_successors",
        "active",
        "correspondence",
        "inbox",
    )

    def __init__(self, session: Session) -> None:
        router = session.router
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._contextvars = copy_context()
        self._successors: deque[Context] | None = None
        self._is_draining = False
        self._expiry: asyncio.TimerHandle | None = None
        self._chores: set[asyncio.Task[None]] | None = None
        self.inbox: Inbox[Context] = Inbox(
            router.max_concurrent_messages, router.max_waiting_messages
        )
        self.correspondence = Correspondence(session, self)
        self.active: dict[Context, asyncio.Task[None]] = {}
        """The chains that run and their tasks."""

    # Messages that come in

    def take(self, raw: str | bytes, size: int) -> Coroutine[Any, Any, None] | None:
        """Bring a message to whom it is for; where it is refused, return the answer's sending.

        `size` is that of the frame in bytes.
        """
        session = self._session
        message_type = TEXT if raw.__class__ is str else BINARY
        try:
            message, codec = read_frame(session.codecs, raw, message_type)
        except Unreadable as error:
            logger.debug("socket %s sent what cannot be read: %r", session.id, str(error))
            nameless = InboundMessage(id=error.id, type=message_type)
            return self._answer(Context(session, nameless, error.codec), CANNOT_DECODE)
        return self._bring(Context(session, message, codec, size))

    def _bring(self, ctx: Context) -> Coroutine[Any, Any, None] | None:
        if not self.correspondence.begin(ctx):
            return None if self.correspondence.take(ctx) else self._answer(ctx, BUSY)
        lifecycle = self._session.lifecycle
        if lifecycle.takes_messages and self.inbox.take_slot():
            self.spawn(ctx, self._handle(ctx))
            return None
        return None if lifecycle.is_closing else self._line_up(ctx)

    def _line_up(self, ctx: Context) -> Coroutine[Any, Any, None] | None:
        """Have a message wait for a slot; where it has no place, return the answer's sending."""
        if self.inbox.is_full:
            self.correspondence.end(ctx)
            return self._answer(ctx, BUSY)
        self._enqueue(ctx)
        self._session.warn_of_waiting()
        return None

    # Messages that go another way than they came

    async def rejoin(self, ctx: Context) -> None:
        """Bring a message whose id its own chain has told to the conversation of that id."""
        refusal = self._bring(self.anew(ctx))
        if refusal is not None:
            await refusal

    def redirect(self, ctx: Context) -> None:
        """Bring a message to whom it is for by now, as if it came only now."""
        self._do(self._bring(self.anew(ctx)))

    def release(self, ctx: Context) -> None:
        """Let a message leave its conversation; the one that follows is handled by itself."""
        successor = self.correspondence.end(ctx)
        if successor is None:
            return
        call = current_call()
        if call is None:
            self._readmit(successor)
        else:
            call.loop.call_soon_threadsafe(self._readmit, successor)

    def _readmit(self, ctx: Context) -> None:
        """Have a message that has waited for a handler wait for a slot instead."""
        if not self._session.lifecycle.is_closing:
            self._enqueue(ctx)
            self.drain()

    def anew(self, ctx: Context) -> Context:
        """Return a fresh context for a message, in which no handler has changed anything."""
        session = self._session
        message, codec = read_frame(session.codecs, ctx.received, ctx.message_type)
        if codec is None:
            message.id = ctx.message.id
        return Context(session, message, codec, ctx.size)

    # Handlers that run

    def start_follow_up(self, ctx: Context, chain: Step) -> None:
        """Run the middleware of a conversation for a message that follows in it."""
        ctx.divert(chain)
        self.spawn(ctx, self._handle(ctx, chain))

    def spawn(self, ctx: Context, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a chain in a task of its own, with context variables of its own."""
        task = start_task(coroutine, self._loop, self._contextvars.copy())
        if not task.done():
            self.active[ctx] = task

    def contextvars(self) -> ContextVariables:
        """Return a copy of the context variables that the socket was opened with."""
        return self._contextvars.copy()

    async def _handle(self, ctx: Context, chain: Step | None = None) -> None:
        """Run a message through its routes, or one that follows another through a chain."""
        try:
            if chain is None:
                ctx.chain = self._session.router.table.find(ctx.path)
            await ctx.run(ctx.chain)
            if ctx.error is not None or not ctx.is_settled:
                await self._conclude(ctx)
        except asyncio.CancelledError as cancellation:
            await self._conclude_cancelled(ctx, cancellation)
            raise
        except TypeError as error:  # A route that was added lately has no handler yet.
            ctx.error = error
            await self._conclude(ctx)
        finally:
            ctx.end()
            self.active.pop(ctx, None)
            if chain is None:
                self._finish(ctx)
            elif ctx.delivery is not None and not ctx.delivery.done():
                ctx.delivery.set_result(None)

    async def _conclude(self, ctx: Context) -> None:
        """Log an error that nobody handled, answer what nobody answered, end a broken stream."""
        log_error(ctx)
        error = None if ctx.error is None else _answer_for(ctx.error)
        is_owed = ctx.message.id is not None and not ctx.was_answered
        if ctx.streams:
            await self._attempt(ctx, ctx.end_stream(error))
        elif is_owed and self._session.router.answer_unhandled:
            await self._answer(ctx, error or NOT_FOUND)

    async def _conclude_cancelled(self, ctx: Context, cancellation: asyncio.CancelledError) -> None:
        """Conclude a message whose handler awaited what was cancelled: nobody has stopped it."""
        if not is_cancelled():
            ctx.error = cancelled_error(cancellation)
            await self._conclude(ctx)

    async def _answer(self, ctx: Context, answer: Exception) -> None:
        if ctx.can_encode:
            await self._attempt(ctx, ctx.reply(answer))

    async def _attempt(self, ctx: Context, sending: Coroutine[Any, Any, None]) -> None:
        try:
            await sending
        except SocketClosed:
            pass
        except Exception as error:
            ctx.error = error
            log_error(ctx)

    def _finish(self, ctx: Context) -> None:
        """Give the slot to the message that follows under the same id, else to the queue.

        One that is on its way to the handler comes first, so its middleware has the slot till then.
        """
        inbox, correspondence = self.inbox, self.correspondence
        if correspondence.arrivals and self._is_put_off(ctx):
            return
        successor = correspondence.end(ctx)
        if successor is None:
            inbox.running -= 1
        else:
            if self._successors is None:
                self._successors = deque()
            self._successors.append(successor)
        if self._session.reader.room is not None:
            self._session.reader.wake()
        if successor is not None or inbox.waiting:
            self.drain()

    def _is_put_off(self, ctx: Context) -> bool:
        """Finish later, and tell so, where a follow-up is still among the middleware."""
        arriving = self.correspondence.arrivals.get(ctx)
        delivery = None if arriving is None else arriving.delivery
        if delivery is None or delivery.done():
            return False
        delivery.add_done_callback(lambda _: self._finish(ctx))
        return True

    def drain(self) -> None:
        """Start what waits and can be started, in order."""
        if self._is_draining:
            return  # A handler that never waited ended within the loop below, which goes on.
        self._is_draining = True
        try:
            while self._session.lifecycle.takes_messages:
                ctx = self._successors.popleft() if self._successors else self.inbox.dequeue()
                if ctx is None:
                    break
                self.spawn(ctx, self._handle(ctx))
        finally:
            self._is_draining = False

    # Messages that wait

    @property
    def is_full(self) -> bool:
        """Whether reading should pause: nothing has a place, and nobody waits for this client."""
        return self.inbox.is_full and not self.correspondence.awaits_client

    def _enqueue(self, ctx: Context) -> None:
        self.inbox.enqueue(ctx, ctx.size, self._loop.time())
        self._watch_queue()

    def _watch_queue(self) -> None:
        expiry = self.inbox.next_expiry()
        if self._expiry is None and expiry is not None:
            self._expiry = self._loop.call_at(expiry, self._expire)

    def _expire(self) -> None:
        self._expiry = None
        for ctx in self.inbox.expired(self._loop.time()):
            successor = self.correspondence.end(ctx)
            if successor is not None:
                self._enqueue(successor)
            self._do(self._answer(ctx, BUSY))
        self._watch_queue()

    def _do(self, chore: Coroutine[Any, Any, None] | None) -> None:
        if chore is None:
            return
        task = start_task(chore, self._loop, self.contextvars())
        if not task.done():
            if self._chores is None:
                self._chores = set()
            self._chores.add(task)
            task.add_done_callback(self._chores.discard)

    # The end

    def stop(self) -> None:
        """Take no more messages; who waits for the client hears that the socket is closed."""
        if self._expiry is not None:
            self._expiry.cancel()
        self.inbox.clear()
        self.correspondence.stop()

    def let_go(self) -> None:
        """Forget the session, which has ended."""
        self.correspondence.let_go()
        del self._session

    def tasks_but(self, closer: object) -> list[asyncio.Task[None]]:
        """Return the tasks that run for this socket but for the closer's."""
        tasks = [task for ctx, task in self.active.items() if closer not in (ctx, task)]
        return [*tasks, *(self._chores or ())]


def _answer_for(error: Exception) -> Exception:
    """Return what a client may know of an error."""
    if isinstance(error, HTTPError):
        return Error(error.message)
    if isinstance(error, UnmarshalError | Error | FieldError):
        return error
    return INTERNAL_ERROR
