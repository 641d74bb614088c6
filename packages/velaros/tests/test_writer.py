"""Turns in writing, and the end to waiting for a client that does not read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from aros_core.codecs import OutboundMessage
from velaros import ConnectionEnded, SocketClosed
from velaros.lifecycle import Lifecycle
from velaros.writer import Writer

from .helpers import Clock, Closed, FakeConnection, settle, soon

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Desk:
    """A writer, its connection, and how often it gave the client up."""

    def __init__(self, timeout: float = 30.0) -> None:
        self.connection = FakeConnection()
        self.stalls = 0
        self.encoded: list[str] = []
        self.ends: list[ConnectionEnded] = []
        lifecycle = Lifecycle()
        lifecycle.accept()
        self.writer = Writer(self.connection, lifecycle, timeout, self._stalled, self.ends.append)

    def _stalled(self) -> None:
        self.stalls += 1

    def encode(self, message: OutboundMessage) -> str:
        """Return the data of a message, which is its frame."""
        if message.data == "unfit":
            raise TypeError("this cannot be sent")
        self.encoded.append(message.data)
        return message.data

    async def send(self, message: str) -> None:
        """Send a message."""
        await self.writer.send(self, OutboundMessage(data=message))

    def start(self, message: str) -> asyncio.Task[None]:
        """Send a message in a task."""
        return asyncio.create_task(self.send(message))

    @property
    def written(self) -> list[str | bytes | Closed]:
        """What the connection has taken by now."""
        queue = self.connection.outgoing
        return [queue.get_nowait() for _ in range(queue.qsize())]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Give a desk, and stop its writer."""
    desk = Desk()
    yield desk
    desk.writer.stop()


async def test_sends_one_after_another(desk: Desk) -> None:
    """What is sent at once goes out in the order of asking, never two at a time."""
    await asyncio.gather(*(desk.send(str(number)) for number in range(100)))
    assert desk.written == [str(number) for number in range(100)]


async def test_encodes_at_its_turn(desk: Desk) -> None:
    """A slow reader costs one encoded message; what waits behind it is not encoded yet."""
    desk.connection.gate.clear()
    sends = [desk.start(str(number)) for number in range(5)]
    await settle()
    assert desk.encoded == ["0"]
    desk.connection.gate.set()
    await asyncio.gather(*sends)
    assert desk.written == ["0", "1", "2", "3", "4"]


async def test_what_cannot_be_encoded_harms_nobody_else(desk: Desk) -> None:
    """The error is the sender's own, and the next one has its turn."""
    results = await asyncio.gather(
        desk.send("a"), desk.send("unfit"), desk.send("b"), return_exceptions=True
    )
    assert [type(result) for result in results] == [type(None), TypeError, type(None)]
    assert desk.written == ["a", "b"]


async def test_a_cancelled_sender_leaves_its_turn(desk: Desk) -> None:
    """Cancelled while it waits, or while it sends, a sender blocks nobody."""
    desk.connection.gate.clear()
    sending, waiting, last = (desk.start(text) for text in "abc")
    await settle()
    waiting.cancel()
    await settle()
    sending.cancel()
    await settle()
    desk.connection.gate.set()
    await soon(last)
    assert desk.written == ["c"]
    assert sending.cancelled()
    assert waiting.cancelled()


async def test_a_turn_that_comes_with_a_cancellation_is_passed_on(desk: Desk) -> None:
    """A sender that is cancelled as its turn comes hands it to the next one."""
    desk.connection.gate.clear()
    first, second, third = (desk.start(text) for text in "abc")
    await settle()
    desk.connection.gate.set()
    while not first.done():
        await asyncio.sleep(0)
    second.cancel()
    await soon(third)
    assert desk.written == ["a", "c"]


async def test_a_waiter_cancelled_just_before_its_turn_is_skipped(desk: Desk) -> None:
    """The writer passes over a sender whose cancellation has not been delivered yet."""
    desk.connection.gate.clear()
    first, second, third = (desk.start(text) for text in "abc")
    await settle()
    first.cancel()
    second.cancel()
    desk.connection.gate.set()
    await soon(third)
    assert desk.written == ["c"]


