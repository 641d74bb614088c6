"""The one reader of a server's events: who gets what, and who learns of the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from aros_core.threads import run_in_thread
from navaros.inbox import READ_AHEAD, Inbox

if TYPE_CHECKING:
    from aros_core.asgi.types import Event

GONE: Event = {"type": "http.disconnect"}


class Server:
    """The receiving end of a server, which takes one call at a time."""

    def __init__(self, *events: Event) -> None:
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.taken = 0
        self._busy = False
        for event in events:
            self.events.put_nowait(event)

    async def receive(self) -> Event:
        """Return the next event."""
        assert not self._busy, "two readers collide"
        self._busy = True
        try:
            event = await self.events.get()
        finally:
            self._busy = False
        self.taken += 1
        return event


def chunk(data: bytes, *, more: bool = True) -> Event:
    """Return a part of a body."""
    return {"type": "http.request", "body": data, "more_body": more}


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_reader_gets_the_events_in_order() -> None:
    """Without a watch, events go straight to who asks; the last one is given for ever."""
    server = Server(chunk(b"a"), chunk(b"b", more=False), GONE)
    inbox = Inbox(server.receive)
    assert [await inbox.receive() for _ in range(4)] == [
        chunk(b"a"),
        chunk(b"b", more=False),
        GONE,
        GONE,
    ]
    assert inbox.is_over


async def test_the_watch_keeps_what_it_reads() -> None:
    """The watch reads ahead for the end, and loses nothing of the body."""
    server = Server(chunk(b"a"), chunk(b"b", more=False))
    inbox = Inbox(server.receive)
    inbox.watch()
    await settle()
    assert server.taken == 2
    assert not inbox.is_over
    assert await inbox.receive() == chunk(b"a")
    assert await inbox.receive() == chunk(b"b", more=False)
    server.events.put_nowait(GONE)
    await inbox.wait_over()
    assert inbox.is_over
    assert await inbox.receive() == GONE
    await inbox.close()


async def test_reader_and_watch_take_turns() -> None:
    """A reader that waits while the watch does gets the event, and the other way round."""
    server = Server()
    inbox = Inbox(server.receive)
    inbox.watch()
    await settle()
    reader = asyncio.create_task(inbox.receive())
    await settle()
    server.events.put_nowait(chunk(b"a"))
    assert await reader == chunk(b"a")
    await inbox.end_watch()

    reader = asyncio.create_task(inbox.receive())
    await settle()
    inbox.watch()
    await settle()
    server.events.put_nowait(chunk(b"b"))
    assert await reader == chunk(b"b")
    await inbox.close()


async def test_readers_share_the_server() -> None:
    """Readers at the same time never collide; each event goes to one of them."""
    server = Server()
    inbox = Inbox(server.receive)
    readers = [asyncio.create_task(inbox.receive()) for _ in range(3)]
    await settle()
    for data in (b"a", b"b", b"c"):
        server.events.put_nowait(chunk(data))
    assert {event["body"] for event in await asyncio.gather(*readers)} == {b"a", b"b", b"c"}


async def test_a_cancelled_reader_loses_nothing() -> None:
    """What a cancelled reader waited for goes to the next one."""
    server = Server()
    inbox = Inbox(server.receive)
    reader = asyncio.create_task(inbox.receive())
    await settle()
    reader.cancel()
    await settle()
    server.events.put_nowait(chunk(b"a"))
    assert await inbox.receive() == chunk(b"a")


async def test_the_watch_reads_ahead_within_bounds() -> None:
    """A body that nobody reads is not collected; reading it sets the watch going again."""
    part = chunk(b"x" * (READ_AHEAD // 2))
    server = Server(*[part] * 5, GONE)
    inbox = Inbox(server.receive)
    inbox.watch()
    await settle()
    assert server.taken == 2
    for _ in range(5):
        assert await inbox.receive() == part
    await inbox.wait_over()
    assert server.taken == 6
    await inbox.close()


async def test_callbacks_at_the_end() -> None:
    """Those who asked are called at the end, unless they thought better of it."""
    inbox = Inbox(Server(GONE).receive)
    called: list[str] = []

    def remember(_: object) -> None:
        called.append("kept")

    def forgotten(_: object) -> None:
        raise AssertionError("this was forgotten")

    inbox.on_over(remember)
    inbox.on_over(forgotten)
    inbox.forget(forgotten)
    await inbox.wait_over()
    await settle()
    assert called == ["kept"]
    await inbox.close()


async def test_close_ends_the_waiting() -> None:
    """When the answer is out, those who wait for the end go on, and the watch is over."""
    inbox = Inbox(Server().receive)
    waiting = asyncio.create_task(inbox.wait_over())
    await settle()
    assert not waiting.done()
    await inbox.close()
    await waiting
    inbox.watch()
    await inbox.wait_over()


async def test_leaving_is_noted() -> None:
    """A server that says at sending that the client is gone is believed."""
    inbox = Inbox(Server().receive)
    inbox.leave()
    inbox.leave()
    assert inbox.is_over


async def test_a_failing_server_has_no_client() -> None:
    """An error of the server's goes to the reader; for the watch it is the end."""

    async def broken() -> Event:
        raise LookupError("broken")

    inbox = Inbox(broken)
    with pytest.raises(LookupError):
        await inbox.receive()
    assert not inbox.is_over
    await inbox.wait_over()
    await inbox.close()


async def test_a_thread_may_start_it() -> None:
    """A plain function in its worker thread can make an inbox and start its watch."""
    server = Server(GONE)
    made: list[Inbox] = []

    def work(_: None) -> None:
        inbox = Inbox(server.receive)
        inbox.watch()
        made.append(inbox)

    await run_in_thread(work, None)
    await made[0].wait_over()
    await made[0].close()
