"""Payloads that are out to break who reads them, as messages and as bodies."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.wrappers_pb2 import StringValue

import navaros
import navaros.testing
import velaros
from aros_core.codecs import OutboundMessage
from velaros import ConnectionInfo, UnmarshalError
from velaros.codecs.names import codec_named
from velaros.transports.memory import MemoryConnection

from . import hostile_payloads as hostile
from .figures import record

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from .hostile_payloads import Frames

BOUND = 0.5
"""How many seconds of work one of them may cost."""

PATIENCE = 30.0
"""How many seconds of real time to wait for what must come, on a machine with other work."""

FRAMES: dict[str, Callable[[], Frames]] = {
    "json": hostile.json_frames,
    "msgpack": hostile.msgpack_frames,
    "protobuf": hostile.protobuf_frames,
}
BODIES: dict[str, Callable[[], dict[str, bytes]]] = {
    "json": hostile.json_bodies,
    "msgpack": hostile.msgpack_payloads,
    "protobuf": hostile.protobuf_payloads,
}


@dataclass
class Person:
    """A type that payloads are read as."""

    name: str
    age: int = 0


@dataclass
class Outcome:
    """What became of all the hostile ones."""

    sent: int = 0
    answered: int = 0
    slowest: float = 0.0
    slowest_name: str = ""

    def note(self, name: str, seconds: float) -> None:
        """Note how long one of them took."""
        if seconds > self.slowest:
            self.slowest, self.slowest_name = seconds, name

    def check(self, what: str, caplog: pytest.LogCaptureFixture) -> None:
        """Record the figures, and demand that nothing was logged."""
        errors = [
            entry for entry in caplog.records if entry.levelno >= logging.ERROR or entry.exc_info
        ]
        row = f"{self.sent} hostile {what}"
        assert errors == []
        record(f"{row}: neither answered nor closed", self.sent - self.answered, 0, "")
        record(f"{row}: the longest, {self.slowest_name}", self.slowest, BOUND, "s")


WAYS: dict[str, Any] = {"a dataclass": Person, "a set": set[Any], "what it is": None}
"""What payloads of the formats that describe themselves are read as."""

READ_AS = [
    *((codec, way) for codec in ("json", "msgpack") for way in WAYS),
    ("protobuf", "what it is"),
]


async def read_as(ctx: velaros.Context | navaros.Context, codec: str, way: str) -> Any:
    """Read a payload, and return it where that is read as it is."""
    if codec == "protobuf":
        return await ctx.unmarshal(StringValue)
    if way == "what it is":
        return await ctx.unmarshal()
    with suppress(UnmarshalError):
        await ctx.unmarshal(WAYS[way])
    return None


def message_router(*codecs: str, way: str = "what it is") -> velaros.Router:
    """Return a router that reads what `/any` is sent, and maybe sends it back."""
    router = velaros.Router()
    for codec in codecs:
        router.use(getattr(velaros.middleware, codec)())

    @router.bind("/any")
    async def read_anything(ctx: velaros.Context) -> Any:
        answer = await read_as(ctx, ctx.codec.name if ctx.codec else "", way)
        return "read" if answer is None else answer

    return router


class Client:
    """A client that sends frames as they are."""

    def __init__(
        self, end: MemoryConnection, probe: str | bytes, probe_answer: str | bytes
    ) -> None:
        self._end = end
        self._probe = probe
        self._probe_answer = probe_answer

    async def is_answered(self, frame: str | bytes) -> bool:
        """Send a frame, and a sound message behind it; tell whether the former was answered."""
        await self._end.send(frame)
        await self._end.send(self._probe)
        answers = 0
        async with asyncio.timeout(PATIENCE):
            while await self._end.receive() != self._probe_answer:
                answers += 1
        return answers == 1


@asynccontextmanager
async def connected(router: velaros.Router, codec: str) -> AsyncGenerator[Client]:
    """Connect a client for the block."""
    near, far = MemoryConnection.pair()
    task = asyncio.create_task(router.handle_connection(ConnectionInfo(), far))
    encoded = codec_named(codec).encode_message(OutboundMessage(id="probe", path="/nobody"))
    probe = encoded.decode() if codec == "json" else encoded
    await near.send(probe)
    async with asyncio.timeout(PATIENCE):
        client = Client(near, probe, await near.receive())
    try:
        yield client
    finally:
        await near.close(1000, "")
        await task


@pytest.mark.parametrize("codecs", [1, 3], ids=["one codec", "all codecs"])
@pytest.mark.parametrize(("codec", "way"), READ_AS)
async def test_hostile_messages(
    codec: str, way: str, codecs: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Each is answered at once, whatever it says, and the connection lives on."""
    caplog.set_level(logging.DEBUG)
    names = [codec, *(name for name in FRAMES if name != codec)][:codecs]
    outcome = Outcome()
    async with connected(message_router(*names, way=way), codec) as client:
        for name, frame in FRAMES[codec]().items():
            if frame == b"" and "protobuf" in names:
                continue  # A sound message, with nothing in it.
            outcome.sent += 1
            start = time.process_time()
            assert await client.is_answered(frame), name
            outcome.note(name, time.process_time() - start)
            outcome.answered += 1
    outcome.check(f"messages, {' and '.join(names)}", caplog)


@pytest.mark.parametrize("codec", ["json", "msgpack"])
async def test_depths_around_the_limit(codec: str, caplog: pytest.LogCaptureFixture) -> None:
    """All are answered; a handler whose own answer is too deep is told so, and nothing else is."""
    async with connected(message_router(codec), codec) as client:
        for depth in range(480, 1100):
            assert await client.is_answered(hostile.nested_frame(codec, depth)), depth
    reasons = [str(entry.exc_info[1]) for entry in caplog.records if entry.exc_info]
    assert all(re.search("nested too deeply|recursion limit", it) for it in reasons), reasons


@pytest.mark.parametrize(("codec", "way"), READ_AS)
async def test_hostile_bodies(codec: str, way: str, caplog: pytest.LogCaptureFixture) -> None:
    """Each is answered at once, with a status that says whose fault it is."""
    caplog.set_level(logging.DEBUG)
    app = navaros.Router()
    app.use(getattr(navaros.middleware, codec)())

    @app.post("/")
    async def read_anything(ctx: navaros.Context) -> Any:
        answer = await read_as(ctx, codec, way)
        return "read" if answer is None else answer

    outcome = Outcome()
    async with navaros.testing.Client(app) as client:
        for name, body in BODIES[codec]().items():
            outcome.sent += 1
            start = time.process_time()
            response = await client.post(
                "/", content=body, headers={"content-type": f"application/{codec}"}
            )
            outcome.note(name, time.process_time() - start)
            assert response.status_code in (200, 400), name
            outcome.answered += 1
    outcome.check(f"bodies, {codec}", caplog)
