"""A client for tests: it runs an application in memory, and its sockets speak in messages.

::

    async with Client(app).connect("/ws") as socket:
        assert await socket.request("/add", [1, 2, 3], int) == 6
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from multidict import CIMultiDict

from aros_core.testing import LifespanFailed, LifespanManager
from velaros.asgi_peer import ASGIPeer
from velaros.client_socket import ClientSocket
from velaros.codecs.names import codec_named, codec_of_subprotocol
from velaros.errors import ErrorAnswer, HandshakeRefused
from velaros.expectations import ExpectationFailed, ExpectationTimedOut
from velaros.wire import ReceivedMessage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
    from types import TracebackType

    from aros_core.asgi.types import ASGIApp, Scope
    from aros_core.codecs import Codec

__all__ = [
    "Client",
    "ClientSocket",
    "ErrorAnswer",
    "ExpectationFailed",
    "ExpectationTimedOut",
    "HandshakeRefused",
    "LifespanFailed",
    "ReceivedMessage",
]


class Client:
    """Connects to an ASGI application without a server or a port.

    The application may be a message router, whatever one is mounted in, or any other. Its lifespan
    runs for `async with Client(app) as client:`, else from the first open connection to the last;
    what it put into the state is in every scope.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        client: tuple[str, int] | None = ("127.0.0.1", 50000),
        open_timeout: float = 10.0,
        close_timeout: float = 15.0,
    ) -> None:
        """`client` is the address that connections come from.

        The application has `open_timeout` seconds to answer a handshake, and `close_timeout` to
        end after the client has left.
        """
        self._app = app
        self._address = client
        self._open_timeout = open_timeout
        self._close_timeout = close_timeout
        self._lifespan = LifespanManager(app)

    async def __aenter__(self) -> Client:
        await self._lifespan.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._lifespan.__aexit__(exc_type, exc, traceback)

    @asynccontextmanager
    async def connect(
        self,
        url: str = "/",
        *,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        subprotocols: Sequence[str] | None = None,
        codec: str | Codec | None = None,
    ) -> AsyncGenerator[ClientSocket]:
        """Open a socket: `async with client.connect("/ws") as socket`.

        `url` is a path, or a whole address as in `"wss://example.com/ws?token=1"`. `codec` is
        `"json"`, `"msgpack"`, `"protobuf"` or a codec, by default the agreed subprotocol's, else
        JSON; it does not offer a subprotocol by itself. Raises `HandshakeRefused`, and what the
        application raised. Leaving the block closes the socket with 1000, unless it is closed,
        waits until the application has ended, and raises what it raised.
        """
        chosen = None if codec is None else codec_named(codec)
        async with self._lifespan as state:
            scope = _scope(url, headers or (), subprotocols or ())
            scope["client"] = self._address
            scope["state"] = state.copy()
            async with ASGIPeer(self._app, scope, close_timeout=self._close_timeout) as peer:
                await peer.connect(self._open_timeout)
                yield ClientSocket(peer, chosen or codec_of_subprotocol(peer.subprotocol))


def _scope(
    url: str,
    headers: Mapping[str, str] | Iterable[tuple[str, str]],
    subprotocols: Sequence[str],
) -> Scope:
    """Return the scope of a handshake, with the headers that clients send by themselves."""
    parts = urlsplit(url)
    path = parts.path or "/"
    host = parts.hostname or "testserver"
    scheme = parts.scheme or "ws"
    fields = CIMultiDict(headers)
    fields.setdefault("host", parts.netloc or host)
    fields.setdefault("connection", "Upgrade")
    fields.setdefault("upgrade", "websocket")
    fields.setdefault("sec-websocket-version", "13")
    fields.setdefault("sec-websocket-key", "dGhpcyBpcyBhIHRlc3QuLg==")
    if subprotocols:
        fields.setdefault("sec-websocket-protocol", ", ".join(subprotocols))
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": scheme,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in fields.items()
        ],
        "server": (host, parts.port or (443 if scheme == "wss" else 80)),
        "subprotocols": list(subprotocols),
        "extensions": {"websocket.http.response": {}},
    }
