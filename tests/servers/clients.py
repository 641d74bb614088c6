"""Clients: one that speaks the JSON envelope, and one on a bare socket that may misbehave."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import struct
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from websockets.asyncio.client import connect as connect_websocket

from .processes import PATIENCE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from websockets.asyncio.client import ClientConnection

    from .processes import Server

TEXT, BINARY, CLOSE = 1, 2, 8


@dataclass(frozen=True)
class Place:
    """Where a server's application has the router: by itself or mounted, at a path."""

    server: Server
    path: str

    def target(self, tag: str, **query: str) -> str:
        """Return path and query of an address."""
        return f"{self.path}?{urlencode({'tag': tag, **query})}"


def new_tag() -> str:
    """Return a name for a client, by which the application's reports are found."""
    return secrets.token_hex(4)


@dataclass(frozen=True)
class Client:
    """A client of the `websockets` library."""

    tag: str
    socket: ClientConnection

    async def push(self, path: str, data: Any = None, *, id: str | None = None) -> None:  # noqa: A002
        """Send a message as text."""
        message = {"path": path, "data": data} | ({} if id is None else {"id": id})
        await self.send(json.dumps(message))

    async def send(self, message: str | bytes | list[str]) -> None:
        """Send what a message is made of; a list goes out in fragments."""
        async with asyncio.timeout(PATIENCE):
            await self.socket.send(message)

    async def receive(self) -> Any:
        """Return the next message, decoded; raises `ConnectionClosed` at the end."""
        return json.loads(await self.receive_raw())

    async def receive_raw(self) -> str | bytes:
        """Return the next message as it came."""
        async with asyncio.timeout(PATIENCE):
            return await self.socket.recv()

    async def request(self, path: str, data: Any = None) -> Any:
        """Send a message and return the payload of the next one, its answer."""
        tag = new_tag()
        await self.push(path, data, id=tag)
        answer = await self.receive()
        assert answer["id"] == tag
        return answer["data"]

    async def wait_closed(self) -> tuple[int | None, str | None]:
        """Return the status and reason that the server closed with."""
        async with asyncio.timeout(PATIENCE):
            await self.socket.wait_closed()
        return self.socket.close_code, self.socket.close_reason


@asynccontextmanager
async def connect(
    place: Place,
    *,
    headers: dict[str, str] | None = None,
    subprotocols: Any = None,
    tag: str = "",
    **query: str,
) -> AsyncGenerator[Client]:
    """Open a socket; raises `InvalidStatus` when the handshake is refused."""
    tag = tag or new_tag()
    address = f"ws://127.0.0.1:{place.server.port}{place.target(tag, **query)}"
    async with connect_websocket(
        address, additional_headers=headers, subprotocols=subprotocols, open_timeout=PATIENCE
    ) as connection:
        yield Client(tag, connection)


@dataclass(frozen=True)
class BareClient:
    """A client that decides about every byte."""

    tag: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def push(self, path: str, data: Any = None) -> None:
        """Send a message as text."""
        self.send(TEXT, json.dumps({"path": path, "data": data}).encode())

    def send(self, opcode: int, payload: bytes, *, masked: bool = True) -> None:
        """Send a frame of at most 125 bytes, by the rules or not."""
        mask = bytes([128 | len(payload), 0, 0, 0, 0]) if masked else bytes([len(payload)])
        self.writer.write(bytes([128 | opcode]) + mask + payload)

    def drop(self) -> None:
        """Reset the TCP connection."""
        connection: socket.socket = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def read(self, size: int) -> bytes:
        """Return the next bytes that the server sends."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readexactly(size)

    def stop_reading(self) -> None:
        """Leave what the server sends from now on unread."""
        transport = self.writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        transport.pause_reading()

    async def frames(self) -> list[tuple[int, bytes]]:
        """Return the opcodes and payloads of all short frames until the connection ends."""
        async with asyncio.timeout(PATIENCE):
            left = await self.reader.read()
        found: list[tuple[int, bytes]] = []
        while left:
            size = left[1]
            found.append((left[0] & 15, left[2 : size + 2]))
            left = left[size + 2 :]
        return found


@asynccontextmanager
async def connect_bare(place: Place, **query: str) -> AsyncGenerator[BareClient]:
    """Open a socket with a small buffer for what comes in, and answer no frame."""
    tag = new_tag()
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setblocking(False)
    address = ("127.0.0.1", place.server.port)
    await asyncio.get_running_loop().sock_connect(connection, address)
    reader, writer = await asyncio.open_connection(sock=connection, limit=4096)
    writer.write(_handshake(place.target(tag, **query)))
    try:
        yield BareClient(tag, reader, writer)
    finally:
        writer.transport.abort()


async def read_acceptance(client: BareClient) -> None:
    """Wait for the answer to the handshake, which says yes."""
    async with asyncio.timeout(PATIENCE):
        head = await client.reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")


def _handshake(target: str) -> bytes:
    lines = [
        f"GET {target} HTTP/1.1",
        "Host: localhost",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ]
    return "\r\n".join([*lines, "", ""]).encode()
