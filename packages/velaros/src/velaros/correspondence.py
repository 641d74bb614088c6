"""What belongs together across messages: requests and answers, messages and their follow-ups."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aros_core.errors import ContextClosedError
from aros_core.steps import chain_of
from velaros.conversations import Conversations, PendingRequests
from velaros.delivery import DELIVER, DROP, REJOIN
from velaros.errors import RequestTimeout, SocketClosed

if TYPE_CHECKING:
    from aros_core.codecs import OutboundMessage
    from velaros.context import Context
    from velaros.conversations import MessageId
    from velaros.dispatcher import Dispatcher
    from velaros.session import Session


class Correspondence:
    """The requests that wait for one client, and the conversations with it."""

    __slots__ = (
        "_conversations",
        "_dispatcher",
        "_pending",
        "_receivers",
        "_session",
        "arrivals",
    )

    def __init__(self, session: Session, dispatcher: Dispatcher) -> None:
        self._session = session
        self._dispatcher = dispatcher
        self._conversations: Conversations[Context] = Conversations()
        self._pending: PendingRequests[asyncio.Future[Context | None]] = PendingRequests(
            session.router.max_pending_requests
        )
        self._receivers: dict[Context, asyncio.Future[Context]] = {}
        self.arrivals: dict[Context, Context] = {}
        """The messages on their way through the middleware, by the one whose handler gets them."""

    @property
    def awaits_client(self) -> bool:
        """Whether a request or a `receive` waits for this client."""
        return bool(self._pending) or bool(self._receivers)

    # Messages that come in

    def knows(self, message_id: MessageId) -> bool:
        """Tell whether a message with this id answers a request or follows another message."""
        return message_id in self._conversations.owners or self._pending.made(message_id)

    def take(self, ctx: Context) -> bool:
        """Bring a message whose id is known to who waits for it, or have it wait for that.

        It is refused, and this false, when it has no place to wait.
        """
        message_id = ctx.message.id
        assert message_id is not None, "a message without an id belongs to nobody"
        waiter = self._pending.take(message_id)
        if waiter is not None and not waiter.done():
            waiter.set_result(ctx)
        if self._pending.made(message_id):
            return True  # Else it is a late or second answer, which nobody awaits.
        owner = self._conversations.owners.get(message_id)
        return owner is None or self._follow(ctx, owner, message_id)

    def _follow(self, ctx: Context, owner: Context, message_id: MessageId) -> bool:
        receiver = self._receivers.get(owner)
        if receiver is not None and not receiver.done():
            receiver.set_result(ctx)
        elif self._dispatcher.inbox.is_full:
            return False
        else:
            self._dispatcher.inbox.hold(ctx.size)
            self._conversations.follow(message_id, ctx)
        return True

    def claim(self, ctx: Context, message_id: MessageId) -> None:
        """Bring a message whose id middleware has read to where it belongs.

        Middleware may run in a thread, so all that wakes somebody is left to the chain.
        """
        waiter = self._pending.take(message_id)
        if waiter is not None:
            ctx.delivery = waiter
            ctx.divert(DELIVER)
        elif self._pending.made(message_id):
            ctx.divert(DROP)
        elif not self.begin(ctx):
            ctx.divert(REJOIN)

    def begin(self, ctx: Context) -> bool:
        """Begin the conversation of a message that is to be handled.

        There is none, and this false, where the message answers a request or follows another one.
        """
        message_id = ctx.message.id
        if message_id is None:
            return True
        pending, owners = self._pending, self._conversations.owners
        if message_id in owners or (pending.mark and pending.made(message_id)):
            return False
        ctx.conversation = message_id
        owners[message_id] = ctx
        return True

    def end(self, ctx: Context) -> Context | None:
        """End the conversation of a message; return the one that follows and waits no longer."""
        message_id = ctx.conversation
        if message_id is None:
            return None
        ctx.conversation = None
        if self._receivers or self.arrivals:
            self._take_back(ctx, message_id)
        conversations = self._conversations
        if not conversations.follow_ups:
            conversations.owners.pop(message_id, None)
            return None
        successor = conversations.end(message_id)
        if successor is not None:
            self._dispatcher.inbox.let_go(successor.size)
            successor.conversation = message_id
        return successor

    def _take_back(self, ctx: Context, message_id: MessageId) -> None:
        """Have the message that a handler was about to receive wait again, before all others."""
        receiver = self._receivers.get(ctx)
        if receiver is not None:
            if _has_result(receiver):
                self._put_back(receiver.result(), message_id)
            _fail(receiver, ContextClosedError())
        arriving = self.arrivals.pop(ctx, None)
        if arriving is None or arriving.delivery is None:
            return
        if not arriving.delivery.done():
            arriving.delivery.add_done_callback(self._redirect)
        elif arriving.delivery.result() is not None:
            self._put_back(self._dispatcher.anew(arriving), message_id)

    # Requests

    async def ask(self, ctx: Context, message: OutboundMessage, timeout: float | None) -> Context:
        """Send a request and return the message that answers it."""
        waiter: asyncio.Future[Context | None] = asyncio.get_running_loop().create_future()
        message.id = message_id = self._pending.add(waiter)
        self._session.reader.wake()
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                await ctx.transmit(message)
                answer = await waiter
        except TimeoutError:
            if not limit.expired():
                raise
            what = f"the request {message.path!r}" if message.path else "the request"
            raise RequestTimeout(f"the client did not answer {what} in {timeout:g} s") from None
        finally:
            self._pending.forget(message_id)
        assert answer is not None, "a request is answered by a message"
        return answer

    # Conversations

    async def receive(self, ctx: Context, timeout: float | None) -> Context:
        """Return the next message under the id of one that is being handled."""
        if ctx.is_receiving:
            raise RuntimeError("another task of this handler awaits receive() already")
        ctx.is_receiving = True
        try:
            async with asyncio.timeout(timeout):
                while True:
                    ctx.require_open()
                    self._session.require_alive()
                    follow_up = self.arrivals.get(ctx) or await self._next_follow_up(ctx)
                    if follow_up is not None and await self._arrives(ctx, follow_up):
                        return follow_up
        finally:
            ctx.is_receiving = False

    async def _next_follow_up(self, ctx: Context) -> Context | None:
        """Return the next message of the conversation, `None` where that has ended meanwhile."""
        message_id = ctx.conversation
        if message_id is None:
            raise RuntimeError(
                "a message without an id begins no conversation: receive() gives its own payload "
                "only; have the client send an id"
            )
        follow_up = self._conversations.take(message_id)
        if follow_up is not None:
            self._dispatcher.inbox.let_go(follow_up.size)
            self._session.reader.wake()
            return follow_up
        receiver = self._receivers[ctx] = asyncio.get_running_loop().create_future()
        self._session.reader.wake()
        try:
            follow_up = await receiver
        except asyncio.CancelledError:
            if _has_result(receiver) and ctx.conversation == message_id:
                self._put_back(receiver.result(), message_id)
            raise
        finally:
            del self._receivers[ctx]
        return follow_up if ctx.conversation == message_id else None

    async def _arrives(self, ctx: Context, follow_up: Context) -> bool:
        """Run what the first message of the conversation passed; tell whether this one does.

        Where that is cut short, the message keeps arriving, for the next `receive`.
        """
        if follow_up.delivery is None:
            passed_links = ctx.passed
            if not passed_links:
                return True
            follow_up.delivery = asyncio.get_running_loop().create_future()
            follow_up.path = ctx.path
            self.arrivals[ctx] = follow_up
            self._dispatcher.start_follow_up(follow_up, chain_of(passed_links, DELIVER))
        passed = await asyncio.shield(follow_up.delivery)
        ctx.require_open()
        if self.arrivals.get(ctx) is not follow_up:
            return False
        del self.arrivals[ctx]
        return passed is not None

    def _put_back(self, follow_up: Context, message_id: MessageId) -> None:
        self._dispatcher.inbox.hold(follow_up.size)
        self._conversations.put_back(message_id, follow_up)

    def _redirect(self, delivery: asyncio.Future[Context | None]) -> None:
        """Bring on a message that arrived when its conversation had come by another id."""
        follow_up = delivery.result()
        if follow_up is not None:
            self._dispatcher.redirect(follow_up)

    # The end

    def stop(self) -> None:
        """Let all who wait for the client hear that the socket is closed."""
        for waiter in (*self._pending.clear(), *self._receivers.values()):
            _fail(waiter, SocketClosed())

    def let_go(self) -> None:
        """Forget the session, which has ended."""
        del self._session, self._dispatcher


def _has_result(waiter: asyncio.Future[Context]) -> bool:
    return waiter.done() and not waiter.cancelled() and waiter.exception() is None


def _fail(waiter: asyncio.Future[Context] | asyncio.Future[Context | None], why: Exception) -> None:
    if not waiter.done():
        waiter.set_exception(why)
        waiter.exception()  # Retrieved here, in case that nobody awaits it any more.
