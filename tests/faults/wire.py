"""A WebSocket client of few instructions, so that a load is the server's and not its own."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Self

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

PATIENCE = 60.0
"""How many seconds anything may take that comes at all."""

_NO_MASK = bytes(4)


def make_frame(opcode: int, payload: bytes, *, size: int = -1, final: bool = True) -> bytes:
    """Return a frame as clients send it; `size` is the one that it declares, else the true one."""
    return make_head(opcode, len(payload) if size < 0 else size, final=final) + payload


def make_head(opcode: int, size: int, *, final: bool = True) -> bytes:
    """Return the head of a frame, whose mask leaves the payload as it is."""
    first = opcode | (128 if final else 0)
    if size < 126:
        return struct.pack("!BB", first, 128 | size) + _NO_MASK
    if size < 65536:
        return struct.pack("!BBH", first, 254, size) + _NO_MASK
    return struct.pack("!BBQ", first, 255, size) + _NO_MASK


def make_message(path: str, data: Any = None, *, id: str | None = None) -> bytes:  # noqa: A002
    """Return a message in a frame."""
    envelope = {"path": path, "data": data} | ({} if id is None else {"id": id})
    return make_frame(TEXT, json.dumps(envelope).encode())


class Wire:
    """One socket; it answers pings whenever it is read from."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.close_code: int | None = None
        """The code of the server's close frame, when it was read."""

    @classmethod
    async def connect(cls, port: int, *, receive_buffer: int | None = None) -> Self:
        """Open a socket; one with a small buffer for what comes in fills it at once."""
        connection = socket.socket()
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
        limit = receive_buffer or 65536
        wire = cls(*await asyncio.open_connection(sock=connection, limit=limit))
        try:
            await wire._shake_hands()
        except BaseException:
            wire.drop()
            raise
        return wire

    async def _shake_hands(self) -> None:
        lines = [
            "GET / HTTP/1.1",
            "Host: localhost",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        ]
        self._writer.write("\r\n".join([*lines, "", ""]).encode())
        async with asyncio.timeout(PATIENCE):
            head = await self._reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head

    # What goes out

    def push(self, path: str, data: Any = None, *, id: str | None = None) -> None:  # noqa: A002
        """Send a message."""
        self._writer.write(make_message(path, data, id=id))

    async def send(self, data: bytes) -> None:
        """Send bytes as they are, as fast as the server takes them."""
        self._writer.write(data)
        await self._writer.drain()

    async def close(self, code: int = 1000) -> None:
        """Close in order: the server answers with its own close frame, then ends."""
        self._writer.write(make_frame(CLOSE, code.to_bytes(2, "big")))
        await self.read_close_code()
        self.drop()

    def drop(self) -> None:
        """Reset the connection, unless it is closed already."""
        if self._writer.is_closing():
            return
        connection: socket.socket = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    # What comes in

    def stop_reading(self) -> None:
        """Leave what the server sends from now on unread."""
        transport = self._writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        transport.pause_reading()

    async def message(self) -> dict[str, Any] | None:
        """Return the next message; `None` at the end, when `close_code` tells how it came."""
        while (frame := await self._frame()) is not None:
            opcode, payload = frame
            if opcode == TEXT:
                return json.loads(payload)
            if opcode == PING:
                self._writer.write(make_frame(PONG, payload))
            elif opcode == CLOSE:
                self.close_code = int.from_bytes(payload[:2], "big") or None
                self._writer.write(make_frame(CLOSE, payload))
        return None

    async def read_close_code(self) -> int | None:
        """Read to the end and return the code of the server's close frame, if there was one."""
        async with asyncio.timeout(PATIENCE):
            while await self.message() is not None:
                pass
        return self.close_code

    async def _frame(self) -> tuple[int, bytes] | None:
        try:
            first, size = await self._reader.readexactly(2)
            if size == 126:
                size = int.from_bytes(await self._reader.readexactly(2), "big")
            elif size == 127:
                size = int.from_bytes(await self._reader.readexactly(8), "big")
            return first & 15, await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
