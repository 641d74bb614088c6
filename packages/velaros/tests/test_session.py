"""The life of a socket: hooks, closes from everywhere, and races between them."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import Any
from weakref import ref

import pytest

from velaros import (
    CloseSource,
    CloseStatus,
    Context,
    ContextClosedError,
    HTTPError,
    Router,
    Socket,
    SocketClosed,
    middleware,
)

from .helpers import ASGIPeer, Clock, Closed, Peer, json_router, noting, settle, soon


def recording_router(**options: Any) -> tuple[Router, list[CloseStatus | None]]:
    """Return a router and the list that its close hook fills."""
    router = json_router(**options)
    ends: list[CloseStatus | None] = []

    @router.use_close
    async def _(ctx: Context) -> None:
        ends.append(ctx.close_status)

    return router, ends


class TestUpgradeHooks:
    """What runs before the handshake is answered."""

    async def test_what_they_raise_is_raised(self) -> None:
        """Over a bare connection a refusal is the caller's to tell; nothing opened or closed."""
        router, ends = recording_router()
        kept: list[Socket] = []
        router.use_open(noting(ends, None))

        @router.use_upgrade
        async def _(ctx: Context) -> None:
            kept.append(ctx.socket)
            await ctx.send("never sent")
            raise HTTPError(401, "who are you?")

        peer = Peer(router)
        peer.start()
        with pytest.raises(HTTPError, match="who are you"):
            await soon(peer.task)
        assert ends == []
        assert peer.connection.outgoing.empty()
        assert kept[0].is_closed
        with pytest.raises(SocketClosed):
            await kept[0].send(1)

    async def test_socket_storage_is_there_already(self) -> None:
        """What a hook keeps, handlers find."""
        router = json_router()

        @router.use_upgrade
        async def _(ctx: Context) -> None:
            ctx.set_on_socket("user", "ada")

        router.bind("/x", lambda ctx: ctx.get_from_socket("user"))
        async with Peer(router) as peer:
            peer.push("/x", id=1)
            assert (await peer.message())["data"] == {"message": "ada"}

    async def test_what_they_send_goes_out_with_the_handshake(self) -> None:
        """Codecs serve them too; the client gets it first of all."""
        router = json_router()

        @router.use_open
        async def _(ctx: Context) -> None:
            await ctx.send("open")

        @router.use_upgrade
        async def _(ctx: Context) -> None:
            await ctx.send("upgrade")
            await ctx.socket.send("socket")

        async with Peer(router) as peer:
            messages = [message["data"]["message"] for message in await peer.messages(3)]
            assert messages == ["upgrade", "socket", "open"]

    async def test_what_cannot_be_encoded_is_the_hooks_own_error(self) -> None:
        """A send that fails refuses the handshake like any other error."""
        router = json_router()

        @router.use_upgrade
        async def _(ctx: Context) -> None:
            await ctx.send(object())

        peer = Peer(router)
        peer.start()
        with pytest.raises(TypeError):
            await soon(peer.task)

    async def test_the_client_cannot_be_asked_yet(self) -> None:
        """A request says where it belongs."""
        router = json_router()
        errors: list[str] = []

        @router.use_upgrade
        async def _(ctx: Context) -> None:
            with pytest.raises(SocketClosed) as raised:
                await ctx.request(1)
            errors.append(str(raised.value))

        async with Peer(router):
            pass
        assert errors == ["the handshake is not answered yet; ask in an open hook"]

    async def test_a_close_lets_the_client_in_to_hear_it(self) -> None:
        """Browsers see close codes, but no HTTP status; open hooks and messages are left out."""
        router, ends = recording_router()
        log: list[str] = []
        router.use_open(noting(log, "open"))
        router.bind("/x", lambda ctx: log.append("message"))

        @router.use_upgrade
        async def _(ctx: Context) -> None:
            await ctx.send("sorry")
            await ctx.close(4401, "log in first")

        router.use_upgrade(noting(log, "later hook"))
        async with Peer(router) as peer:
            peer.push("/x")
            assert await peer.message() == {"data": {"message": "sorry"}}
            assert await peer.closed() == Closed(4401, "log in first")
            await peer.ended()
        assert log == []
        assert ends == [CloseStatus(4401, "log in first", CloseSource.SERVER)]

    async def test_a_client_that_left_is_told_nothing(self) -> None:
        """What hooks wanted to send is dropped where the client is gone already."""
        router, ends = recording_router()

        @router.use_upgrade
        async def _(ctx: Context) -> None:
            await ctx.send(1)

        peer = Peer(router)
        peer.connection.failure = BrokenPipeError()
        async with peer:
            peer.leave(4001, "bye")
            await peer.ended()
        assert ends == [CloseStatus(4001, "bye", CloseSource.CLIENT)]

    async def test_a_router_that_cannot_route_refuses(self) -> None:
        """A route that was left without a handler is an error at the first socket."""
        router = json_router()
        router.bind("/x")
        peer = Peer(router)
        peer.start()
        with pytest.raises(TypeError, match="the route /x has no handler"):
            await soon(peer.task)


