"""A fast WebSocket client, made of raw frames: `python benchmarks/message_client.py PORT ...`.

It keeps a window of messages in flight on each of a few sockets and prints how many were answered.
With `--idle COUNT` it opens so many sockets instead, asks one message on each, prints a line, and
holds them open until its input ends.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from wire import ENVELOPE, PING

WINDOW = 8
WINDOWS = 64
"""How many windows, each with ids of its own, a socket sends in turn."""

HANDSHAKE = (
    "GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def client_frame(text: str) -> bytes:
    """Return a text frame, masked with zeros, which leave the payload as it is."""
    payload = text.encode()
    assert len(payload) < 126, "a longer frame has another header"
    return bytes([0x81, 0x80 | len(payload), 0, 0, 0, 0]) + payload


def window_frames(number: int, size: int) -> bytes:
    """Return the frames of one window."""
    first = number * size
    texts = [ENVELOPE.frame(n, PING.path, PING.data) for n in range(first, first + size)]
    return b"".join(map(client_frame, texts))


def frames_in(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the payloads of a server's text frames that are whole, and the bytes left over."""
    payloads: list[bytes] = []
    start = 0
    while len(data) - start >= 2:
        end = start + 2 + data[start + 1]
        if data[start] != 0x81 or data[start + 1] >= 126:
            raise ConnectionError(f"an unexpected frame: {data[start : start + 20]!r}")
        if end > len(data):
            break
        payloads.append(data[start + 2 : end])
        start = end
    return payloads, data[start:]


class Talk(asyncio.Protocol):
    """One socket that sends the next window when the last one is answered."""

    def __init__(self, port: int, windows: list[bytes], size: int) -> None:
        self.answered = 0
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None
        self._request = HANDSHAKE.format(port=port).encode()
        self._windows = windows
        self._size = size
        self._sent = 0
        self._unanswered = 0
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the handshake."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Count answers; send the next window."""
        self._rest += data
        if not self._sent:
            head, separator, rest = self._rest.partition(b"\r\n\r\n")
            if not separator:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._fail(ConnectionError(f"the handshake was refused: {head!r}"))
                return
            self._rest = rest
            self._send()
        payloads, self._rest = frames_in(self._rest)
        if self._sent == 1:
            self._check(payloads)
        self.answered += len(payloads)
        self._unanswered -= len(payloads)
        if not self._unanswered:
            if not self.ready.done():
                self.ready.set_result(None)
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let whoever waits know."""
        self._fail(exc or ConnectionError("the server closed the socket"))

    def _send(self) -> None:
        if self._windows and self.transport is not None:
            self.transport.write(self._windows[self._sent % len(self._windows)])
            self._sent += 1
            self._unanswered += self._size

    def _check(self, payloads: list[bytes]) -> None:
        for payload in payloads:
            number, answer = ENVELOPE.read(payload.decode())
            if number not in range(self._size) or answer != PING.answer:
                self._fail(ConnectionError(f"a wrong answer: {payload!r}"))

    def _fail(self, error: Exception) -> None:
        if not self.ready.done():
            self.ready.set_exception(error)


class Idle(Talk):
    """One socket that asks once, and is silent from then on."""

    def _send(self) -> None:
        if not self._sent:
            super()._send()


async def opened(
    kind: type[Talk], port: int, count: int, windows: list[bytes], size: int
) -> list[Talk]:
    """Return sockets that have had their first answers."""
    talks: list[Talk] = []
    for _ in range(count):
        _, talk = await asyncio.get_running_loop().create_connection(
            lambda: kind(port, windows, size), "127.0.0.1", port
        )
        await talk.ready
        talks.append(talk)
    return talks


async def load(port: int, seconds: float, sockets: int) -> int:
    """Return how many messages were answered within some seconds."""
    windows = [window_frames(number, WINDOW) for number in range(WINDOWS)]
    talks = await opened(Talk, port, sockets, windows, WINDOW)
    await asyncio.sleep(seconds)
    for talk in talks:
        assert talk.transport is not None
        talk.transport.abort()
    return sum(talk.answered for talk in talks)


async def hold(port: int, sockets: int) -> None:
    """Open idle sockets; print `ready`; close them when the input ends."""
    talks = await opened(Idle, port, sockets, [window_frames(0, 1)], 1)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for talk in talks:
        assert talk.transport is not None
        talk.transport.abort()


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--sockets", type=int, default=4)
    parser.add_argument("--idle", type=int, metavar="COUNT")
    arguments = parser.parse_args()
    if arguments.idle:
        asyncio.run(hold(arguments.port, arguments.idle))
    else:
        print(asyncio.run(load(arguments.port, arguments.seconds, arguments.sockets)))


if __name__ == "__main__":
    main()
