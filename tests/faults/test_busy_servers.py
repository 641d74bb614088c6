"""More work than there are slots: limits hold, others are served, and everybody is told."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import replace

import pytest

from velaros import Status

from .figures import record
from .memory import MB
from .scale import scaled
from .serving import UVICORN, Loaded, running
from .wire import Wire, make_message

LIMIT = 100
"""How many messages of one socket are handled at once by default."""

OFTEN_PINGING = replace(
    UVICORN, command=f"{UVICORN.command} --ws-ping-interval 0.2 --ws-ping-timeout 0.4"
)
"""uvicorn that looks after its clients all the time."""


async def measure_bystander(server: Loaded, over: asyncio.Event) -> float:
    """Ask now and then until it is over; return the seconds within which 99 of 100 answers came."""
    wire = await server.connect()
    times: list[float] = []
    while not over.is_set():
        began = time.monotonic()
        wire.push("/echo", 1, id="bystander")
        assert await wire.message() == {"id": "bystander", "data": 1}
        times.append(time.monotonic() - began)
        await asyncio.sleep(0.01)
    return sorted(times)[len(times) * 99 // 100]


async def read_answers(wire: Wire, count: int) -> Counter[str]:
    """Read the answers to so many messages, or up to the end; count what they say."""
    told: Counter[str] = Counter()
    while told.total() < count and (message := await wire.message()) is not None:
        told[message["data"].get("error", "answered")] += 1
    return told


@scaled("count", fast=2000, full=20_000)
async def test_a_client_that_sends_everything_at_once(count: int) -> None:
    """Handlers, memory and the patience of others are bounded, and each message gets a word."""
    seconds = 2.0 if count > 2000 else 0.1
    async with running(UVICORN, "plain") as server:
        bystander = asyncio.Event()
        warm = await server.connect()
        warm.push("/echo", 1, id="warm")
        assert await warm.message() is not None
        memory = await server.forget_peak()
        latency = asyncio.create_task(measure_bystander(server, bystander))
        wire = await server.connect()
        answers = asyncio.create_task(read_answers(wire, count))
        frames = [make_message("/work", seconds, id=str(number)) for number in range(count)]
        for batch in range(0, count, 100):
            if not answers.done():
                await wire.send(b"".join(frames[batch : batch + 100]))
        told = await answers
        bystander.set()
        p99 = await latency
        facts = await server.facts()
        grown = server.peak() - memory
    what = f"{count:,} requests of {seconds:g} s each at once"
    record(f"{what}: most that ran at once", facts["most_running"], LIMIT, "messages")
    record(f"{what}: memory at most", grown / MB, 20, "MB")
    record(f"{what}: a bystander's p99", p99 * 1000, 100, "ms")
    untold = 0 if wire.close_code else count - told.total()
    record(f"{what}: messages without an answer, a refusal or a close code", untold, 0, "messages")


@scaled("seconds", fast=1, full=60)
async def test_handlers_that_are_all_busy(seconds: int) -> None:
    """The server reads on while messages can wait, so that no client is taken for dead."""
    count, waiting = 10, 100
    kind = UVICORN if seconds == 60 else OFTEN_PINGING
    async with running(kind, "plain") as server:
        wires = await server.connect_all(count)
        for wire in wires:
            for number in range(LIMIT + waiting):
                wire.push("/work", seconds, id=str(number))
        told = await asyncio.gather(*(read_answers(wire, LIMIT + waiting) for wire in wires))
        facts = await server.facts()
    what = f"handlers all busy for {seconds} s under uvicorn's pings"
    record(f"{what}: sockets lost", facts["closed"], 0, "sockets")
    untold = count * (LIMIT + waiting) - sum(told, Counter[str]()).total()
    record(f"{what}: messages without an answer or a refusal", untold, 0, "messages")
    assert facts["most_running"] == LIMIT


@pytest.mark.full
async def test_a_flood_while_handlers_are_all_busy() -> None:
    """Where reading has to pause, the limit's own rule ends the socket, and no missed pong."""
    count = 5000
    async with running(UVICORN, "plain") as server:
        wire = await server.connect()
        began = time.monotonic()
        reading = asyncio.create_task(wire.read_close_code())
        for number in range(count):
            wire.push("/work", 60, id=str(number))
        code = await reading
        took = time.monotonic() - began
    what = f"{count:,} messages while handlers are all busy for 60 s"
    assert code == Status.TRY_AGAIN_LATER
    record(f"{what}: time until closed with 1013", took, 15, "s")
