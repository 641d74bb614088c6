"""Ends that come over many sockets at once: clients are killed, servers are told to stop."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .figures import record
from .scale import scaled
from .serving import SERVE, UVICORN, Facts, Loaded, allow_sockets, running
from .wire import PATIENCE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.servers.kinds import Kind


@asynccontextmanager
async def waiting_client(port: int, count: int) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Run a program with sockets over each of which the server has a request that waits."""
    command = ["-m", "waiting_client", str(port), str(count)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=Path(__file__).parent, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_client_that_is_killed() -> None:
    """Every request that waits for it ends, and every close hook runs once, at once."""
    count = 200
    async with (
        running(UVICORN, "plain") as server,
        waiting_client(server.port, count) as client,
    ):
        assert (await server.facts())["running"] == count
        killed = time.monotonic()
        client.kill()
        facts = await server.facts_when("closed", count)
    what = f"client killed with {count} requests waiting"
    record(f"{what}: time to the last close hook", facts["last_end"] - killed, 0.5, "s")
    record(f"{what}: requests that did not end", count - facts["told"], 0, "requests")
    record(f"{what}: close hooks missed or run twice", facts["astray"], 0, "hooks")
    assert facts["running"] == 0
    assert facts["opened"] == facts["closed"] == count


async def stop(server: Loaded, patience: float) -> tuple[float, Facts]:
    """Tell the server to stop; return how many seconds that took, and its last words."""
    began = time.monotonic()
    server.server.terminate()
    assert await server.server.wait_exit(patience) in (0, -signal.SIGTERM)
    took = time.monotonic() - began
    return took, await server.server.report("", "stopped")


@pytest.mark.parametrize("kind", [UVICORN, SERVE], ids=str)
@scaled("count", fast=200, full=1000)
async def test_a_server_that_stops(kind: Kind, count: int) -> None:
    """Every client is told why, every close hook runs once, and the process ends in time."""
    busy = count // 10
    allow_sockets(count)
    async with running(kind, "plain") as server:
        wires = await server.connect_all(count)
        for wire in wires[:busy]:
            wire.push("/hold")
            assert await wire.message() is not None
        codes = asyncio.gather(*(wire.read_close_code() for wire in wires))
        took, facts = await stop(server, 20)
        untold = [code for code in await codes if code is None]
    what = f"SIGTERM with {count:,} sockets, {busy} of them busy, on {kind}"
    record(f"{what}: time to the exit", took, 2, "s")
    record(f"{what}: clients without a close code", len(untold), 0, "clients")
    check_hooks(what, facts, count)


@scaled("bound", fast=1, full=10)
async def test_a_server_that_stops_with_clients_that_do_not_read(bound: int) -> None:
    """It waits for them no longer than the server's bound, by default 10 s with `serve`."""
    count, silent = 50, 5
    options = {} if bound == 10 else {"timeout_graceful_shutdown": bound}
    async with running(SERVE, "plain", SERVE_OPTIONS=json.dumps(options)) as server:
        wires = await server.connect_all(count)
        for _ in range(silent):
            wire = await server.connect(receive_buffer=4096)
            wire.stop_reading()
            wire.push("/flood", 100_000_000)
        await server.facts_when("running", silent)
        codes = asyncio.gather(*(wire.read_close_code() for wire in wires))
        took, facts = await stop(server, 30)
        untold = [code for code in await codes if code is None]
    what = f"SIGTERM with {silent} clients that do not read, on {SERVE}"
    record(
        f"{what}: time to the exit, past the server's bound of {bound} s", took - bound, 0.5, "s"
    )
    record(f"{what}: others without a close code", len(untold), 0, "clients")
    check_hooks(what, facts, count + silent)


def check_hooks(what: str, facts: Facts, count: int) -> None:
    """Record that the close hooks of all sockets ran, each once."""
    assert facts["opened"] == facts["closed"] == count
    record(f"{what}: close hooks missed or run twice", facts["astray"], 0, "hooks")
    assert facts["running"] == 0, json.dumps(facts)
