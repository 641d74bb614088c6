"""Random and mutated messages and frames without end: nothing breaks, nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import re
import socket
import struct
import time
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from velaros import ConnectionEnded, ConnectionInfo, Router

from .figures import record
from .fuzz_target import Counts, make_target
from .fuzzing import messages, raw_frames
from .memory import MB, resident
from .patience import allow
from .scale import scaled
from .witness import PATIENCE, Witness, witness

if TYPE_CHECKING:
    from collections.abc import Iterator

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: witness\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
GOODBYE = b"\x88\x80\0\0\0\0"
RESET = struct.pack("ii", 1, 0)
"""Linger for no time: the connection is not closed but reset."""

PER_CONNECTION = 20
"""How many frames one connection sends."""

OURS = re.compile(r'File ".*/(aros_core|navaros|velaros)/|unhandled error|never retrieved')
"""What an error of ours looks like in a log."""

PER_SOCKET = 500
"""How many messages one socket sends."""

ENDS: tuple[BaseException, ...] = (
    ConnectionEnded(1000),
    ConnectionEnded(1006),
    ConnectionResetError(),
)
OVERSIZED = "x" * (1024 * 1024 + 1)


class Source:
    """A connection whose client sends one message after another, and reads whatever comes."""

    def __init__(self, frames: Iterator[str | bytes], count: int, end: BaseException | str) -> None:
        self._frames = frames
        self._left = count
        self._end = end
        self.answers = 0
        self.status: int | None = None

    async def receive(self) -> str | bytes:
        """Return the next message, and give way to what it brings about."""
        await asyncio.sleep(0)
        if self._left:
            self._left -= 1
            return next(self._frames)
        if isinstance(self._end, str):
            return self._end
        raise self._end

    async def send(self, message: str | bytes) -> None:
        """Count an answer."""
        self.answers += 1

    async def close(self, status: int, reason: str) -> None:
        """Keep the status."""
        self.status = status


async def run_socket(router: Router, random: Random) -> int:
    """Live through one socket; return how many of its messages it sent."""
    end = random.choice([*ENDS, OVERSIZED])
    source = Source(messages(random), PER_SOCKET, end)
    await router.handle_connection(ConnectionInfo(), source)
    return PER_SOCKET - source._left  # pyright: ignore[reportPrivateUsage]


@scaled("count", fast=10_000, full=900_000)
async def test_messages(count: int, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever is in them, every socket opens and closes once, and memory stays flat."""
    allow(seconds=1800)
    caplog.set_level(logging.ERROR)
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: failures.append(context))
    counts = Counts()
    router = make_target(counts)
    random = Random(count)
    sent = sockets = before = 0
    while sent < count:
        sent += await run_socket(router, random)
        sockets += 1
        if sent > count // 10 and not before:
            gc.collect()
            before = resident(os.getpid())
    gc.collect()
    grown = resident(os.getpid()) - before
    errors = [entry.getMessage() for entry in caplog.records if entry.levelno >= logging.ERROR]
    assert (errors, failures) == ([], [])
    row = f"{count} random and mutated messages"
    record(f"{row}: unhandled exceptions", len(errors) + len(failures), 0, "")
    record(
        f"{row}: opens without their close, of {sockets}",
        abs(sockets - counts.closes) + abs(sockets - counts.opens),
        0,
        "",
    )
    record(f"{row}: memory grown", grown / MB, 10, "MB")


def send_frames(server: Witness, random: Random) -> None:
    """Open a socket, send frames out of shape, and leave in one way or another."""
    with server.connect() as connection:
        connection.sendall(HANDSHAKE)
        assert connection.recv(4096).startswith(b"HTTP/1.1 101 ")
        frames = raw_frames(random, PER_CONNECTION)
        try:
            connection.sendall(frames)
            if random.random() < 0.5:
                connection.sendall(GOODBYE)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
            elif random.random() < 0.5:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        except TimeoutError:
            raise
        except OSError:
            pass  # The server was the first to end the connection.


@pytest.mark.parametrize(
    ("parser", "protocol"), [("h11", "wsproto"), ("httptools", "websockets-sansio")]
)
@scaled("count", fast=2_000, full=50_000)
def test_frames(count: int, parser: str, protocol: str) -> None:
    """Whatever comes over the wire, every socket closes once, and no error is ours."""
    random = Random(count)
    connections = count // PER_CONNECTION
    with witness(parser, protocol) as server:
        for _ in range(connections // 10):
            send_frames(server, random)
        before = resident(server.pid)
        for _ in range(connections - connections // 10):
            send_frames(server, random)
        deadline = time.monotonic() + PATIENCE
        while (counted := server.counts()) != (connections, connections):
            assert time.monotonic() < deadline, counted
        grown = resident(server.pid) - before
    row = f"{count} random and mutated frames, {protocol}"
    assert not OURS.search(server.log), server.log
    record(f"{row}: unhandled exceptions", len(OURS.findall(server.log)), 0, "")
    record(f"{row}: opens without their close", abs(counted[0] - counted[1]), 0, "")
    record(f"{row}: memory grown", grown / MB, 10, "MB")
