"""Messages and bodies past their limit, declared and not: refused, and never kept whole."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING

import pytest

from velaros import Status

from .app import SIZE_LIMIT
from .figures import record
from .serving import SERVE, Loaded, running
from .wire import BINARY, CONTINUATION, PATIENCE, TEXT, make_frame, make_head

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

SIZE = 8 * SIZE_LIMIT
"""How many bytes a client wants to send."""

PIECE = b"x" * 65536
WIDE_PIECE = "😀".encode() + PIECE[4:]
"""Text that Python keeps in four bytes for each character, and that has mostly short ones."""

COUNT = SIZE // len(PIECE)


def one_frame(opcode: int, piece: bytes) -> Iterator[bytes]:
    """Make a message that says at its beginning how large it is."""
    yield make_head(opcode, SIZE)
    yield from repeat(piece, COUNT)


def fragments(opcode: int, piece: bytes) -> Iterator[bytes]:
    """Make a message that goes on and on."""
    yield make_frame(opcode, piece, final=False)
    yield from repeat(make_frame(CONTINUATION, piece, final=False), COUNT)


def declared_body() -> Iterator[bytes]:
    """Make a request that says at its beginning how large it is."""
    yield f"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: {SIZE}\r\n\r\n".encode()
    yield from repeat(PIECE, COUNT)


def chunked_body() -> Iterator[bytes]:
    """Make a request that goes on and on."""
    yield b"POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    yield from repeat(f"{len(PIECE):x}\r\n".encode() + PIECE + b"\r\n", COUNT)


MESSAGES = {
    "of bytes, declared": partial(one_frame, BINARY, PIECE),
    "of bytes, undeclared": partial(fragments, BINARY, PIECE),
    "of text, declared": partial(one_frame, TEXT, PIECE),
    "of text, undeclared": partial(fragments, TEXT, PIECE),
    "of text with wide characters, declared": partial(one_frame, TEXT, WIDE_PIECE),
    "of text with wide characters, undeclared": partial(fragments, TEXT, WIDE_PIECE),
}
BODIES = {"declared": declared_body, "undeclared": chunked_body}


async def send_all(send: Callable[[bytes], Awaitable[None]], pieces: Iterable[bytes]) -> None:
    """Send what the server takes of something that is too large."""
    with suppress(ConnectionError):
        for piece in pieces:
            await send(piece)


@pytest.mark.parametrize("kind", MESSAGES)
async def test_a_message_past_the_limit(kind: str) -> None:
    """The socket is closed with 1009."""
    async with running(SERVE, "sized") as server:
        memory = await server.forget_peak()
        wire = await server.connect()
        code = asyncio.create_task(wire.read_close_code())
        await send_all(wire.send, MESSAGES[kind]())
        assert await code == Status.MESSAGE_TOO_BIG
        facts = await server.facts_when("closed", 1)
        grown = server.peak() - memory
    assert facts["astray"] == 0
    # The server keeps a text as Python does: in four bytes for each character where one needs them.
    times = 6 if "wide" in kind else 2
    what = f"a message {kind}, 8 times its limit: memory at most, in limits"
    record(what, grown / SIZE_LIMIT, times, "times")


async def post(server: Loaded, pieces: Iterable[bytes]) -> bytes:
    """Send a request and return the head of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)

    async def send(piece: bytes) -> None:
        writer.write(piece)
        await writer.drain()

    try:
        async with asyncio.timeout(PATIENCE):
            answer = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
            await send_all(send, pieces)
            return await answer
    finally:
        writer.transport.abort()


@pytest.mark.parametrize("kind", BODIES)
async def test_a_body_past_the_limit(kind: str) -> None:
    """The request is answered with 413."""
    async with running(SERVE, "sized") as server:
        memory = await server.forget_peak()
        answer = await post(server, BODIES[kind]())
        grown = server.peak() - memory
    assert answer.startswith(b"HTTP/1.1 413 ")
    what = f"a body {kind}, 8 times its limit: memory at most, in limits"
    record(what, grown / SIZE_LIMIT, 2, "times")
