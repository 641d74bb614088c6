"""The session's own task: its waits and their interruptions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from velaros import ConnectionEnded

from .helpers import Peer, json_router, noting, settle, soon

if TYPE_CHECKING:
    from velaros import Router
    from velaros.session import Session


def session_of(router: Router) -> Session:
    """Return the one session of a router."""
    (session,) = list(router._sessions)  # pyright: ignore[reportPrivateUsage]
    return session


async def test_an_interruption_and_a_cancellation_at_once() -> None:
    """Closed and cancelled in the same moment: the cancellation is not taken for the other."""
    router = json_router()
    peer = Peer(router)
    peer.start()
    await settle()
    session_of(router).close(4000)
    peer.task.cancel()
    assert (await peer.closed()).status == 4000
    with pytest.raises(asyncio.CancelledError):
        await soon(peer.task)


async def test_interrupting_twice_is_interrupting_once() -> None:
    """However many notice the end, the task is cancelled once and left clean."""
    router = json_router()
    async with Peer(router) as peer:
        await settle()
        session = session_of(router)
        session.close(4000)
        session.reader.interrupt()
        assert (await peer.closed()).status == 4000
        await peer.ended()
        assert peer.task.cancelling() == 0


async def test_only_a_wait_is_interrupted() -> None:
    """Where the task does not wait, there is nothing to interrupt."""
    router = json_router()
    async with Peer(router) as peer:
        await settle()
        session = session_of(router)
        peer.leave()
        await peer.ended()
        session.reader.interrupt()
        assert peer.task.cancelling() == 0


async def test_a_pause_is_interrupted_too() -> None:
    """A socket that is closed while reading pauses ends at once."""
    router = json_router(max_concurrent_messages=1, max_waiting_messages=1)

    @router.bind("/x")
    async def _(ctx: object) -> None:
        await asyncio.sleep(3600)

    async with Peer(router) as peer:
        for _round in range(4):
            peer.push("/x")
        await settle()
        session_of(router).close(4000)
        assert (await peer.closed()).status == 4000


async def test_waking_a_reader_that_does_not_pause_does_nothing() -> None:
    """Wakes may come at any time, and twice."""
    router = json_router(max_concurrent_messages=1, max_waiting_messages=1)
    go = asyncio.Event()

    @router.bind("/x")
    async def _(ctx: object) -> None:
        await go.wait()

    async with Peer(router) as peer:
        await settle()
        reader = session_of(router).reader
        reader.wake()
        for _round in range(3):
            peer.push("/x")
        await settle()
        reader.wake()
        reader.wake()
        await settle()
        assert peer.connection.incoming.qsize() == 1
        go.set()
        await settle()


async def test_only_the_first_loss_counts() -> None:
    """Several sends that fail tell no more than one."""
    router = json_router()
    async with Peer(router) as peer:
        await settle()
        session = session_of(router)
        session.reader.miss(ConnectionEnded(4001, "first"))
        session.reader.miss(ConnectionEnded(4002, "second"))
        peer.connection.incoming.put_nowait(RuntimeError())
        await peer.ended()
    status = session.lifecycle.close_status
    assert status is not None
    assert (status.status, status.reason) == (4001, "first")


async def test_a_message_that_came_with_the_news_of_the_end_is_not_handled() -> None:
    """A connection may give a message in spite of being cancelled; its client is gone all the same.

    The cancellation was the reader's own, and leaves no trace.
    """
    router = json_router()
    handled: list[str] = []
    router.bind("/x", noting(handled, "handled"))
    peer = Peer(router)
    receive = peer.connection.receive

    async def receive_stubbornly() -> str | bytes:
        try:
            return await receive()
        except asyncio.CancelledError:
            return '{"path":"/x","id":1}'

    peer.connection.receive = receive_stubbornly
    async with peer:
        await settle()
        session = session_of(router)
        session.reader.miss(ConnectionEnded(4001, "gone"))
        peer.connection.incoming.put_nowait(RuntimeError())
        await peer.ended()
        assert peer.task.cancelling() == 0
    assert handled == []
    status = session.lifecycle.close_status
    assert status is not None
    assert (status.status, status.reason) == (4001, "gone")
