"""Cancellation at each step of the event loop: nothing hangs, and nobody else is forgotten."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from velaros import Context, SocketClosed

from .figures import record
from .peers import PATIENCE, Peer, make_router

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

MAX_TURNS = 60
"""How many turns of the event loop every operation here takes at most."""


class Life:
    """One socket with two handlers: one does what is cut short, the other waits for the client."""

    def __init__(self, operation: str) -> None:
        self.hooks = 0
        self.waiter = ""
        """How the request of the other handler ended."""
        self.work: asyncio.Task[Any] | None = None
        """The task in which the operation runs, within the handler."""
        self.deadline: asyncio.Timeout | None = None
        self.router = make_router(close_timeout=PATIENCE)
        self._operation: Callable[[Context], Coroutine[Any, Any, Any]] = getattr(self, operation)
        self.router.bind("/work", self.handle)
        self.router.bind("/wait", self.wait)
        self.router.use_close(self.close_hook)
        self.peer = Peer(self.router)

    # What is cut short

    async def request(self, ctx: Context) -> None:
        """Ask and be answered."""
        assert await ctx.request(1, str, path="/question") == "answer"

    async def reply(self, ctx: Context) -> None:
        """Reply more than once, to a client that is slow to read."""
        for number in range(3):
            await ctx.reply(number)

    async def receive(self, ctx: Context) -> None:
        """Receive what follows in the conversation."""
        for _ in range(3):
            await ctx.receive()

    async def close(self, ctx: Context) -> None:
        """Close the socket, and send what may still be sent."""
        await ctx.close(4000)
        await ctx.send("bye")

    # Handlers and hooks

    async def handle(self, ctx: Context) -> None:
        """Do it in a task of its own, under a deadline, and answer when it is over."""
        async with asyncio.timeout(None) as self.deadline:
            self.work = asyncio.create_task(self._operation(ctx))
            await self.work

    async def wait(self, ctx: Context) -> str:
        """Ask the client something that it answers when all else is over."""
        try:
            self.waiter = "waits"
            self.waiter = await ctx.request(1, str, path="/later", timeout=None)
        except SocketClosed:
            self.waiter = "told of the end"
        return self.waiter

    async def close_hook(self, _: Context) -> None:
        """Count the end."""
        self.hooks += 1

    # The other side

    async def begin(self) -> None:
        """Have the other handler wait, and bring what the operation needs."""
        self.peer.push("/wait", id="wait")
        while self.waiter != "waits":
            await asyncio.sleep(0)
        self.peer.push("/work", 1, id="work")
        if self._operation == self.receive:
            self.peer.push(data=2, id="work")
            self.peer.push(data=3, id="work")

    async def turn(self, number: int) -> None:
        """Let the event loop do one turn; the client reads, answers and sends now and then."""
        if number % 2:
            self.peer.reads.set()
        else:
            self.peer.reads.clear()
        self.answer("/question")
        self.peer.push("/echo", number)
        await asyncio.sleep(0)

    def answer(self, path: str) -> None:
        """Answer the server's requests for a path."""
        for message in [it for it in self.peer.messages if it.get("path") == path]:
            self.peer.messages.remove(message)
            self.peer.push(data="answer", id=message["id"])

    # What has to hold

    async def check_that_it_lives(self) -> None:
        """The socket serves on, the id is free again, and the other handler gets its answer."""
        assert await self.peer.request("/echo", 1) == 1
        self.peer.push("/echo", ["again"], id="work")
        await self.peer.message(lambda it: it.get("data") == ["again"])
        self.answer("/later")
        await self.peer.message(lambda it: it.get("id") == "wait")
        assert self.waiter == "answer"

    async def check_the_end(self) -> None:
        """The socket ends, and with it everything; the close hook ran once."""
        await self.peer.ended()
        assert self.hooks == 1
        assert self.waiter in ("answer", "told of the end")
        assert self.work is None or self.work.done()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}


def cut_operation(life: Life) -> None:
    """Cancel the task in which it runs."""
    if life.work is not None:
        life.work.cancel()


def cut_handler(life: Life) -> None:
    """Let a deadline pass, which cancels the handler."""
    if life.deadline is not None:
        life.deadline.reschedule(asyncio.get_running_loop().time())


def cut_socket(life: Life) -> None:
    """Cancel the task of the socket, as servers do."""
    life.peer.task.cancel()


def cut_connection(life: Life) -> None:
    """Have the client leave."""
    life.peer.leave()


async def cut_at(turn: int, operation: str, cut: Callable[[Life], None]) -> bool:
    """Cut one operation short after so many turns; tell whether it was over by then."""
    life = Life(operation)
    await life.begin()
    for number in range(turn):
        await life.turn(number)
    is_running = life.work is not None and not life.work.done()
    was_over = life.work is not None and life.work.done()
    cut(life)
    life.peer.reads.set()
    if is_running and operation != "close" and cut in (cut_operation, cut_handler):
        await life.check_that_it_lives()
    life.peer.leave()
    await life.check_the_end()
    return was_over


@pytest.mark.parametrize("operation", ["request", "reply", "receive", "close"])
@pytest.mark.parametrize("cut", [cut_operation, cut_handler, cut_socket, cut_connection])
async def test_cancellation(operation: str, cut: Callable[[Life], None]) -> None:
    """Wherever it strikes, no socket hangs, no waiter is lost and no task is left."""
    failures: list[str] = []
    for turn in range(MAX_TURNS):
        try:
            if await cut_at(turn, operation, cut):
                break
        except (AssertionError, TimeoutError) as error:
            failures.append(f"in turn {turn}: {error!r}")
            break
    else:
        pytest.fail(f"{operation} is not over after {MAX_TURNS} turns")
    assert not failures
    what = "cancellation at each step of request, reply, receive and close"
    record(f"{what}: hangs, lost waiters and tasks left", len(failures), 0, "cases")
