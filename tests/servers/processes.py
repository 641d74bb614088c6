"""Servers as processes: started on a safe port, watched through what they write, ended for sure."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from .output import Output

if TYPE_CHECKING:
    from .kinds import Kind

Report: TypeAlias = dict[str, Any]

PATIENCE = 15
"""How many seconds anything may take that comes at all."""

_OURS = re.compile(
    r'File ".*/(aros_core|navaros|velaros|servers)/|unhandled error|close_timeout'
    r"|was destroyed but it is pending|never retrieved|never awaited|Warning"
)


@dataclass(frozen=True)
class End:
    """How a socket ended, as its close handlers saw it."""

    status: int
    reason: str
    source: str
    farewell: str
    """What became of the message that a close handler tried to send."""


class Server:
    """One server process."""

    def __init__(
        self, kind: Kind, app: str, *, directory: Path = Path(__file__).parent, **environment: str
    ) -> None:
        """Start to serve an application of `app.py`; `await_ready` says when that is done."""
        self.kind = kind
        self._reservation = _reserve_port()
        self.port: int = self._reservation.getsockname()[1]
        self._process = subprocess.Popen(
            kind.arguments(app, self.port),
            cwd=directory,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "error", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self.output = Output(self._process.stdout)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def await_ready(self) -> None:
        """Return when the server accepts connections."""
        try:
            self.output.line(lambda line: self.kind.ready in line).result(PATIENCE)
            self._await_listening()
        except (EOFError, TimeoutError) as error:
            raise AssertionError(f"{self.kind} did not start:\n{self.output}") from error
        self._reservation.close()

    def _await_listening(self) -> None:
        """Knock until somebody answers: Granian says that it has started just before it listens."""
        deadline = time.monotonic() + PATIENCE
        with socket.socket() as knocking:
            while knocking.connect_ex(("127.0.0.1", self.port)):
                if time.monotonic() > deadline:
                    raise TimeoutError
                time.sleep(0.005)

    # What the application reports

    async def report(self, tag: str, event: str) -> Report:
        """Return the first report of an event, when it is there."""

        def matches(line: str) -> bool:
            report = _read_report(line)
            return report is not None and (report["tag"], report["event"]) == (tag, event)

        try:
            async with asyncio.timeout(PATIENCE):
                return json.loads(await asyncio.wrap_future(self.output.line(matches)))
        except (EOFError, TimeoutError) as error:
            raise AssertionError(f"no {event!r} of client {tag}:\n{self.output}") from error

    def events(self, tag: str) -> list[str]:
        """Return the names of the events that were reported of a client so far."""
        reports = filter(None, map(_read_report, list(self.output.lines)))
        return [report["event"] for report in reports if report["tag"] == tag]

    async def end(self, tag: str) -> End:
        """Return how a client's socket ended, when the application is through with it.

        Every hook has run once then, and nothing can be sent any more.
        """
        ended = await self.report(tag, "ended")
        assert ended["late"] == "SocketClosed"
        events = self.events(tag)
        assert sorted(events) == sorted(set(events))
        closed = await self.report(tag, "closed")
        farewell = await self.report(tag, "farewell")
        return End(closed["status"], closed["reason"], closed["source"], farewell["outcome"])

    def complaints(self) -> list[str]:
        """Return the lines that tell of errors which are not the server's own doing."""
        found: list[str] = []
        before = ""
        for line in list(self.output.lines):
            is_traceback = line.startswith("Traceback") and not before.startswith(self.kind.noise)
            if is_traceback or _OURS.search(line):
                found.append(line)
            before = line
        return found

    # The end

    def terminate(self) -> None:
        """Tell the server to stop, as a service manager does."""
        self._process.send_signal(signal.SIGTERM)

    async def wait_exit(self, seconds: float) -> int:
        """Return the exit status when the process has ended by itself, in time."""
        return await asyncio.to_thread(self._wait_exit, seconds)

    def _wait_exit(self, seconds: float) -> int:
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"{self.kind} did not end in time:\n{self.output}") from error

    def stop(self) -> None:
        """End the process and all of its children; raises `AssertionError` where it took force."""
        self._reservation.close()
        self.terminate()
        try:
            self._wait_exit(PATIENCE)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self.output.wait_end(PATIENCE)


def _reserve_port() -> socket.socket:
    """Return a socket that keeps a free port from others until a server listens on it."""
    reservation = socket.socket()
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    reservation.bind(("127.0.0.1", 0))
    return reservation


def _read_report(line: str) -> Report | None:
    return json.loads(line) if line.startswith('{"tag"') else None
