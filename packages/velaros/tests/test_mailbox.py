"""Tests of mailboxes: order, limits, and who gets what."""

from __future__ import annotations

import asyncio

import pytest

from velaros.mailbox import BURST, MAX_BYTES, Mailbox


def make(limit: int = 3) -> tuple[Mailbox[str], list[None]]:
    """Return a mailbox, and a list that grows with each word of room in it."""
    room: list[None] = []
    return Mailbox(limit, lambda: room.append(None)), room


async def test_first_come_first_served() -> None:
    """Messages are taken in the order in which they came, and room is told of."""
    mailbox, room = make()
    for message in "ab":
        mailbox.put(message, 1)
    assert len(mailbox) == 2
    assert [await mailbox.take(), await mailbox.take()] == ["a", "b"]
    assert len(room) == 2


async def test_counts_messages_and_bytes() -> None:
    """A mailbox is full at its limit of messages, or of bytes, and bursting at many times that."""
    mailbox, _ = make(limit=2)
    mailbox.put("a", 1)
    assert not mailbox.is_full
    mailbox.put("b", 1)
    assert mailbox.is_full
    mailbox.drop_oldest()
    assert not mailbox.is_full
    mailbox.put("c", MAX_BYTES)
    await mailbox.take()
    assert mailbox.is_full
    assert not mailbox.is_bursting
    mailbox.put("d", MAX_BYTES * (BURST - 1))
    assert mailbox.is_bursting


async def test_takers_wait_in_turn() -> None:
    """Each message goes to one of those who wait."""
    mailbox, _ = make()
    async with asyncio.TaskGroup() as group:
        takers = [group.create_task(mailbox.take()) for _ in range(2)]
        await asyncio.sleep(0)
        mailbox.put("a", 1)
        mailbox.put("b", 1)
    assert [taker.result() for taker in takers] == ["a", "b"]


async def test_a_cancelled_taker_loses_nothing() -> None:
    """A message for a taker that was cancelled goes to the next one."""
    mailbox, _ = make()
    first, second = (asyncio.create_task(mailbox.take()) for _ in range(2))
    await asyncio.sleep(0)
    mailbox.put("a", 1)
    first.cancel()
    assert await second == "a"
    with pytest.raises(asyncio.CancelledError):
        await first
    third = asyncio.create_task(mailbox.take())
    await asyncio.sleep(0)
    third.cancel()
    with pytest.raises(asyncio.CancelledError):
        await third
    mailbox.put("b", 1)
    assert await mailbox.take() == "b"


async def test_the_end_comes_after_what_is_left() -> None:
    """What came before the end can be taken; who waits for more gets an error of its own."""
    mailbox, _ = make()
    waiting = [asyncio.create_task(mailbox.take()) for _ in range(2)]
    await asyncio.sleep(0)
    mailbox.put("a", 1)
    mailbox.end(lambda: LookupError("over"))
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert results[0] == "a"
    assert isinstance(results[1], LookupError)
    with pytest.raises(LookupError, match="over") as again:
        await mailbox.take()
    assert again.value is not results[1]
