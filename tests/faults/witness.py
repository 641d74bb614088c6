"""A witness: a server in a process of its own, spoken to in bytes, that tells what reached it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import IO

PATIENCE = 15
"""How many seconds the server may take to start and to stop."""

SILENCE = 1.0
"""After how many seconds without a byte nothing more is expected."""

_RUNNING = re.compile(r"running on http://127\.0\.0\.1:(\d+)")
_HEAD = re.compile(rb"HTTP/1\.1 (\d{3})[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n")


class Witness:
    """A running server."""

    def __init__(self, parser: str, protocol: str) -> None:
        """Start the server with these implementations of HTTP and WebSocket."""
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("witness_app.py")), parser, protocol],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        self._lines: list[str] = []
        self._started = threading.Event()
        self._port = 0
        self._reader = threading.Thread(target=self._follow, args=(self._process.stderr,))
        self._reader.start()

    def _follow(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._lines.append(line)
                if found := _RUNNING.search(line):
                    self._port = int(found[1])
                    self._started.set()
        self._started.set()

    @property
    def log(self) -> str:
        """What the server has logged."""
        return "".join(self._lines)

    def await_ready(self) -> None:
        """Return when the server accepts connections."""
        assert self._started.wait(PATIENCE), self.log
        assert self._port, self.log

    def stop(self) -> None:
        """Stop the server, and wait until it is gone."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._reader.join()

    @property
    def pid(self) -> int:
        """The process that the server is."""
        return self._process.pid

    def connect(self) -> socket.socket:
        """Return a new connection."""
        return socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE)

    def send(self, data: bytes) -> bytes:
        """Send bytes over a new connection; return all that comes until its end, or silence."""
        received = b""
        with self.connect() as connection:
            connection.sendall(data)
            connection.settimeout(SILENCE)
            try:
                while chunk := connection.recv(65536):
                    received += chunk
            except (TimeoutError, ConnectionResetError):
                pass
        return received

    def ask(self, path: str) -> str:
        """Return the body of an ordinary request's answer."""
        request = f"GET {path} HTTP/1.1\r\nHost: witness\r\nConnection: close\r\n\r\n"
        head, _, body = self.send(request.encode()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        return body.decode()

    def counts(self) -> tuple[int, int]:
        """Return how many sockets were opened and closed."""
        opens, closes = self.ask("/counts").split()
        return int(opens), int(closes)

    def seen(self) -> list[str]:
        """Return the requests that reached the application since the last call."""
        return self.ask("/seen").splitlines()


@contextmanager
def witness(parser: str, protocol: str = "wsproto") -> Generator[Witness]:
    """Run a server for the block."""
    server = Witness(parser, protocol)
    try:
        server.await_ready()
        yield server
    finally:
        server.stop()


def statuses(received: bytes) -> list[int]:
    """Return the statuses of the answers in what came over a connection."""
    return [int(found[1]) for found in _HEAD.finditer(received)]
