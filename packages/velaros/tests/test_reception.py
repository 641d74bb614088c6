"""Tests of where a client's messages go, and of when it stops reading."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aros_core.codecs import JsonCodec
from velaros.mailbox import BURST
from velaros.reception import Reception
from velaros.transports.client import RouterLink
from velaros.wire import Wire

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


async def send_nowhere(*args: Any) -> None:
    """Stand for sending and closing, which reading does not need."""


class Desk:
    """A reception with limits of two messages, and a pile of frames for it to read."""

    def __init__(self) -> None:
        self.frames: list[str] = []
        self.surrenders = 0
        wire = Wire(JsonCodec(), send_nowhere)
        self.reception = Reception(wire, self._give_up, max_waiting=2, max_pending=10)
        self._more = asyncio.Event()

    def _give_up(self) -> None:
        self.surrenders += 1

    async def receive(self) -> str:
        """Take the next frame from the pile."""
        while not self.frames:
            self._more.clear()
            await self._more.wait()
        return self.frames.pop(0)

    async def lay_down(self, frame: str, times: int) -> int:
        """Put frames on the pile; return how many are left when reading has come to rest."""
        self.frames += [frame] * times
        self._more.set()
        return await self.rest()

    async def rest(self) -> int:
        """Return how many frames are left on the pile when reading has come to rest."""
        for _ in range(10):
            await asyncio.sleep(0)
        return len(self.frames)


@pytest.fixture
async def desk() -> AsyncGenerator[Desk]:
    """Return a desk where reading is going on."""
    desk = Desk()
    reading = asyncio.create_task(desk.reception.read(desk.receive))
    yield desk
    reading.cancel()
    await asyncio.wait([reading])


NEWS = '{"path":"/news"}'


async def test_reading_pauses_for_a_listener(desk: Desk) -> None:
    """While somebody iterates, no more is read than can be kept, and nothing is lost."""
    with desk.reception.listening() as unasked:
        assert await desk.lay_down(NEWS, 5) == 3
        await unasked.take()
        assert await desk.rest() == 2
    assert await desk.rest() == 0
    assert len(unasked) == 2


async def test_reading_goes_on_while_a_request_waits(desk: Desk) -> None:
    """A request lifts the pause, since its answer is among what comes next."""
    with desk.reception.listening() as unasked:
        assert await desk.lay_down(NEWS, 5) == 3
        with desk.reception.answers() as (message_id, answers):
            assert await desk.rest() == 0
            assert await desk.lay_down(f'{{"id":"{message_id}","data":1}}', 1) == 0
            assert (await answers.take()).data == 1
        assert len(unasked) == 5
        assert await desk.lay_down(NEWS, 2) == 1


async def test_reading_pauses_for_a_stream(desk: Desk) -> None:
    """A full stream pauses reading until it is read from, or left."""
    with desk.reception.answers(streams=True) as (message_id, items):
        frame = f'{{"id":"{message_id}","data":1}}'
        assert await desk.lay_down(frame, 5) == 3
        await items.take()
        assert await desk.rest() == 2
    assert await desk.rest() == 0
    assert len(items) == 2


async def test_reading_pauses_for_a_router(desk: Desk) -> None:
    """Requests that the router has not taken yet pause reading; others have their own way."""
    reception = desk.reception
    reception.link = RouterLink(reception.new_mailbox(), send_nowhere, send_nowhere)
    assert await desk.lay_down('{"path":"/question","id":1}', 5) == 3
    assert await reception.link.receive() == '{"path":"/question","id":1}'
    assert await desk.rest() == 2


async def test_the_end_is_read_without_a_pause(desk: Desk) -> None:
    """When the connection is being closed, whatever is full does not matter."""
    with desk.reception.listening():
        assert await desk.lay_down(NEWS, 5) == 3
        desk.reception.begin_end()
        assert await desk.rest() == 0


async def test_a_flood_is_given_up_once(desk: Desk) -> None:
    """Where reading cannot pause, there is a limit, and what comes after it is dropped."""
    with desk.reception.answers() as (message_id, answers):
        frame = f'{{"id":"{message_id}","data":1}}'
        assert await desk.lay_down(frame, 2 * BURST + 5) == 0
        assert len(answers) == 2 * BURST
    assert desk.surrenders == 1


async def test_who_waits_hears_of_the_end(desk: Desk) -> None:
    """Requests, streams and listeners get the error of the end."""
    with (
        desk.reception.answers() as (_, answers),
        desk.reception.answers(streams=True) as (_, items),
        desk.reception.listening() as unasked,
    ):
        desk.reception.end(lambda: LookupError("over"))
        for mailbox in (answers, items, unasked):
            with pytest.raises(LookupError, match="over"):
                await mailbox.take()
