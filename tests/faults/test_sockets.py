"""Many sockets: nothing is left of those that ended, and little is needed for those that idle."""

from __future__ import annotations

import asyncio
from itertools import cycle, islice

from .figures import record
from .memory import KIB, MB
from .scale import scaled
from .serving import UVICORN, Loaded, allow_sockets, running
from .wire import Wire, make_message


async def clean(wire: Wire) -> None:
    """Close in order."""
    await wire.close()


async def dropped(wire: Wire) -> None:
    """Vanish."""
    wire.drop()


async def mid_message(wire: Wire) -> None:
    """Vanish within a message."""
    await wire.send(make_message("/echo", "x" * 1000)[:500])
    wire.drop()


async def mid_request(wire: Wire) -> None:
    """Vanish while the server waits for an answer."""
    wire.push("/ask")
    question = await wire.message()
    assert question is not None
    assert question["path"] == "/question"
    wire.drop()


async def by_server(wire: Wire) -> None:
    """Have the server close."""
    wire.push("/close")
    assert await wire.read_close_code() == 4000
    wire.drop()


WAYS = [clean, dropped, mid_message, mid_request, by_server]


async def open_and_end(server: Loaded, count: int) -> None:
    """Open sockets and end them in all five ways, some at a time."""
    ways = islice(cycle(WAYS), count)

    async def go_on() -> None:
        for way in ways:
            await way(await server.connect())

    await asyncio.gather(*(go_on() for _ in range(40)))


@scaled("count", fast=500, full=10_000)
async def test_sockets_that_end_in_five_ways(count: int) -> None:
    """Every socket opens once and closes once, and leaves neither a task nor memory behind."""
    async with running(UVICORN, "plain") as server:
        await open_and_end(server, 200)
        before = await server.facts_when("closed", 200)
        memory = await server.memory()
        await open_and_end(server, count)
        await server.facts_when("closed", count + 200)
        after = await server.facts_at_rest(before["tasks"])
        grown = await server.memory() - memory
    what = f"{count:,} sockets ended in five ways"
    record(f"{what}: tasks left", after["tasks"] - before["tasks"], 0, "tasks")
    assert after["upgraded"] == after["opened"] == after["closed"] == count + 200
    record(f"{what}: close hooks missed or run twice", after["astray"], 0, "hooks")
    record(f"{what}: memory", grown / MB, 3, "MB")


@scaled("count", fast=200, full=1000)
async def test_idle_sockets(count: int) -> None:
    """An idle socket takes little memory, and no more than two tasks."""
    allow_sockets(count)
    async with running(UVICORN, "plain") as server:
        for wire in await server.connect_all(50):
            wire.drop()
        before = await server.facts_when("closed", 50)
        memory = await server.memory()
        await server.connect_all(count)
        after = await server.facts_when("opened", count + 50)
        grown = await server.memory() - memory
    what = f"{count:,} idle sockets"
    record(f"{what}: memory of each", grown / KIB / count, 25, "KiB")
    record(f"{what}: tasks of each", (after["tasks"] - before["tasks"]) / count, 2, "tasks")
