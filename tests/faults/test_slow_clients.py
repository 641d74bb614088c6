"""Clients that take nothing of what the server sends: they cost little, and not for long."""

from __future__ import annotations

import time

from .figures import record
from .memory import MB
from .scale import scaled
from .serving import UVICORN, Loaded, running

STALLED = 4096
"""The buffer of a client that does not read, in bytes."""


async def warm_up(server: Loaded) -> None:
    """Have the server do once what it does under load."""
    wire = await server.connect()
    for path, data in (("/flood", 1_000_000), ("/large", None), ("/echo", 1)):
        wire.push(path, data, id=path)
        while (message := await wire.message()) is not None:
            if message.get("id") == path or path == "/flood":
                break
    wire.drop()
    await server.facts_when("closed", 1)


@scaled("seconds", fast=1, full=30)
async def test_clients_that_never_read(seconds: int) -> None:
    """What is pushed to them waits with the handlers; after `send_timeout` they are cut off."""
    count, size = 5, 100 * MB
    async with running(UVICORN, "plain" if seconds == 30 else "stalling") as server:
        await warm_up(server)
        before = await server.facts()
        memory = await server.forget_peak()
        began = time.monotonic()
        for _ in range(count):
            wire = await server.connect(receive_buffer=STALLED)
            wire.stop_reading()
            wire.push("/flood", size)
        await server.facts_when("running", count)
        facts = await server.facts_when("closed", count + 1)
        tasks = (await server.facts_at_rest(before["tasks"]))["tasks"]
        grown = server.peak() - memory
    what = f"{count} clients that never read, {size // MB} MB pushed to each"
    record(f"{what}: memory at most", grown / MB, 5, "MB")
    late = facts["last_end"] - began - seconds
    record(f"{what}: time until cut off, past send_timeout of {seconds} s", late, 1, "s")
    record(f"{what}: tasks left", tasks - before["tasks"], 0, "tasks")
    assert facts["running"] == facts["astray"] == 0


@scaled("site", fast="stalling", full="plain")
async def test_a_client_that_asks_for_much_and_never_reads(site: str) -> None:
    """Answers that nobody takes are bounded by the handlers that may run at once."""
    count = 1600
    async with running(UVICORN, site) as server:
        await warm_up(server)
        memory = await server.forget_peak()
        wire = await server.connect(receive_buffer=STALLED)
        wire.stop_reading()
        for number in range(count):
            wire.push("/large", id=str(number))
        facts = await server.facts_when("closed", 2)
        grown = server.peak() - memory
    assert facts["most_running"] == 100
    record(f"{count:,} times 64 KiB for one that never reads: memory at most", grown / MB, 16, "MB")
