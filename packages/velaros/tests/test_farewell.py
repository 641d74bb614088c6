"""The end of a socket: handlers, hooks, the close frame."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import Any

import pytest

from velaros import CloseSource, CloseStatus, Context, ContextClosedError, SocketClosed

from .helpers import Closed, Peer, json_router, noting, settle, soon

HOUR = 3600


async def never_ending(log: list[str]) -> None:
    """Wait for ever, and say when that is cancelled."""
    try:
        await asyncio.sleep(HOUR)
    finally:
        log.append("cancelled")


class TestCloseHooks:
    """What runs once for every socket that opened."""

    @pytest.mark.parametrize("end", ["client", "server", "dropped", "cancelled", "oversized"])
    async def test_run_exactly_once_after_every_end(self, end: str) -> None:
        """Close hooks skipped after a drop, a protocol error or an oversized message: never."""
        router = json_router(max_message_size=100)
        log: list[str] = []
        router.use_close(noting(log, "hook"))
        router.bind("/close", lambda ctx: ctx.close())
        peer = Peer(router)
        peer.start()
        await settle()
        if end == "client":
            peer.leave()
        elif end == "server":
            peer.push("/close")
        elif end == "dropped":
            peer.connection.incoming.put_nowait(ConnectionResetError())
        elif end == "cancelled":
            peer.task.cancel()
        else:
            peer.put("x" * 101)
        await asyncio.wait([peer.task], timeout=5)
        assert log == ["hook"]

    async def test_run_in_order_and_all_of_them(self, caplog: pytest.LogCaptureFixture) -> None:
        """Every close handler runs even when an earlier one failed; each failure is logged."""
        router = json_router()
        log: list[str] = []

        @router.use_close
        async def _(ctx: Context) -> None:
            log.append("raises")
            raise KeyError("one")

        @router.use_close
        async def _(ctx: Context) -> None:
            assert ctx.error is None
            log.append("raises too")
            raise ValueError("two")

        @router.use_close
        async def _(ctx: Context) -> None:
            log.append("sets an error and goes on")
            ctx.error = RuntimeError("three")
            await ctx.next()

        @router.use_close
        async def _(ctx: Context) -> None:
            log.append("wraps")
            await ctx.next()
            log.append("wrapped")

        router.use_close(noting(log, "last"))
        async with Peer(router):
            pass
        assert log == [
            "raises", "raises too", "sets an error and goes on", "wraps", "last", "wrapped",
        ]  # fmt: skip
        errors = [r.exc_info[1] for r in caplog.records if r.exc_info]
        assert {type(error) for error in errors} == {KeyError, ValueError, RuntimeError}
        assert len(errors) == 3

    async def test_an_error_that_an_earlier_hook_takes_back(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A hook that wraps later ones may handle their error."""
        router = json_router()
        seen: list[Exception | None] = []

        @router.use_close
        async def _(ctx: Context) -> None:
            await ctx.next()
            seen.append(ctx.error)
            ctx.error = None

        @router.use_close
        async def _(ctx: Context) -> None:
            raise KeyError

        async with Peer(router):
            pass
        assert isinstance(seen[0], KeyError)
        assert not caplog.records

    async def test_can_send_while_the_server_closes(self) -> None:
        """Farewell messages that fail: they go out, and the close frame after them."""
        router = json_router()
        router.bind("/close", lambda ctx: ctx.close(4000, "done"))

        @router.use_close
        async def _(ctx: Context) -> None:
            await ctx.send("goodbye", path="/bye")
            await ctx.socket.send("and well")
            with pytest.raises(SocketClosed):
                await ctx.request("?")

        async with Peer(router) as peer:
            peer.push("/close")
            assert await peer.message() == {"data": {"message": "goodbye"}, "path": "/bye"}
            assert await peer.message() == {"data": {"message": "and well"}}
            assert await peer.closed() == Closed(4000, "done")

    @pytest.mark.parametrize("by_socket", [False, True])
    async def test_may_change_status_and_reason(self, by_socket: bool) -> None:
        """A server close whose code never reaches the client: the last word of the hooks does."""
        router = json_router()
        seen: list[CloseStatus | None] = []
        router.bind("/close", lambda ctx: ctx.close(4000, "done"))

        @router.use_close
        async def _(ctx: Context) -> None:
            await (ctx.socket if by_socket else ctx).close(4001, "hook one")

        @router.use_close
        async def _(ctx: Context) -> None:
            seen.append(ctx.close_status)
            await ctx.close(1001, "hook two")

        async with Peer(router) as peer:
            peer.push("/close")
            assert await peer.closed() == Closed(1001, "hook two")
        assert seen == [CloseStatus(4001, "hook one", CloseSource.SERVER)]

    async def test_nobody_else_changes_them(self) -> None:
        """While hooks run, a close from outside comes too late."""
        router = json_router()
        router.bind("/close", lambda ctx: ctx.close(4000, "done"))

        @router.use_close
        async def _(ctx: Context) -> None:
            await asyncio.create_task(ctx.socket.close(4001, "another task"))

        async with Peer(router) as peer:
            peer.push("/close")
            assert await peer.closed() == Closed(4000, "done")

    @pytest.mark.parametrize("status", [1000, 1011])
    async def test_the_close_frame_goes_out_always(self, status: int) -> None:
        """1000 and 1011 included."""
        router = json_router()

        @router.bind("/close")
        async def _(ctx: Context) -> None:
            await ctx.close(status)

        async with Peer(router) as peer:
            peer.push("/close")
            assert await peer.closed() == Closed(status)
            await peer.ended()

    async def test_run_after_the_handlers(self) -> None:
        """What handlers clean up in `finally` is done before the hooks."""
        router = json_router()
        log: list[str] = []

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            try:
                await asyncio.sleep(HOUR)
            finally:
                await asyncio.sleep(0.001)
                log.append("handler")

        router.use_close(noting(log, "hook"))
        async with Peer(router) as peer:
            peer.push("/x")
            await settle()
        assert log == ["handler", "hook"]

    async def test_one_that_hangs_does_not_keep_the_others(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """All of them together have `close_timeout`; who is late is named and cancelled."""
        router = json_router(close_timeout=0.01)
        log: list[str] = []

        @router.use_close
        async def hangs(ctx: Context) -> None:
            await never_ending(log)

        @router.use_close
        async def _(ctx: Context) -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.sleep(0))
            log.append("next")
            await ctx.send("goodbye")

        router.bind("/close", lambda ctx: ctx.close(4000))
        async with Peer(router) as peer:
            peer.push("/close")
            assert await peer.message() == {"data": {"message": "goodbye"}}
            assert await peer.closed() == Closed(4000)
            await peer.ended()
        assert log == ["cancelled", "next"]
        assert "hangs as a close hook did not end within close_timeout (0.01 s)" in caplog.text

    async def test_several_that_hang(self) -> None:
        """Each that begins past the time of all is cancelled soon after."""
        router = json_router(close_timeout=0.01)
        log: list[str] = []
        for _round in range(3):

            @router.use_close
            async def _(ctx: Context) -> None:
                await never_ending(log)

        async with Peer(router):
            pass
        assert log == ["cancelled"] * 3

    async def test_one_that_hangs_behind_next(self) -> None:
        """A hook that hangs after the later ones is cancelled as well."""
        router = json_router(close_timeout=0.01)
        log: list[str] = []

        @router.use_close
        async def _(ctx: Context) -> None:
            await ctx.next()
            log.append("after next")
            await never_ending(log)

        @router.use_close
        async def _(ctx: Context) -> None:
            await never_ending(log)

        async with Peer(router):
            pass
        assert log == ["cancelled", "after next", "cancelled"]

    async def test_one_that_cannot_be_stopped_is_left_behind(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The others run in a chain of their own, once, and the socket ends."""
        router = json_router(close_timeout=0.01)
        log: list[str] = []
        free = asyncio.Event()
        kept: list[Context] = []
        ended = asyncio.Event()

        @router.use_close
        async def stubborn(ctx: Context) -> None:
            kept.append(ctx)
            while not free.is_set():
                try:
                    await free.wait()
                except asyncio.CancelledError:
                    log.append("swallowed")
            with pytest.raises(ContextClosedError):
                await ctx.send(1)
            ended.set()

        router.use_close(noting(log, "next"))
        async with Peer(router):
            pass
        assert log == ["swallowed", "next"]
        free.set()
        await soon(ended.wait())
        await settle()
        assert log == ["swallowed", "next"]
        assert "stubborn as a close hook did not end" in caplog.text

    async def test_one_in_a_thread_that_cannot_be_stopped(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A thread goes on by itself, which is logged; the socket ends."""
        router = json_router(close_timeout=0.01)
        log: list[str] = []
        free = threading.Event()

        @router.use_close
        def blocking(ctx: Context) -> None:
            free.wait(10)

        router.use_close(noting(log, "next"))
        async with Peer(router):
            pass
        free.set()
        assert log == ["next"]
        assert "blocking goes on: threads cannot be cancelled" in caplog.text


class TestHandlers:
    """Handlers that still run when the end comes."""

    async def test_are_cancelled(self) -> None:
        """All of them, at whatever they wait for."""
        router = json_router()
        log: list[str] = []
        router.bind("/x", lambda ctx: never_ending(log))

        @router.bind("/y")
        async def _(ctx: Context) -> None:
            await never_ending(log)

        async with Peer(router) as peer:
            for path in ("/x", "/y", "/y"):
                peer.push(path)
            await settle()
            while peer.connection.incoming.qsize():
                await asyncio.sleep(0)
            await asyncio.sleep(0.05)
        assert log == ["cancelled"] * 3

    async def test_those_that_wait_for_a_slot_never_start(self) -> None:
        """The socket takes no more messages."""
        router = json_router(max_concurrent_messages=1)
        log: list[str] = []

        @router.bind("/:n")
        async def _(ctx: Context) -> None:
            log.append(ctx.params["n"])
            await asyncio.sleep(HOUR)

        async with Peer(router) as peer:
            peer.push("/1", id=1)
            peer.push("/2", id=2)
            peer.push("/3", id=1)
            await settle()
        assert log == ["1"]

    async def test_the_closer_may_finish(self) -> None:
        """Only the one that called `close()` is not cancelled."""
        router = json_router()
        log: list[str] = []

        @router.bind("/close")
        async def _(ctx: Context) -> None:
            await ctx.close()
            await asyncio.sleep(0.01)
            await ctx.reply("finished")
            log.append("closer")

        router.bind("/x", lambda ctx: never_ending(log))
        router.use_close(noting(log, "hook"))
        async with Peer(router) as peer:
            peer.push("/x")
            peer.push("/close", id=1)
            assert (await peer.message())["data"] == {"message": "finished"}
            assert await peer.closed() == Closed(1000)
        assert log[-2:] == ["closer", "hook"]

    async def test_a_closer_that_does_not_finish(self, caplog: pytest.LogCaptureFixture) -> None:
        """After `close_timeout` it is named, cancelled, and its clean-up runs before the hooks."""
        router = json_router(close_timeout=0.01)
        log: list[str] = []

        @router.bind("/close")
        async def endless(ctx: Context) -> None:
            await ctx.close(4000)
            await never_ending(log)

        router.use_close(noting(log, "hook"))
        async with Peer(router) as peer:
            peer.push("/close")
            assert await peer.closed() == Closed(4000)
            await peer.ended()
        assert log == ["cancelled", "hook"]
        assert "endless did not end within close_timeout (0.01 s)" in caplog.text

    async def test_one_that_swallows_its_cancellation(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is named and left behind; hooks run, the close frame goes out, it can send no more."""
        router = json_router(close_timeout=0.01)
        log: list[str] = []
        free = asyncio.Event()
        ended = asyncio.Event()

        @router.bind("/x")
        async def stubborn(ctx: Context) -> None:
            while not free.is_set():
                try:
                    await free.wait()
                except asyncio.CancelledError:
                    log.append("swallowed")
            with pytest.raises(SocketClosed):
                await ctx.reply(1)
            ended.set()

        router.bind("/close", lambda ctx: ctx.close(4000))
        router.use_close(noting(log, "hook"))
        async with Peer(router) as peer:
            peer.push("/x", id=1)
            await settle()
            peer.push("/close")
            assert await peer.closed() == Closed(4000)
            await peer.ended()
            assert log == ["swallowed", "swallowed", "hook"]
            free.set()
            await soon(ended.wait())
            await peer.nothing()
        assert "stubborn did not end within close_timeout" in caplog.text

    async def test_one_in_a_thread(self, caplog: pytest.LogCaptureFixture) -> None:
        """A thread cannot be cancelled: its next wait raises; the socket does not wait for it."""
        router = json_router()
        outcome: list[type[BaseException]] = []
        started = threading.Event()
        free = threading.Event()
        done = threading.Event()

        @router.bind("/x")
        def in_thread(ctx: Context) -> None:
            started.set()
            free.wait(10)
            try:
                ctx.wait(ctx.send(1))
            except BaseException as error:
                outcome.append(type(error))
                raise
            finally:
                done.set()

        async with Peer(router) as peer:
            peer.push("/x")
            while not started.is_set():
                await asyncio.sleep(0.001)
            peer.leave()
            await peer.ended()
        free.set()
        while not done.is_set():
            await asyncio.sleep(0.001)
        assert outcome == [ContextClosedError]
        assert "in_thread goes on: threads cannot be cancelled" in caplog.text

    async def test_one_in_a_thread_that_waits(self) -> None:
        """A thread that waits for the event loop comes free at once."""
        router = json_router()
        outcome: list[type[BaseException]] = []
        done = threading.Event()

        @router.bind("/x")
        def _(ctx: Context) -> None:
            try:
                ctx.wait(asyncio.sleep(HOUR))
            except BaseException as error:
                outcome.append(type(error))
                raise
            finally:
                done.set()

        async with Peer(router) as peer:
            peer.push("/x")
            await asyncio.sleep(0.05)
            peer.leave()
            await peer.ended()
        while not done.is_set():
            await asyncio.sleep(0.001)
        assert outcome == [ContextClosedError]

    async def test_cleaning_up_may_send_while_the_server_closes(self) -> None:
        """A cancelled handler can still say something in `finally`."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            try:
                await asyncio.sleep(HOUR)
            finally:
                await ctx.reply("interrupted")

        router.bind("/close", lambda ctx: ctx.close())
        async with Peer(router) as peer:
            peer.push("/x", id=1)
            await settle()
            peer.push("/close")
            assert await peer.message() == {"id": 1, "data": {"message": "interrupted"}}
            assert await peer.closed() == Closed(1000)

    async def test_errors_while_ending_are_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        """A clean-up that fails is an error like any other."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            try:
                await asyncio.sleep(HOUR)
            finally:
                raise KeyError("clean-up")

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            await settle()
        assert "unhandled error in message '/x'" in caplog.text

    async def test_refusals_that_are_being_sent_end_too(self) -> None:
        """No task outlives its socket."""
        router = json_router()
        async with Peer(router) as peer:
            await settle()
            peer.connection.gate.clear()
            (session,) = list(router._sessions)  # pyright: ignore[reportPrivateUsage]
            unreadable = session.dispatcher.take("nonsense", 8)
            session.dispatcher._do(unreadable)  # pyright: ignore[reportPrivateUsage]
            await settle()
            peer.leave()
            await peer.ended()


class TestCloseFrames:
    """The close frame itself."""

    async def test_a_connection_that_does_not_close(self) -> None:
        """The socket ends within `close_timeout` all the same."""
        router = json_router(close_timeout=0.01)
        router.bind("/close", lambda ctx: ctx.close())
        async with Peer(router) as peer:
            await settle()
            peer.connection.gate.clear()
            peer.push("/close")
            await peer.ended()

    async def test_a_connection_that_cannot_even_be_stopped(self) -> None:
        """A close that swallows its cancellation is left behind."""
        router = json_router(close_timeout=0.01)
        router.bind("/close", lambda ctx: ctx.close())
        free = asyncio.Event()
        peer = Peer(router)

        async def stubborn(status: int, reason: str) -> None:
            while not free.is_set():
                try:
                    await free.wait()
                except asyncio.CancelledError:
                    pass

        peer.connection.close = stubborn
        async with peer:
            await settle()
            peer.push("/close")
            await peer.ended()
            free.set()
            await settle()

    async def test_a_connection_that_fails_to_close(self, caplog: pytest.LogCaptureFixture) -> None:
        """A client that left meanwhile is no error."""
        caplog.set_level(logging.DEBUG, "velaros")
        router = json_router()
        router.bind("/close", lambda ctx: ctx.close())
        async with Peer(router) as peer:
            await settle()
            peer.connection.failure = BrokenPipeError()
            peer.push("/close")
            await peer.ended()
        assert "closing failed: BrokenPipeError()" in caplog.text
        assert all(record.levelno == logging.DEBUG for record in caplog.records)


class TestCancellation:
    """A farewell that is cancelled from outside."""

    @pytest.mark.parametrize("turns", [0, 1, 3, 6, 10, 20])
    async def test_skips_nothing(self, turns: int) -> None:
        """Cancelled again and again, handlers finish, hooks run, the close frame goes out."""
        router = json_router()
        log: list[str] = []

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            try:
                await asyncio.sleep(HOUR)
            finally:
                await asyncio.sleep(0.005)
                log.append("handler")

        @router.use_close
        async def _(ctx: Context) -> None:
            await asyncio.sleep(0.005)
            log.append("hook")

        router.bind("/close", lambda ctx: ctx.close(4000))
        peer = Peer(router)
        peer.start()
        peer.push("/x")
        await settle()
        peer.push("/close")
        await settle(turns)
        while not peer.task.done():
            peer.task.cancel()
            await asyncio.sleep(0)
        assert log == ["handler", "hook"]
        if turns:
            assert isinstance(await peer.frame(), Closed)
        assert peer.task.cancelled()

    async def test_the_bound_holds_for_who_is_cancelled(self) -> None:
        """Cancellation does not make the farewell wait any longer for who does not end."""
        router = json_router(close_timeout=0.05)
        log: list[str] = []

        @router.use_close
        async def _(ctx: Context) -> None:
            await never_ending(log)

        peer = Peer(router)
        peer.start()
        await settle()
        begun = time.monotonic()
        peer.task.cancel()
        await settle()
        peer.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await soon(peer.task)
        assert time.monotonic() - begun < 2
        assert log == ["cancelled"]

    async def test_leaves_no_trace_in_the_task(self) -> None:
        """A socket that ended by itself leaves its task as it found it."""
        router = json_router()
        router.bind("/close", lambda ctx: ctx.close())
        peer = Peer(router)
        task = asyncio.current_task()
        assert task is not None
        peer.push("/close")
        await router.handle_connection(peer.info, peer.connection)
        assert task.cancelling() == 0
        async with asyncio.timeout(0.5):
            await asyncio.sleep(0)


async def test_closing_in_every_place_at_once() -> None:
    """Handlers, hooks and outsiders that all close: one close frame, one run of the hooks."""
    router = json_router()
    log: list[Any] = []

    @router.use_open
    async def _(ctx: Context) -> None:
        ctx.set_on_socket("socket", ctx.socket)

    @router.bind("/:status")
    async def _(ctx: Context) -> None:
        await asyncio.gather(
            ctx.close(int(ctx.params["status"])), ctx.socket.close(4999), return_exceptions=True
        )

    @router.use_close
    async def _(ctx: Context) -> None:
        log.append(ctx.close_status)

    async with Peer(router) as peer:
        for status in range(4000, 4010):
            peer.push(f"/{status}")
        peer.leave(1001)
        await peer.ended()
    assert len(log) == 1