class TestOpenHooks:
    """What runs before any message is handled."""

    async def test_run_in_order_by_themselves(self) -> None:
        """Nobody needs to call next()."""
        router, log = json_router(), list[str]()

        @router.use_open
        async def _(ctx: Context) -> None:
            log.append("first")

        router.use_open(noting(log, "thread"))

        @router.use_open
        async def _(ctx: Context) -> None:
            log.append("last")
            await ctx.send("opened")

        async with Peer(router) as peer:
            await peer.message()
        assert log == ["first", "thread", "last"]

    async def test_next_wraps_the_later_ones(self) -> None:
        """A hook may time or guard what follows; they run once."""
        router, log = json_router(), list[str]()

        @router.use_open
        async def _(ctx: Context) -> None:
            log.append("before")
            await ctx.next()
            log.append("after")

        @router.use_open
        async def _(ctx: Context) -> None:
            await asyncio.sleep(0)
            log.append("inner")

        async with Peer(router):
            await settle()
        assert log == ["before", "inner", "after"]

    @pytest.mark.parametrize("on_purpose", [False, True])
    async def test_one_that_is_cancelled_closes_with_1011(
        self, on_purpose: bool, caplog: pytest.LogCaptureFixture
    ) -> None:
        """No socket is left that is open and handles nothing."""
        router, ends = recording_router()

        @router.use_open
        async def _(_: Context) -> None:
            task = asyncio.current_task() if on_purpose else asyncio.create_task(asyncio.sleep(9))
            assert task is not None
            task.cancel()
            await (asyncio.sleep(9) if on_purpose else task)

        async with Peer(router) as peer:
            assert await peer.closed() == Closed(1011)
            await peer.ended()
        assert ends == [CloseStatus(1011, "", CloseSource.SERVER)]
        assert ("the handler awaited something that was cancelled" in caplog.text) is not on_purpose

    async def test_an_error_that_nobody_handled_closes_with_1011(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """An open hook that fails and leaves the socket serving: it does not."""
        router, ends = recording_router()
        log: list[str] = []

        @router.use_open
        async def _(ctx: Context) -> None:
            raise KeyError("secret")

        router.use_open(noting(log, "later hook"))
        router.bind("/x", lambda ctx: log.append("message"))
        async with Peer(router) as peer:
            peer.push("/x", id=1)
            assert await peer.closed() == Closed(1011)
            await peer.ended()
        assert log == []
        assert ends == [CloseStatus(1011, "", CloseSource.SERVER)]
        assert "unhandled error in lifecycle hook" in caplog.text

    async def test_an_error_may_be_handled_by_an_earlier_hook(self) -> None:
        """`ctx.error = None` takes it back, and the socket serves."""
        router = json_router()

        @router.use_open
        async def _(ctx: Context) -> None:
            await ctx.next()
            assert isinstance(ctx.error, KeyError)
            ctx.error = None

        @router.use_open
        async def _(ctx: Context) -> None:
            raise KeyError

        router.bind("/x", lambda ctx: "alive")
        async with Peer(router) as peer:
            peer.push("/x", id=1)
            assert (await peer.message())["data"] == {"message": "alive"}

    @pytest.mark.parametrize("waits", [False, True])
    @pytest.mark.parametrize("explicit", [False, True])
    async def test_the_chain_stops_when_the_socket_was_closed(
        self, waits: bool, explicit: bool
    ) -> None:
        """A hook that closes keeps later hooks and all messages from running."""
        router, ends = recording_router()
        log: list[str] = []

        @router.use_open
        async def _(ctx: Context) -> None:
            if waits:
                await asyncio.sleep(0)
            await ctx.close(1008, "no token")
            if explicit:
                await ctx.next()
            await ctx.send("goodbye")

        router.use_open(noting(log, "later hook"))
        router.bind("/x", lambda ctx: log.append("message"))
        async with Peer(router) as peer:
            peer.push("/x", id=1)
            assert await peer.message() == {"data": {"message": "goodbye"}}
            assert await peer.closed() == Closed(1008, "no token")
            await peer.ended()
        assert log == []
        assert ends == [CloseStatus(1008, "no token", CloseSource.SERVER)]

    async def test_the_client_leaves_while_one_runs(self) -> None:
        """The hook is cancelled, later ones do not run, close hooks do."""
        router, ends = recording_router()
        log: list[str] = []

        @router.use_open
        async def _(ctx: Context) -> None:
            try:
                await asyncio.sleep(3600)
            finally:
                log.append("cancelled")

        router.use_open(noting(log, "later hook"))
        async with Peer(router) as peer:
            await settle()
            peer.leave(1001, "bye")
            await peer.ended()
        assert log == ["cancelled"]
        assert ends == [CloseStatus(1001, "bye", CloseSource.CLIENT)]

    async def test_messages_are_handled_when_the_hooks_are_through(self) -> None:
        """What came meanwhile is handled in order."""
        router, log = json_router(), list[str]()
        go = asyncio.Event()

        @router.use_open
        async def _(ctx: Context) -> None:
            await go.wait()
            log.append("open")

        @router.bind("/:n")
        async def _(ctx: Context) -> None:
            log.append(ctx.params["n"])

        async with Peer(router) as peer:
            for number in range(5):
                peer.push(f"/{number}")
            await settle()
            assert log == []
            go.set()
            await settle()
        assert log == ["open", "0", "1", "2", "3", "4"]

    async def test_a_hook_that_fails_because_the_client_left(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A send to nobody is no error of the program."""
        router, ends = recording_router()

        @router.use_open
        async def _(ctx: Context) -> None:
            await asyncio.sleep(0)
            await ctx.send(1)

        peer = Peer(router)
        peer.connection.failure = BrokenPipeError()
        async with peer:
            peer.leave(4001, "bye")
            await peer.ended()
        assert ends == [CloseStatus(4001, "bye", CloseSource.CLIENT)]
        assert not caplog.records


class TestWhoClosed:
    """Status, reason and source, after every kind of end."""

    @pytest.mark.parametrize(
        ("status", "reason"), [(1000, ""), (1001, "away"), (4321, "é"), (1006, "")]
    )
    async def test_the_clients_close(self, status: int, reason: str) -> None:
        """The client's close reason lost: status and reason are kept, and nothing is sent back."""
        router, ends = recording_router()

        @router.use_close
        async def _(ctx: Context) -> None:
            with pytest.raises(SocketClosed):
                await ctx.send(1)
            await ctx.close(4000, "too late")

        async with Peer(router) as peer:
            peer.leave(status, reason)
            await peer.ended()
            await peer.nothing()
        assert ends == [CloseStatus(status, reason, CloseSource.CLIENT)]

    @pytest.mark.parametrize("error", [ConnectionResetError(), OSError("broken"), TimeoutError()])
    async def test_a_broken_connection(self, error: Exception) -> None:
        """A drop counts as the client's, with 1006."""
        router, ends = recording_router()
        async with Peer(router) as peer:
            peer.connection.incoming.put_nowait(error)
            await peer.ended()
        assert ends == [CloseStatus(1006, "", CloseSource.CLIENT)]

    async def test_a_connection_that_fails(self, caplog: pytest.LogCaptureFixture) -> None:
        """An error of the connection's program is logged, and closes with 1011."""
        router, ends = recording_router()
        async with Peer(router) as peer:
            peer.connection.incoming.put_nowait(KeyError("bug"))
            assert await peer.closed() == Closed(1011)
            await peer.ended()
        assert ends == [CloseStatus(1011, "", CloseSource.SERVER)]
        assert "reading failed" in caplog.text

    async def test_an_oversized_message(self) -> None:
        """Close hooks skipped after an oversized message: they run, and 1009 goes out."""
        router, ends = recording_router(max_message_size=10)
        async with Peer(router) as peer:
            peer.put("x" * 11)
            assert (await peer.closed()).status == 1009
            await peer.ended()
        assert [end and (end.status, end.source) for end in ends] == [(1009, CloseSource.SERVER)]

    async def test_a_server_that_restarts(self) -> None:
        """An end by the own server counts as the server's, and nothing can be sent."""
        router, ends = recording_router()

        @router.use_close
        async def _(ctx: Context) -> None:
            with pytest.raises(SocketClosed):
                await ctx.send(1)

        async with Peer(router) as peer:
            peer.leave(1012, by_server=True)
            await peer.ended()
            await peer.nothing()
        assert ends == [CloseStatus(1012, "", CloseSource.SERVER)]

    async def test_the_first_close_wins(self) -> None:
        """Closed twice, by handlers, the socket and the client: the first is what counts."""
        router, ends = recording_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            await ctx.close(4001, "first")
            await ctx.close(4002, "second")
            await ctx.socket.close(4003, "third")

        async with Peer(router) as peer:
            peer.push("/x")
            assert await peer.closed() == Closed(4001, "first")
            peer.leave(1000)
            await peer.ended()
        assert ends == [CloseStatus(4001, "first", CloseSource.SERVER)]

    async def test_a_close_from_another_task(self) -> None:
        """A kept socket can be closed from anywhere; all its handlers are cancelled."""
        router, ends = recording_router()
        kept: list[Socket] = []
        log: list[str] = []

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            kept.append(ctx.socket)
            try:
                await asyncio.sleep(3600)
            finally:
                log.append("cancelled")

        async with Peer(router) as peer:
            peer.push("/x")
            await settle()
            await kept[0].close(4000, "elsewhere")
            assert await peer.closed() == Closed(4000, "elsewhere")
        assert ends == [CloseStatus(4000, "elsewhere", CloseSource.SERVER)]
        assert log == ["cancelled"]

    async def test_a_close_by_the_handlers_own_socket(self) -> None:
        """`ctx.socket.close()` lets its handler finish, as `ctx.close()` does."""
        router, _ends = recording_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            await ctx.socket.close(4000)
            await asyncio.sleep(0.001)
            await ctx.reply("finished")

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            assert (await peer.message())["data"] == {"message": "finished"}
            assert await peer.closed() == Closed(4000)

    async def test_a_close_in_a_handler_that_never_waits(self) -> None:
        """On Pythons that start tasks eagerly the reader is not even waiting then."""
        router, ends = recording_router()
        log: list[str] = []

        @router.bind("/close")
        async def _(ctx: Context) -> None:
            await ctx.close(4000)

        router.bind("/x", lambda ctx: log.append("handled"))
        async with Peer(router) as peer:
            peer.push("/close")
            await peer.closed()
            peer.push("/x")
            await peer.ended()
        assert len(ends) == 1
        assert log == []

    async def test_a_message_that_meets_the_close_is_not_handled(self) -> None:
        """An interruption of `receive` that races with a message: the socket takes no more."""
        router, ends = recording_router()
        kept: list[Socket] = []
        log: list[str] = []

        @router.use_open
        async def _(ctx: Context) -> None:
            kept.append(ctx.socket)

        router.bind("/x", lambda ctx: log.append("handled"))
        async with Peer(router) as peer:
            await settle()
            peer.push("/x", id=1)
            await kept[0].close(4000)
            assert await peer.closed() == Closed(4000)
            await peer.ended()
        assert log == []
        assert len(ends) == 1

    async def test_a_connection_that_swallows_the_interruption(self) -> None:
        """A message that is returned all the same is dropped; the task is not left cancelled."""
        router, ends = recording_router()
        kept: list[Socket] = []
        log: list[str] = []

        @router.use_open
        async def _(ctx: Context) -> None:
            kept.append(ctx.socket)

        router.bind("/x", lambda ctx: log.append("handled"))
        peer = Peer(router)
        receive = peer.connection.receive

        async def stubborn() -> str | bytes:
            try:
                return await receive()
            except asyncio.CancelledError:
                return '{"path":"/x"}'

        peer.connection.receive = stubborn
        async with peer:
            await settle()
            await kept[0].close(4000)
            assert await peer.closed() == Closed(4000)
            await peer.ended()
            assert peer.task.cancelling() == 0
        assert log == []
        assert len(ends) == 1

    async def test_a_cancelled_server_task(self) -> None:
        """Cancellation ends the socket in order, as the server's doing, and is raised again."""
        router, ends = recording_router()
        log: list[str] = []

        @router.use_close
        async def _(ctx: Context) -> None:
            await asyncio.sleep(0.001)
            await ctx.send("goodbye")

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            try:
                await asyncio.sleep(3600)
            finally:
                log.append("cancelled")

        peer = Peer(router)
        peer.start()
        peer.push("/x")
        await settle()
        peer.task.cancel()
        assert await peer.message() == {"data": {"message": "goodbye"}}
        assert await peer.closed() == Closed(1001, "the server is going away")
        with pytest.raises(asyncio.CancelledError):
            await soon(peer.task)
        assert ends == [CloseStatus(1001, "the server is going away", CloseSource.SERVER)]
        assert log == ["cancelled"]

    async def test_a_timeout_around_the_whole_socket(self) -> None:
        """Cancellations that others count, as `asyncio.timeout` does, come out right."""
        router, ends = recording_router()
        peer = Peer(router)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await router.handle_connection(peer.info, peer.connection)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        assert len(ends) == 1

    async def test_a_task_that_was_cancelled_before(self) -> None:
        """A socket that is served while its task is being cancelled can still be closed."""
        router, ends = recording_router()
        router.bind("/close", lambda ctx: ctx.close(4000))
        peer = Peer(router)

        async def serve() -> None:
            try:
                await asyncio.sleep(3600)
            finally:
                await router.handle_connection(peer.info, peer.connection)

        task = asyncio.create_task(serve())
        await settle()
        task.cancel()
        await settle()
        peer.push("/close")
        assert await peer.closed() == Closed(4000)
        with pytest.raises(asyncio.CancelledError):
            await soon(task)
        assert len(ends) == 1


class TestClientsThatAreGone:
    """Sends that fail, and what is learnt then."""

    async def test_a_failed_send_does_not_hide_the_clients_reason(self) -> None:
        """The client's close reason lost: the connection's own word is waited for."""
        router, ends = recording_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            with pytest.raises(SocketClosed):
                await ctx.reply(1)
            await ctx.close(4000, "too late")
            with pytest.raises(SocketClosed):
                await ctx.request(1)

        async with Peer(router) as peer:
            peer.connection.failure = BrokenPipeError()
            peer.push("/x", id=1)
            await settle()
            peer.push("/x", id=2)
            peer.leave(4001, "bye")
            await peer.ended()
            await peer.nothing()
        assert ends == [CloseStatus(4001, "bye", CloseSource.CLIENT)]

    @pytest.mark.parametrize("broken", [False, True])
    async def test_the_wait_for_the_reason_has_an_end(
        self, broken: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A connection that never tells is given up after a second, one that fails at once."""
        clock = Clock(monkeypatch)
        router, ends = recording_router()
        log: list[str] = []

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            with pytest.raises(SocketClosed):
                await ctx.reply(1)
            try:
                await asyncio.sleep(3600)
            finally:
                log.append("cancelled")

        async with Peer(router) as peer:
            peer.connection.failure = BrokenPipeError()
            peer.push("/x", id=1)
            await settle()
            assert ends == []
            if broken:
                peer.connection.incoming.put_nowait(RuntimeError("receive after the end"))
            else:
                await clock.advance(1.1)
            await peer.ended()
        assert ends == [CloseStatus(1006, "", CloseSource.CLIENT)]
        assert log == ["cancelled"]

    async def test_a_cancellation_while_the_reason_is_awaited(self) -> None:
        """The client was first: the socket counts as lost."""
        router, ends = recording_router()
        router.bind("/x", lambda ctx: 1)
        peer = Peer(router)
        peer.start()
        peer.connection.failure = BrokenPipeError()
        peer.push("/x", id=1)
        await settle()
        while peer.connection.outgoing.qsize():
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        peer.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await soon(peer.task)
        assert ends == [CloseStatus(1006, "", CloseSource.CLIENT)]

    async def test_a_refusal_that_cannot_be_sent(self) -> None:
        """The reader's own send may be the one that fails; it is not cancelled by that."""
        router, ends = recording_router()
        async with Peer(router) as peer:
            await settle()
            peer.connection.failure = BrokenPipeError()
            peer.put("nonsense")
            peer.leave(4001, "bye")
            await peer.ended()
            assert peer.task.cancelling() == 0
        assert ends == [CloseStatus(4001, "bye", CloseSource.CLIENT)]

    async def test_after_the_end_was_read_sends_raise_at_once(self) -> None:
        """Servers that ignore sends to nobody are not even asked."""
        router, _ends = recording_router()
        kept: list[Socket] = []

        @router.use_open
        async def _(ctx: Context) -> None:
            kept.append(ctx.socket)

        async with Peer(router) as peer:
            await settle()
            peer.leave()
            await peer.ended()
            with pytest.raises(SocketClosed, match="the socket is closed"):
                await kept[0].send(1)
            await peer.nothing()


class TestClientsThatDoNotRead:
    """Output that nobody takes."""

    async def test_are_given_up(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Handlers are cancelled, hooks run, and no close frame is attempted."""
        caplog.set_level(logging.DEBUG, "velaros")
        clock = Clock(monkeypatch)
        router, ends = recording_router(send_timeout=30)
        log: list[str] = []
        kept: list[Socket] = []

        @router.bind("/idle")
        async def _(ctx: Context) -> None:
            kept.append(ctx.socket)
            try:
                await asyncio.sleep(3600)
            finally:
                log.append("cancelled")

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            try:
                await ctx.reply(1)
            except SocketClosed:
                log.append("closed")
                raise

        async with Peer(router) as peer:
            peer.connection.gate.clear()
            peer.push("/idle")
            peer.push("/x", id=1)
            peer.push("/x", id=2)
            await settle()
            outside = [asyncio.create_task(kept[0].send(n)) for n in range(3)]
            await clock.advance(29.9)
            assert log == []
            await clock.advance(0.2)
            results = await asyncio.gather(*outside, return_exceptions=True)
            assert {type(result) for result in results} == {SocketClosed}
            await peer.ended()
            peer.connection.gate.set()
            await peer.nothing()
        assert sorted(log) == ["cancelled", "closed", "closed"]
        assert ends == [CloseStatus(1006, "the client does not read", CloseSource.SERVER)]
        assert "the client does not read; given up" in caplog.text

    async def test_are_given_up_where_only_the_reader_sends(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A refusal that nobody reads stalls the reader itself, which comes free."""
        clock = Clock(monkeypatch)
        router, ends = recording_router()
        async with Peer(router) as peer:
            peer.connection.gate.clear()
            peer.put("nonsense")
            await clock.advance(30.1)
            await peer.ended()
            assert peer.task.cancelling() == 0
        assert ends == [CloseStatus(1006, "the client does not read", CloseSource.SERVER)]

    async def test_while_hooks_say_goodbye(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A farewell that nobody reads does not keep the socket."""
        clock = Clock(monkeypatch)
        router = json_router(send_timeout=1, close_timeout=5)
        errors: list[Exception] = []

        @router.use_close
        async def _(ctx: Context) -> None:
            try:
                await ctx.send("goodbye")
            except SocketClosed as error:
                errors.append(error)

        router.bind("/close", lambda ctx: ctx.close())
        async with Peer(router) as peer:
            peer.connection.gate.clear()
            peer.push("/close")
            await settle()
            while not errors:
                await clock.advance(1.1)
            await peer.ended()
            peer.connection.gate.set()
            await peer.nothing()

    async def test_a_send_from_outside_ends_with_the_socket(self) -> None:
        """A task that still sends when the socket is over is told so."""
        router = json_router(close_timeout=0.01)
        kept: list[Socket] = []

        @router.use_open
        async def _(ctx: Context) -> None:
            kept.append(ctx.socket)

        async with Peer(router) as peer:
            await settle()
            peer.connection.gate.clear()
            sends = [asyncio.create_task(kept[0].send(n)) for n in range(3)]
            await settle()
            await kept[0].close()
            await peer.ended()
            results = await asyncio.gather(*sends, return_exceptions=True)
            assert {type(result) for result in results} == {SocketClosed}


class TestWaiting:
    """Waiting for the end."""

    async def test_wait_done_returns_at_the_end(self) -> None:
        """A handler that waits for the end sees it before it is cancelled."""
        router = json_router()
        log: list[str] = []

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            assert not ctx.is_done
            await asyncio.gather(ctx.wait_done(), ctx.wait_done())
            assert ctx.is_done
            log.append("done")
            await ctx.wait_done()

        async with Peer(router) as peer:
            peer.push("/x")
            await settle()
        assert log == ["done"]

    async def test_the_end_of_a_session_can_be_awaited(self) -> None:
        """Before, and after it has come."""
        router = json_router()
        async with Peer(router) as peer:
            await settle()
            (session,) = list(router._sessions)  # pyright: ignore[reportPrivateUsage]
            waiting = asyncio.create_task(session.wait_ended())
            await settle()
            assert not waiting.done()
            peer.leave()
            await soon(waiting)
        await soon(session.wait_ended())


def test_the_end_of_the_event_loop_ends_sockets_in_order() -> None:
    """`asyncio.run` cancels everything at its end: handlers clean up, every close hook runs."""
    router, ends = recording_router()
    log: list[str] = []

    @router.use_close
    async def _(ctx: Context) -> None:
        await asyncio.sleep(0.001)
        log.append("hook")

    @router.bind("/x")
    async def _(ctx: Context) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            log.append("handler")

    peers: list[Peer] = []

    async def main() -> None:
        peer = Peer(router)
        peers.append(peer)
        peer.start()
        peer.push("/x")
        await settle()

    asyncio.run(main())
    assert ends == [CloseStatus(1001, "the server is going away", CloseSource.SERVER)]
    assert log == ["handler", "hook"]
    assert peers[0].connection.outgoing.get_nowait() == Closed(1001, "the server is going away")


@pytest.mark.parametrize("turns", range(12))
def test_the_end_of_the_event_loop_during_a_farewell(turns: int) -> None:
    """Wherever the farewell is when everything is cancelled, each close hook has begun."""
    router, ends = recording_router(close_timeout=0.05)
    log: list[str] = []

    @router.use_close
    async def _(ctx: Context) -> None:
        log.append("begun")
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    @router.use_close
    async def _(ctx: Context) -> None:
        log.append("begun")

    async def main() -> None:
        peer = Peer(router)
        peer.start()
        await settle()
        peer.leave(1000)
        await settle(turns)

    asyncio.run(main())
    assert log == ["begun", "begun"]
    assert ends == [CloseStatus(1000, "", CloseSource.CLIENT)]


async def test_binary_codecs_serve_hooks() -> None:
    """Sends in open and close hooks that find no codec: every codec serves them."""
    router = Router()
    router.use(middleware.msgpack())

    @router.use_open
    async def _(ctx: Context) -> None:
        await ctx.send(1)
        await ctx.close()

    @router.use_close
    async def _(ctx: Context) -> None:
        await ctx.send(2)

    async with Peer(router) as peer:
        assert [await peer.frame() for _ in range(2)] == [b"\x81\xa4data\x01", b"\x81\xa4data\x02"]


class TestWhatIsLeft:
    """What remains of a socket that has ended."""

    @pytest.mark.parametrize("closes", [True, False], ids=["closed", "left"])
    async def test_nothing_waits_for_the_garbage_collector(self, closes: bool) -> None:
        """The end of a socket frees its memory, and that of its connection, at once."""
        router = json_router()
        sockets: list[ref[Socket]] = []

        @router.use_open
        async def _(ctx: Context) -> None:
            sockets.append(ref(ctx.socket))

        @router.bind("/close")
        async def _(ctx: Context) -> None:
            await ctx.close()

        gc.disable()
        try:
            async with ASGIPeer(router) as peer:
                await peer.accepted()
                await settle()
                (session,) = map(ref, router._sessions)  # pyright: ignore[reportPrivateUsage]
                peer.push(path="/close" if closes else "/none", id=1)
                await peer.event()
            server = ref(peer)
            del peer
            await settle()
            assert sockets[0]() is None
            assert session() is None
            assert server() is None
        finally:
            gc.enable()

    async def test_what_was_kept_answers(self) -> None:
        """A kept context and its socket say that the socket is closed, however they are used."""
        router = json_router()
        kept: list[Context] = []

        @router.use_open
        async def _(ctx: Context) -> None:
            kept.append(ctx)

        @router.bind("/keep")
        async def _(ctx: Context) -> None:
            await ctx.receive()
            kept.append(ctx)

        async with Peer(router) as peer:
            peer.push("/keep", 1, id=1)
            await settle()
        for ctx in kept:
            with pytest.raises(SocketClosed):
                await ctx.socket.send(1)
            with pytest.raises(SocketClosed):
                await ctx.request(1)
            with pytest.raises(ContextClosedError):
                await ctx.send(1)
            await ctx.socket.close(4000)
            assert ctx.socket.is_closed
            assert ctx.is_done
        with pytest.raises(ContextClosedError):
            await kept[1].receive()
        with pytest.raises(ContextClosedError):
            kept[1].set_message_id(2)
