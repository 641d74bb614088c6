"""A client for programs: it sends, asks, streams, listens, and answers what the server asks.

::

    async with connect("ws://localhost:8080/ws") as client:
        album = await client.request("/albums/7", T=Album)
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar, overload

from aros_core.codecs import NO_DATA, OutboundMessage
from aros_core.extras import import_extra
from velaros.codecs.names import codec_named
from velaros.endpoint import Endpoint
from velaros.errors import ErrorAnswer, HandshakeRefused, RequestTimeout, SocketClosed
from velaros.iteration import Iteration
from velaros.status import Status
from velaros.wire import AnswerStream, ReceivedMessage

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterator,
        Awaitable,
        Callable,
        Iterable,
        Mapping,
    )
    from contextlib import AbstractAsyncContextManager

    from aros_core.codecs import Codec
    from velaros.mailbox import Mailbox
    from velaros.router import Router
    from velaros.status import CloseStatus

__all__ = ["Client", "ErrorAnswer", "HandshakeRefused", "ReceivedMessage", "connect"]

V = TypeVar("V")


def connect(
    url: str,
    *,
    codec: str | Codec = "json",
    router: Router | None = None,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
    max_message_size: int = 1024 * 1024,
    max_waiting_messages: int = 1000,
    max_pending_requests: int = 1000,
    **options: Any,
) -> AbstractAsyncContextManager[Client]:
    """Return an asynchronous context manager that connects to a server and yields a `Client`.

    `codec` is `"json"`, `"msgpack"`, `"protobuf"` or a codec; its subprotocol is offered.
    `router` has the handlers for what the server asks; they read and write with this codec, and
    its hooks follow this connection. `headers` are sent with the handshake. A larger message than
    `max_message_size` bytes closes the connection with 1009. Past `max_waiting_messages`, or 1 MiB
    of them, that nobody has taken, reading pauses. Further `options` are those of
    `websockets.asyncio.client.connect`, such as `ssl`, `proxy` or `open_timeout`.

    Calling it raises `ImportError` without the extra `client`. Entering it raises
    `HandshakeRefused`, `OSError` when the server cannot be reached, `TimeoutError` when it does not
    answer, and what an upgrade hook of the router raised. Leaving it closes the connection with
    1000; nothing of it runs any more then.
    """
    import_extra("websockets", "client")
    chosen = codec_named(codec)
    options.setdefault("compression", None)
    options |= {
        "subprotocols": [chosen.subprotocol],
        "additional_headers": headers,
        "max_size": max_message_size,
    }
    return _connected(url, options, chosen, router, (max_waiting_messages, max_pending_requests))


@asynccontextmanager
async def _connected(
    url: str,
    options: dict[str, Any],
    codec: Codec,
    router: Router | None,
    limits: tuple[int, int],
) -> AsyncGenerator[Client]:
    # Imports the library, which is there only with the extra.
    from velaros.transports.websockets import WebSocketConnection

    connection = await WebSocketConnection.open(url, **options)
    endpoint = Endpoint(connection, codec, max_waiting=limits[0], max_pending=limits[1])
    try:
        await endpoint.start(router)
        yield Client(endpoint)
    finally:
        await endpoint.finish()
    endpoint.raise_failures()


class Client:
    """A connection to a server, as `connect` yields it.

    Data goes out as it is, plain texts too. Without `data` a message carries none, and with `None`
    a null.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the server agreed to; `None` when it knows of none."""
        return self._endpoint.connection.subprotocol

    @property
    def close_status(self) -> CloseStatus | None:
        """How the connection was closed; `None` before its end."""
        return self._endpoint.close_status

    async def send(
        self, path: str, data: Any = NO_DATA, *, meta: Mapping[str, Any] | None = None
    ) -> None:
        """Send a message that wants no answer; raises `SocketClosed`."""
        await self._endpoint.wire.send(OutboundMessage(data=data, path=path, meta=meta))

    @overload
    async def request(
        self,
        path: str,
        data: Any,
        T: type[V],
        *,
        timeout: float | None = ...,
        meta: Mapping[str, Any] | None = ...,
    ) -> V: ...
    @overload
    async def request(
        self,
        path: str,
        *,
        T: type[V],
        timeout: float | None = ...,
        meta: Mapping[str, Any] | None = ...,
    ) -> V: ...
    @overload
    async def request(
        self,
        path: str,
        data: Any = ...,
        T: Any = ...,
        *,
        timeout: float | None = ...,
        meta: Mapping[str, Any] | None = ...,
    ) -> Any: ...
    async def request(
        self,
        path: str,
        data: Any = NO_DATA,
        T: Any = None,
        *,
        timeout: float | None = 5.0,
        meta: Mapping[str, Any] | None = None,
    ) -> Any:
        """Ask the server and return its answer: a validated `T`, else plain Python values.

        An answer that is an error is returned as the data that it is, but where a `T` has no place
        for it, `ErrorAnswer` is raised. Raises `RequestTimeout` after `timeout` seconds (`None`
        waits as long as the connection lives), `SocketClosed`, `UnmarshalError` when the answer
        does not fit, and `TooManyRequests`. Cancelling it forgets the request.
        """
        with self._endpoint.reception.answers() as (message_id, answers):
            message = OutboundMessage(message_id, data, path=path, meta=meta)
            answer = await _within(timeout, path, self._ask(message, answers))
        return answer.unmarshal(T)

    @overload
    def stream(
        self,
        path: str,
        data: Any,
        T: type[V],
        *,
        timeout: float | None = ...,
        meta: Mapping[str, Any] | None = ...,
    ) -> AsyncIterator[V]: ...
    @overload
    def stream(
        self,
        path: str,
        *,
        T: type[V],
        timeout: float | None = ...,
        meta: Mapping[str, Any] | None = ...,
    ) -> AsyncIterator[V]: ...
    @overload
    def stream(
        self,
        path: str,
        data: Any = ...,
        T: Any = ...,
        *,
        timeout: float | None = ...,
        meta: Mapping[str, Any] | None = ...,
    ) -> AsyncIterator[Any]: ...
    def stream(
        self,
        path: str,
        data: Any = NO_DATA,
        T: Any = None,
        *,
        timeout: float | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> AsyncIterator[Any]:
        """Ask the server and yield the items of the stream that it answers with.

        Raises what `request` raises, `timeout` being for each item. A stream that the server
        breaks off with an error raises `ErrorAnswer`, and so does an error in a stream's place.
        Items that come after the iteration was left are dropped.
        """

        async def begin(
            held: tuple[str, Mailbox[ReceivedMessage]],
        ) -> Callable[[], Awaitable[Any]]:
            message_id, answers = held
            message = OutboundMessage(message_id, data, path=path, meta=meta)
            await _within(timeout, path, self._endpoint.wire.send(message))
            items = AnswerStream(lambda: _within(timeout, path, answers.take()), T)
            return items.__anext__

        return Iteration(self._endpoint.reception.answers(streams=True), begin)

    def __aiter__(self) -> AsyncIterator[ReceivedMessage]:
        """Yield what the server sends unasked, until the connection is closed.

        What it asks is among that when there is no router. Raises `SocketClosed` when the
        connection was lost: when it ended without a close frame.
        """
        return Iteration(self._endpoint.reception.listening(), _take_unasked)

    async def close(self, status: int = Status.NORMAL_CLOSURE, reason: str = "") -> None:
        """Close the connection and return when it is closed; the first close wins.

        The router's handlers stop and its close hooks run before the close frame goes out; within
        such a handler this returns at once. Raises `ValueError` for a status or reason that a
        close frame cannot carry.
        """
        await self._endpoint.close(status, reason)

    async def _ask(
        self, message: OutboundMessage, answers: Mailbox[ReceivedMessage]
    ) -> ReceivedMessage:
        await self._endpoint.wire.send(message)
        return await answers.take()


async def _take_unasked(
    unasked: Mailbox[ReceivedMessage],
) -> Callable[[], Awaitable[ReceivedMessage]]:
    """Return what takes one message after the other, up to a regular end."""

    async def take() -> ReceivedMessage:
        try:
            return await unasked.take()
        except SocketClosed as error:
            status = error.close_status
            if status is None or status.status == Status.ABNORMAL_CLOSURE:
                raise
            raise StopAsyncIteration from None

    return take


async def _within(timeout: float | None, path: str, answer: Awaitable[V]) -> V:
    """Return the result of what has to be done in time for a request."""
    try:
        async with asyncio.timeout(timeout):
            return await answer
    except TimeoutError:
        raise RequestTimeout(f"the server did not answer {path!r} in {timeout:g} s") from None
