"""The context of a message, or of a lifecycle hook."""

from __future__ import annotations

from types import AsyncGeneratorType
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from aros_core.codecs import OutboundMessage
from aros_core.payloads.answers import shape_answer
from velaros.delivery import REJOIN
from velaros.frames import BINARY, as_frame
from velaros.inbound import InboundContext
from velaros.status import CloseStatus, Status

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, Awaitable, Coroutine, Mapping

    from multidict import CIMultiDictProxy

    from aros_core.storage import Key
    from velaros.inbound import Marshaller
    from velaros.socket import Socket

V = TypeVar("V")
D = TypeVar("D")

_DEFAULT_TIMEOUT: Any = object()


class Context(InboundContext):
    """One message on its way through the chain, or one socket at a moment of its life."""

    is_receiving: bool = False
    """Whether a `receive` waits for a message that follows this one."""
    delivery: asyncio.Future[Context | None] | None = None
    """Who waits for this message, where it is an answer or follows another."""
    hooks_begun: int = 0
    """How many close hooks have begun in this chain."""

    _was_received: bool = False

    def set_message_id(self, message_id: str | int) -> None:
        """Set the id: the message may then be an answer, or follow another of its id."""
        self.require_open()
        if message_id == self.message.id:
            return
        dispatcher = self._session.dispatcher
        dispatcher.release(self)
        self.message.id = message_id
        if self.chain is REJOIN:
            self._is_diverted = False  # An earlier id led to a conversation; this one counts.
            self.reroute(self.path, self._session.router.table.find(self.path))
        if not self._is_diverted:
            dispatcher.correspondence.claim(self, message_id)

    def set_message_marshaller(self, marshaller: Marshaller) -> None:
        """Set how messages become bytes: `f(message)` with `id`, `data`, `path` and `meta`.

        They are sent as text when the message's type is text. Where no codec is registered, it
        serves lifecycle hooks and `Socket.send` from now on as well.
        """
        super().set_message_marshaller(marshaller)
        self._session.adopt_marshaller(marshaller, self.message.type)

    # Sending

    def send(
        self, data: Any, *, path: str | None = None, meta: Mapping[str, Any] | None = None
    ) -> Coroutine[Any, Any, None]:
        """Send a message without id, a notification; await the result.

        It raises `SocketClosed` when the client is gone, `ContextClosedError` after the chain.
        """
        return self._send(OutboundMessage(None, self._shaped(data), path, meta))

    def reply(
        self, data: Any, *, meta: Mapping[str, Any] | None = None
    ) -> Coroutine[Any, Any, None]:
        """Send a message with this message's id, or with none when it came without one.

        Await the result, which raises what `send` raises; in lifecycle hooks, which handle no
        message, it is a `RuntimeError`.
        """
        return self._send(OutboundMessage(self.message.id, self._shaped(data), None, meta))

    @overload
    async def request(
        self,
        data: Any,
        T: None = None,
        *,
        timeout: float | None = ...,
        path: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> bytes: ...
    @overload
    async def request(
        self,
        data: Any,
        T: type[V],
        *,
        timeout: float | None = ...,
        path: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> V: ...
    @overload
    async def request(
        self,
        data: Any,
        T: Any,
        *,
        timeout: float | None = ...,
        path: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> Any: ...
    async def request(
        self,
        data: Any,
        T: Any = None,
        *,
        timeout: float | None = _DEFAULT_TIMEOUT,
        path: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> Any:
        """Ask the client and return its answer: a validated `T`, else the payload's bytes.

        `timeout` is in seconds, by default the router's `request_timeout` (5); `None` waits as
        long as the socket lives. `path` is by default the current message's. Raises
        `RequestTimeout`, `SocketClosed`, `TooManyRequests`, and `UnmarshalError` when the answer
        does not fit. Cancelling it forgets the request.
        """
        session = self._session
        session.require_alive()
        seconds = session.router.request_timeout if timeout is _DEFAULT_TIMEOUT else timeout
        message = OutboundMessage(None, data, path or self.path or None, meta)
        answer = await session.dispatcher.correspondence.ask(self, message, seconds)
        return answer.data if T is None else await answer.unmarshal(T)

    @overload
    async def receive(self, T: type[V], *, timeout: float | None = None) -> V: ...
    @overload
    async def receive(self, T: Any = None, *, timeout: float | None = None) -> Any: ...
    async def receive(
        self,
        T: Any = None,
        *,
        timeout: float | None = None,
    ) -> Any:
        """Return the next payload of this conversation: first this message's own, then later ones.

        Later ones are messages that the client sends under the same id while this one is being
        handled; they pass the same middleware. Raises `TimeoutError` after `timeout` seconds,
        `SocketClosed`, `UnmarshalError`, and `RuntimeError` on the second call for a message
        without an id.
        """
        wanted = Any if T is None else T
        if not self._was_received:
            self._was_received = True
            return await self.unmarshal(wanted)
        follow_up = await self._session.dispatcher.correspondence.receive(self, timeout)
        return await follow_up.unmarshal(wanted)

    async def close(self, status: int = Status.NORMAL_CLOSURE, reason: str = "") -> None:
        """Close the socket; this handler may still send until the close frame goes out.

        The first close wins, but close hooks may change status and reason of a close by the
        server. Raises `ValueError` for what a close frame cannot carry, and `ContextClosedError`
        after the chain; `ctx.socket.close` has no such end.
        """
        self.require_open()
        self._session.close(status, reason, closer=self)

    # The socket

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The header fields of the handshake."""
        return self._facts.headers

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that was agreed on."""
        return self._session.subprotocol

    @property
    def socket(self) -> Socket:
        """The socket, which outlives the handler."""
        return self._session.socket

    @property
    def socket_id(self) -> str:
        """The socket's id, unique and random."""
        return self._session.id

    @property
    def close_status(self) -> CloseStatus | None:
        """How the socket was closed; `None` before its end."""
        return self._session.lifecycle.close_status

    @property
    def is_done(self) -> bool:
        """Whether the socket is closed, or this message's chain is over."""
        return self.is_ended or self._session.lifecycle.is_closing

    async def wait_done(self) -> None:
        """Return when the socket is closed."""
        if not self.is_ended:
            await self._session.wait_closing()

    def set_on_socket(self, key: str | Key[V], value: V) -> None:
        """Keep a value under a key for as long as the socket lives; safe from threads."""
        self.require_open()
        self._session.storage.set(cast("Key[V]", key), value)

    @overload
    def get_from_socket(self, key: Key[V], default: None = None) -> V | None: ...
    @overload
    def get_from_socket(self, key: Key[V], default: D) -> V | D: ...
    @overload
    def get_from_socket(self, key: str, default: Any = None) -> Any: ...
    def get_from_socket(self, key: str | Key[Any], default: Any = None) -> Any:
        """Return the value under a key of the socket, `default` when there is none."""
        return self._session.storage.get(key, default)

    @overload
    def must_get_from_socket(self, key: Key[V]) -> V: ...
    @overload
    def must_get_from_socket(self, key: str) -> Any: ...
    def must_get_from_socket(self, key: str | Key[Any]) -> Any:
        """Return the value under a key of the socket; raises `KeyError` that names the key."""
        return self._session.storage.must_get(key)

    def delete_from_socket(self, key: str | Key[Any]) -> None:
        """Forget the value under a key of the socket; a missing key is fine."""
        self.require_open()
        self._session.storage.delete(key)

    # What the chain and the session need

    def answer(self, result: Any) -> Awaitable[None]:
        """Reply with what a handler returned."""
        if isinstance(result, AsyncGeneratorType):
            return self.stream(cast("AsyncGenerator[Any, None]", result))
        data = result if result.__class__ is dict else self._shaped(result)
        return self._session.outlet.send(self, OutboundMessage(self.message.id, data))

    async def stream(self, items: AsyncGenerator[Any, None]) -> None:
        """Reply with each item, then with a last message that says it is the last."""
        try:
            async for item in items:
                await self.reply(item)
                self.streams = True
                self.is_settled = False
            await self.end_stream()
        finally:
            await items.aclose()

    async def end_stream(self, error: Any = None) -> None:
        """Send the last message of a stream, with an error where it broke off.

        A marshaller of middleware knows of data only, so that says it there; bare frames cannot.
        """
        self.streams = False
        self.is_settled = True
        if not self.can_encode:
            return
        last = OutboundMessage(self.message.id, end=True)
        if error is not None:
            last.data = self._shaped(error)
        if self._marshals_itself:
            last.data = {"end": True} if error is None else {**last.data, "end": True}
        await self._send(last)

    @property
    def can_encode(self) -> bool:
        """Whether anything is there that turns values into bytes."""
        return self.codec is not None or self._marshals_itself

    @property
    def _marshals_itself(self) -> bool:
        """Whether a marshaller that middleware set writes the messages, and no codec."""
        return bool(self._marshaller or (self.codec is None and self._session.marshaller))

    async def rejoin(self) -> None:
        """Bring this message to the handler of its conversation."""
        await self._session.dispatcher.rejoin(self)

    def transmit(self, message: OutboundMessage) -> Coroutine[Any, Any, None]:
        """Send a message that is no answer to this one; await the result."""
        return self._session.outlet.send(_Question(self), message)

    def _send(self, message: OutboundMessage) -> Coroutine[Any, Any, None]:
        if self._ended:
            return self._refuse()
        return self._session.outlet.send(self, message)

    async def _refuse(self) -> None:
        self.require_open()

    def encode(self, message: OutboundMessage) -> str | bytes:
        """Return the frame of an answer: of this message's type, or binary as the codec says."""
        if self._ended:
            self.require_open()  # The chain has ended since somebody asked for this.
        codec = self.codec
        is_binary = codec is not None and codec.message_type is BINARY
        kind = BINARY if is_binary else self.message.type
        if self._marshaller is not None:
            frame = as_frame(self._marshaller(message), kind)
        elif codec is not None:
            frame = as_frame(codec.encode_message(message), kind)
        else:
            frame = self._session.encode_without_codec(message, kind)
        self.was_answered = True
        return frame

    def _shaped(self, data: Any) -> Any:
        if self._marshaller is not None:
            return shape_answer(data)
        return self._session.shape(self.codec, data)


class _Question:
    """Encodes what asks the client something, which is no answer to its message."""

    __slots__ = ("_ctx",)

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    def encode(self, message: OutboundMessage) -> str | bytes:
        """Return the frame of a message."""
        ctx = self._ctx
        was_answered = ctx.was_answered
        frame = ctx.encode(message)
        ctx.was_answered = was_answered
        return frame
