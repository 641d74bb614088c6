"""Handlers and hooks that hang, raise or will not be stopped: bounded, and named once."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from .figures import record
from .peers import PATIENCE, Peer, make_router

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from velaros import Context, Router

CLOSE_TIMEOUT = 0.2
SLACK = 0.5
"""How many seconds may pass beside the bounds themselves, on a machine that is busy."""


class Troublemaker:
    """Handlers that give trouble until they are released."""

    def __init__(self) -> None:
        self.released = asyncio.Event()
        self.thread_begun = threading.Event()
        self.thread_released = threading.Event()

    def release(self) -> None:
        """End what cannot be ended otherwise."""
        self.released.set()
        self.thread_released.set()

    async def swallow(self, _: Context) -> None:
        """Take every cancellation for a mistake."""
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                continue

    async def hang(self, _: Context) -> None:
        """Never end."""
        await asyncio.Event().wait()

    async def clean_up_for_ever(self, _: Context) -> None:
        """Never be through with cleaning up."""
        try:
            await asyncio.Event().wait()
        finally:
            await self.released.wait()

    async def stream_for_ever(self, _: Context) -> AsyncGenerator[str]:
        """Yield one item, and never be through with cleaning up."""
        try:
            yield "item"
            await asyncio.Event().wait()
        finally:
            await self.released.wait()

    async def close_and_hang(self, ctx: Context) -> None:
        """Close, and make too much of being allowed to finish."""
        await ctx.close(4001)
        await asyncio.Event().wait()

    async def blow_up(self, _: Context) -> None:
        """Raise."""
        raise ValueError("boom")

    def block(self, _: Context) -> None:
        """Keep a thread."""
        self.thread_begun.set()
        self.thread_released.wait()


CASES = [
    ("message", "swallow", 1),
    ("message", "clean_up_for_ever", 1),
    ("message", "stream_for_ever", 1),
    ("message", "close_and_hang", 1),
    ("message", "block", 1),
    ("message", "hang", 0),
    ("open", "swallow", 1),
    ("open", "blow_up", 1),
    ("open", "hang", 0),
    ("close", "swallow", 1),
    ("close", "hang", 1),
    ("close", "clean_up_for_ever", 1),
    ("close", "block", 2),  # That the thread goes on is a fact of its own.
    ("close", "blow_up", 1),
]
"""When it happens, which trouble, and how often the log has to name it."""


def install(router: Router, moment: str, handler: Any) -> None:
    """Have the handler run at that moment, among close hooks that are well-behaved."""
    if moment == "message":
        router.bind("/trouble", handler)
    elif moment == "open":
        router.use_open(handler)
    else:
        router.use_close(handler)


def noting(closed: list[str]) -> Callable[[Context], Awaitable[None]]:
    """Return a close hook that notes the socket."""

    async def note(ctx: Context) -> None:
        closed.append(ctx.socket_id)

    return note


def names_in(caplog: pytest.LogCaptureFixture, name: str) -> int:
    """Return in how many warnings and errors a handler is named."""
    formatter = logging.Formatter()
    records = [it for it in caplog.records if it.levelno >= logging.WARNING]
    return sum(name in formatter.format(it) for it in records)


async def longest_wait(bystander: Peer, over: asyncio.Task[None]) -> float:
    """Ask until something is over; return the seconds that an answer took at most."""
    longest = 0.0
    while not over.done():
        began = time.monotonic()
        assert await bystander.request("/echo", 1) == 1
        longest = max(longest, time.monotonic() - began)
        await asyncio.wait([over], timeout=0.005)
    return longest


@pytest.mark.parametrize(("moment", "trouble", "logged"), CASES)
async def test_trouble(
    moment: str, trouble: str, logged: int, caplog: pytest.LogCaptureFixture
) -> None:
    """The socket ends in time, the other hooks run, the log names who it was, others go on."""
    router = make_router(close_timeout=CLOSE_TIMEOUT)
    bystander = Peer(router)
    assert await bystander.request("/echo", 1) == 1
    maker = Troublemaker()
    closed: list[str] = []
    router.use_close(noting(closed))
    install(router, moment, getattr(maker, trouble))
    router.use_close(noting(closed))

    peer = Peer(router)
    peer.push("/trouble", id=1)
    for _ in range(10):
        assert await bystander.request("/echo", 1) == 1
    if (moment, trouble) == ("message", "block"):
        await asyncio.to_thread(maker.thread_begun.wait)
    began = time.monotonic()
    peer.leave()
    longest = await longest_wait(bystander, peer.task)
    late = time.monotonic() - began - CLOSE_TIMEOUT
    named = names_in(caplog, trouble)
    assert named == logged
    assert len(closed) == 2
    assert len(set(closed)) == 1

    maker.release()
    bystander.leave()
    await bystander.ended()
    await end_of_stragglers()
    what = "handlers and hooks that hang, raise or swallow their cancellation"
    record(f"{what}: end of the socket, past close_timeout", late, SLACK, "s")
    record(f"{what}: longest wait of another socket", longest, SLACK, "s")


async def end_of_stragglers() -> None:
    """Wait for the tasks that outlived their sockets."""
    async with asyncio.timeout(PATIENCE):
        while len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(0.01)
