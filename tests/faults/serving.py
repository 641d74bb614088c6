"""The servers under load, each a process of its own, and what they tell of themselves."""

from __future__ import annotations

import asyncio
import json
import resource
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.servers.kinds import UVICORN_WSPROTO, Kind
from tests.servers.processes import Server

from .memory import forget_peak, peak, resident
from .wire import PATIENCE, Wire

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

Facts = dict[str, Any]

_READY = '"event": "started"'

UVICORN = Kind(
    name="uvicorn",
    command="uvicorn {app} --port {port} --ws wsproto --log-level warning",
    ready=_READY,
    limit=0,
    abilities=UVICORN_WSPROTO.abilities,
)
"""uvicorn as its command line starts it, with its own defaults."""

SERVE = Kind(
    name="navaros.serve",
    command="app {app} {port}",
    ready=_READY,
    limit=0,
    abilities=UVICORN_WSPROTO.abilities,
)
"""The server that comes with Navaros, with its defaults."""


@dataclass(frozen=True)
class Loaded:
    """A server that runs."""

    server: Server
    wires: list[Wire] = field(default_factory=list[Wire])
    """All sockets that were opened."""

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self.server.port

    async def connect(self, *, receive_buffer: int | None = None) -> Wire:
        """Open a socket."""
        wire = await Wire.connect(self.port, receive_buffer=receive_buffer)
        self.wires.append(wire)
        return wire

    async def connect_all(self, count: int) -> list[Wire]:
        """Open sockets, a few at a time."""
        wires: list[Wire] = []
        while len(wires) < count:
            some = min(50, count - len(wires))
            wires += await asyncio.gather(*(self.connect() for _ in range(some)))
        return wires

    # What it tells

    async def facts(self) -> Facts:
        """Ask what happened so far."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"GET /facts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await reader.read()
        finally:
            writer.transport.abort()
        return json.loads(answer.partition(b"\r\n\r\n")[2])

    async def facts_when(self, name: str, value: object) -> Facts:
        """Ask what happened, until a fact has come true."""
        async with asyncio.timeout(PATIENCE):
            while (facts := await self.facts())[name] != value:
                await asyncio.sleep(0.02)
        return facts

    async def facts_at_rest(self, tasks: int) -> Facts:
        """Ask what happened, when no more than so many tasks are left, or they will not end.

        Of a socket whose close hooks have run, the task has its connection still to close.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while (await self.facts())["tasks"] > tasks:
                    await asyncio.sleep(0.02)
        return await self.facts()

    # Its memory

    async def memory(self) -> int:
        """Return how many bytes it has in memory, when nothing is left to collect."""
        await self.facts()
        return resident(self.server.pid)

    async def forget_peak(self) -> int:
        """Begin to look for the peak of memory; return what is in memory now."""
        before = await self.memory()
        forget_peak(self.server.pid)
        return before

    def peak(self) -> int:
        """Return how many bytes it had in memory at most since then."""
        return peak(self.server.pid)


@asynccontextmanager
async def running(kind: Kind, site: str, **environment: str) -> AsyncGenerator[Loaded]:
    """Run a server with a site of `app.py`; it may complain of nothing."""
    server = Server(kind, site, directory=Path(__file__).parent, **environment)
    loaded = Loaded(server)
    try:
        await asyncio.to_thread(server.await_ready)
        yield loaded
    finally:
        for wire in loaded.wires:
            wire.drop()
        await asyncio.to_thread(server.stop)
    complaints = server.complaints()
    assert not complaints, f"{complaints}\nin the log of {kind}:\n{server.output}"


def allow_sockets(count: int) -> None:
    """Let this process, and those it starts, have so many sockets open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count + 200:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count + 200, hard), hard))