async def test_gives_up_a_client_that_does_not_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After `send_timeout` the sender and all who wait, from whatever task, get SocketClosed."""
    clock = Clock(monkeypatch)
    desk.connection.gate.clear()
    sends = [desk.start(str(number)) for number in range(50)]
    await settle()
    await clock.advance(29.9)
    assert not any(send.done() for send in sends)
    await clock.advance(0.2)
    results = await asyncio.gather(*sends, return_exceptions=True)
    assert {str(result) for result in results} == {"the client does not read"}
    assert {type(result) for result in results} == {SocketClosed}
    assert desk.stalls == 1
    with pytest.raises(SocketClosed):
        await desk.send("later")
    assert desk.written == []


async def test_the_time_of_a_send_begins_with_its_turn(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that reads one message every 20 s is slow, but not given up."""
    clock = Clock(monkeypatch)
    desk.connection.gate.clear()
    sends = [desk.start(str(number)) for number in range(3)]
    for number in range(3):
        await clock.advance(20.0)
        desk.connection.gate.set()
        while not sends[number].done():
            await asyncio.sleep(0)
        desk.connection.gate.clear()
    assert desk.stalls == 0
    assert desk.written == ["0", "1", "2"]


async def test_an_idle_writer_is_not_watched_for_ever(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When nothing is being sent, the watch ends without giving anybody up."""
    clock = Clock(monkeypatch)
    await desk.send("a")
    await clock.advance(31.0)
    await desk.send("b")
    assert desk.stalls == 0


async def test_a_stall_while_the_sender_is_being_cancelled(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender that cleans up after its own cancellation is given SocketClosed as well."""
    clock = Clock(monkeypatch)
    desk.connection.gate.clear()
    outcome: list[BaseException] = []

    async def handler() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            try:
                await desk.send("last words")
            except SocketClosed as error:
                outcome.append(error)

    task = asyncio.create_task(handler())
    await settle()
    task.cancel()
    await settle()
    await clock.advance(31.0)
    assert [type(error) for error in outcome] == [SocketClosed]
    assert task.cancelled()


async def test_a_cancellation_that_meets_a_stall_is_kept(desk: Desk) -> None:
    """Cancelled and given up in the same moment, a sender is cancelled."""
    desk.connection.gate.clear()
    task = desk.start("a")
    await settle()
    desk.writer.stop()
    task.cancel()
    await settle()
    assert task.cancelled()


async def test_closes_behind_what_was_sent_before(desk: Desk) -> None:
    """The close frame comes after all that was waiting, and nothing after it."""
    desk.connection.gate.clear()
    sends = [desk.start(text) for text in "ab"]
    await settle()
    closing = asyncio.create_task(desk.writer.close(1000, "bye"))
    await settle()
    late = desk.start("c")
    await settle()
    desk.connection.gate.set()
    await soon(closing)
    await asyncio.gather(*sends)
    with pytest.raises(SocketClosed, match="the socket is closed"):
        await late
    assert desk.written == ["a", "b", Closed(1000, "bye")]


async def test_closes_at_once_where_nothing_waits(desk: Desk) -> None:
    """An idle connection is closed without a detour, once."""
    await desk.writer.close(1000, "")
    await desk.writer.close(1001, "")
    assert desk.written == [Closed(1000)]


async def test_does_not_close_what_was_stopped(desk: Desk) -> None:
    """To a client that does not read no close frame is sent."""
    desk.writer.stop("the client does not read")
    await desk.writer.close(1000, "")
    assert desk.written == []


async def test_stopping_ends_whoever_still_sends(desk: Desk) -> None:
    """At the end of a socket, sends from tasks outside of it end too."""
    desk.connection.gate.clear()
    sends = [desk.start(text) for text in "abc"]
    await settle()
    cancelled = sends[2]
    cancelled.cancel()
    desk.writer.stop()
    results = await asyncio.gather(*sends, return_exceptions=True)
    assert [type(result) for result in results] == [
        SocketClosed,
        SocketClosed,
        asyncio.CancelledError,
    ]


async def test_a_cancelled_close_makes_way() -> None:
    """A close that is given up while it waits for its turn changes nothing."""
    desk = Desk()
    desk.connection.gate.clear()
    send = desk.start("a")
    await settle()
    closing = asyncio.create_task(desk.writer.close(1000, ""))
    await settle()
    closing.cancel()
    await settle()
    desk.connection.gate.set()
    await soon(send)
    await desk.send("b")
    assert desk.written == ["a", "b"]
    desk.writer.stop()
