"""Sockets that a client opens, over the library `websockets`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.protocol import State

from aros_core.asgi.request_facts import RequestFacts
from velaros.connection import ConnectionEnded
from velaros.errors import HandshakeRefused
from velaros.status import Status

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection


class WebSocketConnection:
    """A client's connection to a server."""

    def __init__(self, websocket: ClientConnection) -> None:
        self._websocket = websocket
        self.facts = _facts_of(websocket)
        """What is known of the server: the address asked for, and the headers of its answer."""

    @classmethod
    async def open(cls, url: str, **options: Any) -> WebSocketConnection:
        """Connect, with the library's options and errors, but for `HandshakeRefused`."""
        try:
            return cls(await connect(url, **options))
        except InvalidStatus as error:
            answer = error.response
            body = bytes(answer.body or b"")
            raise HandshakeRefused(answer.status_code, answer.headers.raw_items(), body) from error

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the server agreed to; `None` when it knows of none."""
        return self._websocket.subprotocol

    @property
    def is_closed(self) -> bool:
        """Whether the connection is closed, though messages may be left to receive."""
        return self._websocket.state is State.CLOSED

    async def receive(self) -> str | bytes:
        """Return the next message; raises `ConnectionEnded` after the last."""
        try:
            return await self._websocket.recv()
        except ConnectionClosed as end:
            raise _ended(end) from end

    async def send(self, message: str | bytes) -> None:
        """Send a message; raises `ConnectionEnded` when the connection is closed."""
        try:
            await self._websocket.send(message)
        except ConnectionClosed as end:
            raise _ended(end) from end

    async def close(self, status: int, reason: str) -> None:
        """Close the connection and return when it is closed; a closed one stays as it is."""
        await self._websocket.close(int(status), reason)

    def abort(self) -> None:
        """Drop the connection, unless it is closed."""
        if not self.is_closed:
            self._websocket.transport.abort()


def _ended(end: ConnectionClosed) -> ConnectionEnded:
    """Return how a connection ended; of two close frames the first says it."""
    if end.rcvd is not None and (end.sent is None or end.rcvd_then_sent):
        return ConnectionEnded(end.rcvd.code, end.rcvd.reason, by_server=False)
    if end.sent is not None:
        return ConnectionEnded(end.sent.code, end.sent.reason, by_server=True)
    return ConnectionEnded(Status.ABNORMAL_CLOSURE)


def _facts_of(websocket: ClientConnection) -> RequestFacts:
    request, response = websocket.request, websocket.response
    assert request is not None, "the handshake is over"
    assert response is not None, "the handshake is over"
    url = urlsplit(request.path)
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers.raw_items()
    ]
    scope = {
        "type": "websocket",
        "path": url.path,
        "query_string": url.query.encode("latin-1"),
        "headers": headers,
        "client": websocket.remote_address,
    }
    return RequestFacts(scope)
