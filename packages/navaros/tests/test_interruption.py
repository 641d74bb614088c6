"""Blocks that end when the client leaves, and cancellations that are somebody else's."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from navaros.inbox import Inbox
from navaros.interruption import UntilOver

if TYPE_CHECKING:
    from aros_core.asgi.types import Event


class Gate:
    """A server whose client leaves when the test says so."""

    def __init__(self) -> None:
        self.left = asyncio.Event()
        self.inbox = Inbox(self._receive)

    async def _receive(self) -> Event:
        await self.left.wait()
        return {"type": "http.disconnect"}


async def test_the_block_is_left_when_the_client_leaves() -> None:
    """Whatever the block waits for, it ends quietly, and the task is as it was."""
    gate = Gate()
    gate.left.set()
    with UntilOver(gate.inbox):
        await asyncio.get_running_loop().create_future()
        raise AssertionError("nothing wakes this")
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await gate.inbox.close()


async def test_a_block_that_ends_by_itself_is_untouched() -> None:
    """After the block the client may leave, and nobody is cancelled for it."""
    gate = Gate()
    with UntilOver(gate.inbox):
        pass
    gate.left.set()
    await gate.inbox.wait_over()
    await asyncio.sleep(0)
    await gate.inbox.close()


async def test_a_client_that_leaves_as_the_block_ends() -> None:
    """A notice that comes after the block does nothing any more."""
    gate = Gate()
    with UntilOver(gate.inbox):
        gate.inbox.leave()
    await asyncio.sleep(0)
    await gate.inbox.close()


async def test_errors_pass() -> None:
    """What the block raises while it is interrupted is not lost."""
    gate = Gate()
    gate.left.set()

    async def fail() -> None:
        with UntilOver(gate.inbox):
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                raise LookupError

    with pytest.raises(LookupError):
        await fail()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await gate.inbox.close()


async def test_a_cancellation_from_outside_passes() -> None:
    """Only the interruption is swallowed: a task that somebody cancels is cancelled."""
    gate = Gate()
    inside = asyncio.Event()

    async def work() -> None:
        with UntilOver(gate.inbox):
            inside.set()
            await asyncio.get_running_loop().create_future()

    task = asyncio.create_task(work())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gate.inbox.close()


async def test_both_at_once_is_a_cancellation() -> None:
    """Where the client leaves and somebody cancels the task, the task is cancelled."""
    gate = Gate()
    inside = asyncio.Event()

    async def work() -> None:
        with UntilOver(gate.inbox):
            inside.set()
            with suppress(asyncio.CancelledError):
                await asyncio.get_running_loop().create_future()
            await asyncio.get_running_loop().create_future()

    task = asyncio.create_task(work())
    await inside.wait()
    gate.left.set()
    await gate.inbox.wait_over()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gate.inbox.close()
