"""The socket of a test: it pushes messages to an application and expects others back."""

from __future__ import annotations

import secrets
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar, overload

from aros_core.codecs import NO_DATA, OutboundMessage
from aros_core.errors import MessageError
from velaros.errors import SocketClosed
from velaros.expectations import Expectations
from velaros.iteration import Iteration
from velaros.status import CloseSource, CloseStatus, Status, check_close
from velaros.wire import AnswerStream, ReceivedMessage, Wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from multidict import CIMultiDict

    from aros_core.codecs import Codec
    from velaros.asgi_peer import ASGIPeer

V = TypeVar("V")


class ClientSocket:
    """A socket that was accepted.

    What comes is kept until somebody expects it, in whatever order. Every expectation has a
    `timeout` in seconds, and raises `ExpectationFailed`, an `AssertionError`, when it is not met:
    at once when the socket is closed, which says what came instead. What the application raises is
    raised by the call that waits, or else by leaving the block.
    """

    def __init__(self, peer: ASGIPeer, codec: Codec) -> None:
        self._peer = peer
        self._wire = Wire(codec, self._transmit)
        self._expectations = Expectations(peer, self._wire)

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the application chose."""
        return self._peer.subprotocol

    @property
    def accepted_headers(self) -> CIMultiDict[str]:
        """The header fields that the application accepted the handshake with."""
        return self._peer.headers

    @property
    def close_status(self) -> CloseStatus | None:
        """How the socket was closed; `None` before its end."""
        return self._peer.close_status

    # Messages

    async def push(
        self,
        path: str | None = None,
        data: Any = NO_DATA,
        *,
        id: str | int | None = None,  # noqa: A002
        meta: Mapping[str, Any] | None = None,
    ) -> str | int:
        """Send a message and return its id, which is made up when none is given.

        Without `data` it carries none; `None` is a null. Raises `SocketClosed`.
        """
        message_id = secrets.token_hex(8) if id is None else id
        message = OutboundMessage(message_id, data, path=path, meta=meta)
        frame = self._wire.encode(message)
        await self._transmit(frame)
        return self._remember_id(frame, message_id)

    @overload
    async def request(
        self,
        path: str,
        data: Any,
        T: type[V],
        *,
        timeout: float = ...,
        meta: Mapping[str, Any] | None = ...,
    ) -> V: ...
    @overload
    async def request(
        self,
        path: str,
        *,
        T: type[V],
        timeout: float = ...,
        meta: Mapping[str, Any] | None = ...,
    ) -> V: ...
    @overload
    async def request(
        self,
        path: str,
        data: Any = ...,
        T: Any = ...,
        *,
        timeout: float = ...,
        meta: Mapping[str, Any] | None = ...,
    ) -> Any: ...
    async def request(
        self,
        path: str,
        data: Any = NO_DATA,
        T: Any = None,
        *,
        timeout: float = 1.0,
        meta: Mapping[str, Any] | None = None,
    ) -> Any:
        """Send a message and return the answer: a validated `T`, else plain Python values.

        Raises `UnmarshalError` when the answer does not fit, and `ErrorAnswer` when it is an error
        that `T` has no place for.
        """
        message_id = await self.push(path, data, meta=meta)
        answer = await self._expect_reply(message_id, f"an answer from {path!r}", timeout)
        return answer.unmarshal(T)

    @overload
    def stream(
        self,
        path: str,
        data: Any,
        T: type[V],
        *,
        timeout: float = ...,
        meta: Mapping[str, Any] | None = ...,
    ) -> AsyncIterator[V]: ...
    @overload
    def stream(
        self,
        path: str,
        *,
        T: type[V],
        timeout: float = ...,
        meta: Mapping[str, Any] | None = ...,
    ) -> AsyncIterator[V]: ...
    @overload
    def stream(
        self,
        path: str,
        data: Any = ...,
        T: Any = ...,
        *,
        timeout: float = ...,
        meta: Mapping[str, Any] | None = ...,
    ) -> AsyncIterator[Any]: ...
    def stream(
        self,
        path: str,
        data: Any = NO_DATA,
        T: Any = None,
        *,
        timeout: float = 1.0,
        meta: Mapping[str, Any] | None = None,
    ) -> AsyncIterator[Any]:
        """Send a message and yield the items of the stream that answers it; see `expect_stream`."""

        async def begin(_: None) -> Callable[[], Awaitable[Any]]:
            items = self.expect_stream(await self.push(path, data, meta=meta), T, timeout=timeout)
            return items.__anext__

        return Iteration(nullcontext(), begin)

    # Expectations

    @overload
    async def expect_reply(self, id: str | int, T: type[V], *, timeout: float = ...) -> V: ...
    @overload
    async def expect_reply(
        self,
        id: str | int,
        T: Any = ...,
        *,
        timeout: float = ...,
    ) -> Any: ...
    async def expect_reply(
        self,
        id: str | int,  # noqa: A002
        T: Any = None,
        *,
        timeout: float = 1.0,
    ) -> Any:
        """Return the data of the next message with an id: a validated `T`, else plain values.

        The last message of a stream has none, which is `None`. Raises `UnmarshalError` when the
        data does not fit, and `ErrorAnswer` when it is an error that `T` has no place for.
        """
        return (await self._expect_reply(id, f"a reply to {id!r}", timeout)).unmarshal(T)

    @overload
    def expect_stream(
        self,
        id: str | int,
        T: type[V],
        *,
        timeout: float = ...,
    ) -> AsyncIterator[V]: ...
    @overload
    def expect_stream(
        self,
        id: str | int,
        T: Any = ...,
        *,
        timeout: float = ...,
    ) -> AsyncIterator[Any]: ...
    def expect_stream(
        self,
        id: str | int,  # noqa: A002
        T: Any = None,
        *,
        timeout: float = 1.0,
    ) -> AsyncIterator[Any]:
        """Yield the items of a stream of replies to an id, each within `timeout` seconds.

        Raises what `expect_reply` raises, and `ErrorAnswer` for a stream that an error breaks off.
        """
        awaited = f"the next item or the end of the stream {id!r}"
        return AnswerStream(lambda: self._expect_reply(id, awaited, timeout), T)

    @overload
    async def expect_push(self, path: str | None, T: type[V], *, timeout: float = ...) -> V: ...
    @overload
    async def expect_push(self, *, T: type[V], timeout: float = ...) -> V: ...
    @overload
    async def expect_push(
        self,
        path: str | None = ...,
        T: Any = ...,
        *,
        timeout: float = ...,
    ) -> Any: ...
    async def expect_push(
        self,
        path: str | None = None,
        T: Any = None,
        *,
        timeout: float = 1.0,
    ) -> Any:
        """Return the data of the next message without id, of one with this path if one is given.

        It is a validated `T`, else plain values. Raises `UnmarshalError` when it does not fit.
        """

        def fits(message: ReceivedMessage) -> bool:
            return message.id is None and path in (None, message.path)

        message = await self._expectations.message(fits, f"a push{_at(path)}", timeout)
        return message.unmarshal(T)

    async def expect_request(
        self, path: str | None = None, *, timeout: float = 1.0
    ) -> ReceivedMessage:
        """Return the next message with which the server asks, with this path if one is given.

        It has `path`, `id`, `data` (plain values), `meta`, `unmarshal(T)` and `await reply(data)`.
        """
        own_ids = self._expectations.own_ids

        def fits(message: ReceivedMessage) -> bool:
            asks = message.id is not None and message.id not in own_ids
            return asks and path in (None, message.path)

        return await self._expectations.message(fits, f"a request{_at(path)}", timeout)

    async def expect_close(self, *, timeout: float = 1.0) -> CloseStatus:
        """Return how the socket was closed; what came before may be expected later.

        When this side has closed it, that is when the application has ended.
        """

        def find() -> CloseStatus | None:
            self._peer.raise_failure()
            status = self._peer.close_status
            is_over = self._peer.is_over
            return status if is_over or (status and status.source is CloseSource.SERVER) else None

        return await self._expectations.wait(find, "a close", timeout, while_open=False)

    async def expect_nothing(self, seconds: float = 0.05) -> None:
        """Return when nothing has come for so many seconds, and nothing was left from before."""
        await self._expectations.nothing(seconds)

    # Frames

    async def send_text(self, text: str) -> None:
        """Send a text frame as it is; raises `SocketClosed`."""
        await self._send_raw(text)

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary frame as it is; raises `SocketClosed`."""
        await self._send_raw(data)

    async def receive_raw(self, *, timeout: float = 1.0) -> str | bytes:
        """Return the first frame that nobody has expected yet, as it came."""
        return await self._expectations.frame("a frame", timeout)

    # The end

    async def close(self, status: int = Status.NORMAL_CLOSURE, reason: str = "") -> None:
        """Leave with a close frame; `expect_close` waits until the application has ended.

        Raises `ValueError` for a status or reason that a close frame cannot carry.
        """
        check_close(status, reason)
        self._peer.disconnect(status, reason)

    async def drop(self) -> None:
        """Leave without a close frame, as when the network fails: status 1006."""
        self._peer.disconnect(Status.ABNORMAL_CLOSURE)

    async def _transmit(self, frame: str | bytes) -> None:
        self._peer.raise_failure()
        if self._peer.close_status is not None:
            raise SocketClosed("the socket is closed", self._peer.close_status)
        self._peer.push(frame)

    async def _send_raw(self, frame: str | bytes) -> None:
        await self._transmit(frame)
        self._remember_id(frame, None)

    def _remember_id(self, frame: str | bytes, message_id: Any) -> Any:
        """Keep the id that a message of the test has on the wire, and return it."""
        try:
            message = self._wire.decode(frame)
        except MessageError:
            return message_id
        if message.id is None:
            return message_id
        self._expectations.own_ids.add(message.id)
        return message.id

    async def _expect_reply(
        self, message_id: str | int, awaited: str, timeout: float
    ) -> ReceivedMessage:
        frame = self._wire.encode(OutboundMessage(id=message_id))
        on_wire = self._wire.decode(frame).id
        return await self._expectations.message(lambda m: m.id == on_wire, awaited, timeout)


def _at(path: str | None) -> str:
    return "" if path is None else f" at {path!r}"
