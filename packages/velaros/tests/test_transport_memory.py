"""Sockets in memory."""

from __future__ import annotations

import asyncio

import pytest

from velaros import Connection, ConnectionEnded
from velaros.transports.memory import MemoryConnection

from .helpers import soon


def test_is_a_connection() -> None:
    """It fits the protocol that every kind of connection speaks."""
    assert all(isinstance(end, Connection) for end in MemoryConnection.pair())


async def test_carries_texts_and_bytes_both_ways() -> None:
    """What one end sends, the other receives, in order."""
    left, right = MemoryConnection.pair()
    await left.send("one")
    await left.send(b"two")
    await right.send("three")
    assert [await right.receive(), await right.receive()] == ["one", b"two"]
    assert await left.receive() == "three"


async def test_the_other_end_hears_status_and_reason() -> None:
    """After the last message, and as often as it asks."""
    left, right = MemoryConnection.pair()
    await left.send("last")
    await left.close(4000, "done")
    assert await right.receive() == "last"
    for _ in range(2):
        with pytest.raises(ConnectionEnded) as ended:
            await right.receive()
        assert (ended.value.status, ended.value.reason) == (4000, "done")
        assert not ended.value.by_server


async def test_nothing_can_be_sent_after_the_close() -> None:
    """Neither end gets anything through, and a second close changes nothing."""
    left, right = MemoryConnection.pair()
    await left.close(4000, "first")
    await left.close(4001, "second")
    for end in (left, right):
        with pytest.raises(ConnectionEnded):
            await end.send("late")
    with pytest.raises(ConnectionEnded, match="status 4000: 'first'"):
        await right.receive()
    await right.close(4002, "third")


async def test_a_cancelled_receive_loses_nothing() -> None:
    """The message that comes next is the next receiver's."""
    left, right = MemoryConnection.pair()
    receiving = asyncio.create_task(right.receive())
    await asyncio.sleep(0)
    receiving.cancel()
    await asyncio.wait([receiving])
    await left.send("kept")
    assert await soon(right.receive()) == "kept"


async def test_an_end_without_another_is_closed() -> None:
    """What has no other end can send nothing, and closing it is fine."""
    alone = MemoryConnection()
    with pytest.raises(ConnectionEnded):
        await alone.send("nobody")
    await alone.close(1000, "")
