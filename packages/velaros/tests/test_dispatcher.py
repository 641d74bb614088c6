"""Handlers that run at once, those that wait, and what is answered for whom nobody answered."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

import pytest

from aros_core.codecs import InboundMessage, JsonCodec, MessageType
from aros_core.errors import MessageError
from velaros import Context, HTTPError, Router, UnmarshalError
from velaros.inbox import MAX_WAIT, MAX_WAITING_BYTES

from .helpers import Clock, Closed, Peer, json_router, settle


class Gate:
    """Handlers that wait at it until the test opens it for them, in order or by name."""

    def __init__(self, router: Router, path: str = "/wait/:n") -> None:
        self.running: list[str] = []
        self.started: list[str] = []
        self.done: list[str] = []
        self._open: dict[str, asyncio.Event] = {}
        router.bind(path, self)

    async def handle(self, ctx: Context) -> None:
        """Wait until the test says go."""
        name = ctx.params["n"]
        self.started.append(name)
        self.running.append(name)
        try:
            await self._open.setdefault(name, asyncio.Event()).wait()
            self.done.append(name)
        finally:
            self.running.remove(name)

    async def let(self, *names: str) -> None:
        """Let handlers go on."""
        for name in names:
            self._open.setdefault(name, asyncio.Event()).set()
        await settle()


async def cancelled() -> None:
    """Wait for what somebody else has cancelled."""
    task = asyncio.create_task(asyncio.Event().wait())
    task.cancel()
    await task


class TestConcurrency:
    """How many messages of one socket are handled at once."""

    async def test_a_blocked_handler_blocks_no_other(self) -> None:
        """Each message is handled in a task of its own."""
        router = json_router()
        gate = Gate(router)

        @router.bind("/quick")
        async def _(ctx: Context) -> str:
            return "done"

        async with Peer(router) as peer:
            peer.push("/wait/1")
            peer.push("/quick", id=1)
            assert (await peer.message())["id"] == 1
            assert gate.running == ["1"]

    async def test_messages_start_in_the_order_they_came(self) -> None:
        """A thousand messages start one after another."""
        router = json_router()
        started: list[int] = []

        @router.bind("/x/:n")
        async def _(ctx: Context) -> None:
            started.append(int(ctx.params["n"]))
            await asyncio.sleep(0)

        async with Peer(router) as peer:
            for number in range(1000):
                peer.push(f"/x/{number}", id=number)
            await asyncio.sleep(0)
            while len(started) < 1000:
                await asyncio.sleep(0)
        assert started == list(range(1000))

    @pytest.mark.parametrize("limit", [1, 2, 5])
    async def test_never_more_than_the_limit_run(self, limit: int) -> None:
        """One below the limit start, and at it; one above waits for the first slot."""
        router = json_router(max_concurrent_messages=limit)
        gate = Gate(router)
        async with Peer(router) as peer:
            for number in range(limit + 2):
                peer.push(f"/wait/{number}")
            await settle()
            assert gate.started == [str(number) for number in range(limit)]
            await gate.let("0")
            assert gate.started == [str(number) for number in range(limit + 1)]
            await gate.let(*map(str, range(1, limit + 2)))
            assert len(gate.done) == limit + 2

    async def test_a_limit_of_one_is_strictly_one_after_another(self) -> None:
        """A handler starts when the one before it has ended, its middleware included."""
        router = json_router(max_concurrent_messages=1)
        log: list[str] = []

        @router.use
        async def _(ctx: Context) -> None:
            await ctx.next()
            await asyncio.sleep(0)
            log.append(f"end {ctx.path}")

        @router.bind("/:n")
        async def _(ctx: Context) -> None:
            log.append(f"start {ctx.path}")
            await asyncio.sleep(0)

        async with Peer(router) as peer:
            for number in range(20):
                peer.push(f"/{number}")
            while len(log) < 40:
                await asyncio.sleep(0)
        expected = [f"{step} /{number}" for number in range(20) for step in ("start", "end")]
        assert log == expected

    async def test_sockets_have_limits_of_their_own(self) -> None:
        """A client that fills its slots takes none from others."""
        router = json_router(max_concurrent_messages=1)
        gate = Gate(router)
        async with Peer(router) as one, Peer(router) as two:
            one.push("/wait/a")
            two.push("/wait/b")
            await settle()
            assert gate.started == ["a", "b"]

    async def test_warns_once_for_a_socket(self, caplog: pytest.LogCaptureFixture) -> None:
        """The log says once that messages wait, and which option is meant."""
        router = json_router(max_concurrent_messages=1)
        gate = Gate(router)
        async with Peer(router) as peer:
            peer.push("/wait/0")
            await settle()
            assert not caplog.records
            peer.push("/wait/1")
            peer.push("/wait/2")
            await gate.let("0", "1", "2")
            peer.push("/wait/3")
            peer.push("/wait/4")
            await gate.let("3", "4")
        warnings = [r for r in caplog.records if r.levelno == logging.WARNING]
        assert len(warnings) == 1
        assert "all 1 slots are taken; see max_concurrent_messages" in warnings[0].getMessage()

    @pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks start eagerly from 3.12 on")
    async def test_a_handler_that_never_waits_costs_no_trip_through_the_loop(self) -> None:
        """It is done before the next message is even read."""
        router = json_router()
        order: list[str] = []

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            order.append("handled")

        peer = Peer(router)
        receive = peer.connection.receive

        async def noted_receive() -> str | bytes:
            order.append("read")
            return await receive()

        peer.connection.receive = noted_receive
        async with peer:
            peer.push("/x")
            peer.push("/x")
            await settle()
        assert order == ["read", "handled", "read", "handled", "read"]

    async def test_thousands_of_waiting_messages_do_not_recurse(self) -> None:
        """Handlers that never wait are started by a loop, not one within the other."""
        router = json_router(max_concurrent_messages=1, max_waiting_messages=5000)
        gate = Gate(router)
        count = 0

        @router.bind("/quick")
        async def _(ctx: Context) -> None:
            nonlocal count
            count += 1

        async with Peer(router) as peer:
            peer.push("/wait/0")
            for _round in range(4000):
                peer.push("/quick")
            while peer.connection.incoming.qsize():
                await asyncio.sleep(0)
            await settle()
            assert count == 0
            await gate.let("0")
            while count < 4000:
                await asyncio.sleep(0)


class TestWaiting:
    """Messages that wait for a slot."""

    async def test_one_that_waited_10_s_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is answered with "busy"; one that came later has its own 10 s."""
        assert MAX_WAIT == 10.0
        clock = Clock(monkeypatch)
        router = json_router(max_concurrent_messages=1)
        gate = Gate(router)
        async with Peer(router) as peer:
            peer.push("/wait/0")
            peer.push("/wait/1", id=1)
            await clock.advance(4.0)
            peer.push("/wait/2", id=2)
            await clock.advance(5.9)
            await peer.nothing()
            await clock.advance(0.2)
            assert await peer.message() == {"id": 1, "data": {"error": "busy"}}
            await peer.nothing()
            await gate.let("0", "2")
            assert gate.done == ["0", "2"]

    async def test_refusals_need_no_id(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A message without an id is refused as well, by an answer without one."""
        clock = Clock(monkeypatch)
        router = json_router(max_concurrent_messages=1)
        Gate(router)
        async with Peer(router) as peer:
            peer.push("/wait/0")
            peer.push("/wait/1")
            await settle()
            await clock.advance(10.1)
            assert await peer.message() == {"data": {"error": "busy"}}

    async def test_without_a_format_there_is_no_refusal(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Bare frames that waited too long are dropped: nothing could say why."""
        clock = Clock(monkeypatch)
        router = Router(max_concurrent_messages=1)
        seen: list[str] = []

        @router.use
        async def _(ctx: Context) -> None:
            seen.append(ctx.raw_data.decode())
            await asyncio.sleep(3600)

        async with Peer(router) as peer:
            peer.put("first")
            peer.put("second")
            await clock.advance(10.1)
            await peer.nothing()
        assert seen == ["first"]

    async def test_refusals_do_not_wait_for_each_other(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Those that are due at once are all refused, also where the client reads slowly."""
        clock = Clock(monkeypatch)
        router = json_router(max_concurrent_messages=1)
        Gate(router)
        async with Peer(router) as peer:
            peer.push("/wait/0")
            for number in (1, 2, 3):
                peer.push(f"/wait/{number}", id=number)
            await settle()
            peer.connection.gate.clear()
            await clock.advance(10.1)
            peer.connection.gate.set()
            assert [message["id"] for message in await peer.messages(3)] == [1, 2, 3]

    async def test_a_refused_message_hands_its_conversation_on(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What followed a message that was refused waits on, with 10 s of its own."""
        clock = Clock(monkeypatch)
        router = json_router(max_concurrent_messages=1)
        gate = Gate(router)
        async with Peer(router) as peer:
            peer.push("/wait/0")
            peer.push("/wait/1", id=7)
            await clock.advance(5.0)
            peer.push("/wait/2", id=7)
            await clock.advance(5.1)
            assert await peer.message() == {"id": 7, "data": {"error": "busy"}}
            await gate.let("0", "2")
            assert gate.done == ["0", "2"]

    @pytest.mark.parametrize("limit", [1, 3])
    async def test_reading_pauses_past_the_limit(self, limit: int) -> None:
        """As many as the limit wait; the next stays with the connection, so TCP slows down."""
        router = json_router(max_concurrent_messages=1, max_waiting_messages=limit)
        gate = Gate(router)
        async with Peer(router) as peer:
            for number in range(limit + 3):
                peer.push(f"/wait/{number}")
            await settle()
            assert peer.connection.incoming.qsize() == 2
            await gate.let("0")
            assert peer.connection.incoming.qsize() == 1
            await gate.let(*map(str, range(1, limit + 3)))
            assert len(gate.done) == limit + 3

    @pytest.mark.parametrize(("size", "read"), [(-1, True), (0, False), (1, False)])
    async def test_reading_pauses_past_1_mib(self, size: int, read: bool) -> None:
        """One byte below 1 MiB of waiting messages there is place, at it and above none."""
        router = json_router(max_concurrent_messages=1, max_message_size=2 * MAX_WAITING_BYTES)
        gate = Gate(router)
        async with Peer(router) as peer:
            peer.push("/wait/0")
            frame = '{"path":"/wait/1","data":"%s"}'
            peer.put(frame % ("x" * (MAX_WAITING_BYTES + size - len(frame) + 2)))
            peer.push("/wait/2")
            await settle()
            assert peer.connection.incoming.empty() is read
            await gate.let("0", "1", "2")
            assert gate.done == ["0", "1", "2"]

    async def test_10_s_without_a_free_slot_close_the_socket(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A socket that is not read from would lose its pings: 1013."""
        clock = Clock(monkeypatch)
        router = json_router(max_concurrent_messages=1, max_waiting_messages=2)
        gate = Gate(router)
        async with Peer(router) as peer:
            for number in range(4):
                peer.push(f"/wait/{number}", id=number)
            await settle()
            await clock.advance(9.9)
            await peer.nothing()
            await clock.advance(0.2)
            frames = [await peer.frame() for _ in range(peer.connection.outgoing.qsize())]
            assert frames[-1] == Closed(1013, "too many messages wait")
            assert gate.running == []

    async def test_a_slot_that_gets_free_starts_the_10_s_anew(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A client is only closed where nothing at all gets done."""
        clock = Clock(monkeypatch)
        router = json_router(max_concurrent_messages=1, max_waiting_messages=1)
        gate = Gate(router)
        async with Peer(router) as peer:
            for number in range(6):
                peer.push(f"/wait/{number}")
            await settle()
            for number in range(6):
                await clock.advance(9.0)
                await gate.let(str(number))
            assert gate.done == [str(number) for number in range(6)]
            await peer.nothing()

    @pytest.mark.parametrize("what", ["request", "receive"])
    async def test_while_somebody_waits_for_the_client_reading_goes_on(
        self, what: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What has no place is refused with "busy", and the answer gets through."""
        clock = Clock(monkeypatch)
        router = json_router(max_concurrent_messages=1, max_waiting_messages=1)
        Gate(router)

        @router.bind("/ask")
        async def _(ctx: Context) -> Any:
            if what == "request":
                return await ctx.request("?", int, timeout=None)
            await ctx.receive()
            await ctx.send("ready")
            return await ctx.receive(int)

        async with Peer(router) as peer:
            peer.push("/ask", 0, id="ask")
            question = await peer.message()
            for number in range(5):
                peer.push(f"/wait/{number}", id=number)
            refusals = await peer.messages(4)
            assert refusals == [{"id": n, "data": {"error": "busy"}} for n in range(1, 5)]
            await clock.advance(9.9)
            await peer.nothing()
            peer.push(id=question.get("id", "ask"), data=42)
            assert await peer.message() == {"id": "ask", "data": 42}

    async def test_a_request_that_begins_to_wait_ends_the_pause(self) -> None:
        """A handler that asks while reading pauses still gets its answer."""
        router = json_router(max_concurrent_messages=1, max_waiting_messages=1)
        gate = Gate(router)
        start = asyncio.Event()

        @router.bind("/ask")
        async def _(ctx: Context) -> Any:
            await start.wait()
            return await ctx.request("?", int)

        async with Peer(router) as peer:
            peer.push("/ask", id="ask")
            peer.push("/wait/1", id=1)
            peer.push("/wait/2", id=2)
            await settle()
            assert peer.connection.incoming.qsize() == 1
            start.set()
            question = await peer.message()
            assert await peer.message() == {"id": 2, "data": {"error": "busy"}}
            peer.push(id=question["id"], data=1)
            assert await peer.message() == {"id": "ask", "data": 1}
            await gate.let("1")

    async def test_a_conversation_that_goes_on_makes_place(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A handler that takes what waits for it keeps its socket open, however long it runs."""
        clock = Clock(monkeypatch)
        router = json_router(max_waiting_messages=1)
        step = asyncio.Semaphore(0)

        @router.bind("/talk")
        async def _(ctx: Context) -> list[int]:
            said: list[int] = []
            while len(said) < 6:
                said.append(await ctx.receive(int))
                await step.acquire()
            return said

        async with Peer(router) as peer:
            for number in range(6):
                peer.push("/talk", number, id=1)
            await settle()
            for _round in range(6):
                await clock.advance(9.0)
                step.release()
                await settle()
            assert await peer.message() == {"id": 1, "data": [0, 1, 2, 3, 4, 5]}

    async def test_messages_wait_for_the_open_hooks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """No message is handled before the hooks are through, and the wait counts."""
        clock = Clock(monkeypatch)
        router = json_router(max_waiting_messages=2)
        gate = Gate(router)
        opened = asyncio.Event()

        @router.use_open
        async def _(ctx: Context) -> None:
            await opened.wait()

        async with Peer(router) as peer:
            for number in range(4):
                peer.push(f"/wait/{number}")
            await settle()
            assert gate.started == []
            assert peer.connection.incoming.qsize() == 2
            opened.set()
            await settle()
            assert gate.started == ["0", "1", "2", "3"]
            opened.clear()
        async with Peer(router) as peer:
            peer.push("/wait/9", id=9)
            await clock.advance(0)
            await clock.advance(10.1)
            assert await peer.message() == {"id": 9, "data": {"error": "busy"}}


class TestSizes:
    """How large a message may be."""

    @pytest.mark.parametrize("text", [True, False])
    @pytest.mark.parametrize(("extra", "fits"), [(-1, True), (0, True), (1, False)])
    async def test_counts_bytes(self, text: bool, extra: int, fits: bool) -> None:
        """At the limit a message is read, a byte above it closes the socket with 1009."""
        router = json_router(max_message_size=300)

        @router.bind("/x")
        async def _(ctx: Context) -> str:
            return "fits"

        frame = '{"path":"/x","data":"%s"}'
        frame %= "é" * 100
        frame += " " * (300 + extra - len(frame.encode()))
        assert len(frame) < 300
        async with Peer(router) as peer:
            peer.put(frame if text else frame.encode())
            answer = await peer.frame()
            if fits:
                assert answer == (
                    '{"data":{"message":"fits"}}' if text else b'{"data":{"message":"fits"}}'
                )
            else:
                assert answer == Closed(1009, "a message may have 300 bytes")

    @pytest.mark.parametrize("frame", ["x" * 301, "€" * 101, "\ud800" * 101, b"x" * 301])
    async def test_closes_at_what_is_too_large(self, frame: str | bytes) -> None:
        """However many bytes a character has, broken ones included."""
        router = json_router(max_message_size=300)
        async with Peer(router) as peer:
            peer.put(frame)
            assert (await peer.closed()).status == 1009

    async def test_takes_1_mib_by_default(self) -> None:
        """The default limit is 1 MiB."""
        router = json_router()
        router.bind("/x", lambda ctx: "fits")
        async with Peer(router) as peer:
            frame = '{"path":"/x"}'
            peer.put(frame + " " * (1024 * 1024 - len(frame)))
            assert (await peer.message())["data"] == {"message": "fits"}
            peer.put(frame + " " * (1024 * 1024 - len(frame) + 1))
            assert (await peer.closed()).status == 1009


class TestUnreadable:
    """Messages that cannot be read."""

    @pytest.mark.parametrize(
        "frame",
        [
            "", "{", "nonsense", "[]", "null", "5", '{"path":5}', '{"meta":[]}', '{"id":[]}',
            '{"id":1.5}', '{"id":true}', '{"path":"/%s"}' % ("x" * 2048),
            '{"id":"%s"}' % ("x" * 129), "[" * 100_000, '{"id":%s}' % ("9" * 200),
            b"\xff\xfe", b"", "\ud800",
        ],
    )  # fmt: skip
    async def test_are_answered_and_the_socket_lives_on(self, frame: str | bytes) -> None:
        """Whatever the bytes say, the answer is an error, and the next message is handled."""
        router = json_router()
        router.bind("/x", lambda ctx: "alive")
        async with Peer(router) as peer:
            peer.put(frame)
            assert await peer.message() == {"data": {"error": "cannot decode message"}}
            peer.push("/x", id=1)
            assert (await peer.message())["data"] == {"message": "alive"}

    async def test_are_answered_with_their_id_where_it_can_be_read(self) -> None:
        """A client that awaits an answer gets it."""
        router = json_router()
        async with Peer(router) as peer:
            peer.put('{"path":5,"id":8}')
            assert await peer.message() == {"id": 8, "data": {"error": "cannot decode message"}}

    async def test_are_logged_at_debug_level(self, caplog: pytest.LogCaptureFixture) -> None:
        """Clients cannot fill the log."""
        caplog.set_level(logging.DEBUG, "velaros")
        async with Peer(json_router()) as peer:
            peer.put("nonsense")
            await peer.message()
        records = [r for r in caplog.records if "cannot be read" in r.getMessage()]
        assert [record.levelno for record in records] == [logging.DEBUG]

    async def test_forge_no_lines_in_the_log(self, caplog: pytest.LogCaptureFixture) -> None:
        """What a codec quotes of them is logged escaped."""

        class QuotingCodec(JsonCodec):
            def decode_message(self, raw: str | bytes, message_type: MessageType) -> InboundMessage:
                raise MessageError(f"what is {raw!s}?")

        caplog.set_level(logging.DEBUG, "velaros")
        router = Router()
        router.use(QuotingCodec())
        async with Peer(router) as peer:
            peer.put("this\nERROR: forged\x1b[2J")
            await peer.message()
        assert r"this\nERROR: forged\x1b[2J" in caplog.text
        assert "\x1b" not in caplog.text
        assert "\nERROR" not in caplog.text

    async def test_a_limit_of_ids_and_paths_is_in_bytes(self) -> None:
        """128 bytes of id and 2,048 of path are read."""
        router = json_router()
        router.bind("/**", lambda ctx: len(ctx.path))
        async with Peer(router) as peer:
            peer.push("/" + "x" * 2047, id="é" * 64)
            assert await peer.message() == {"id": "é" * 64, "data": 2048}


class TestUnanswered:
    """What nobody answered."""

    async def test_no_route_is_not_found(self) -> None:
        """A message with an id always gets an answer; one without gets none."""
        async with Peer(json_router()) as peer:
            peer.push("/x")
            peer.push("/x", id=0)
            assert await peer.message() == {"id": 0, "data": {"error": "not found"}}
            await peer.nothing()

    async def test_middleware_that_stops_without_a_word(self) -> None:
        """No route ran, so the client is told that there is none."""
        router = json_router()

        @router.use
        async def _(ctx: Context) -> None:
            assert ctx.path

        router.bind("/x", lambda ctx: 1)
        async with Peer(router) as peer:
            peer.push("/x", id=1)
            assert await peer.message() == {"id": 1, "data": {"error": "not found"}}

    async def test_middleware_that_said_something(self) -> None:
        """A reply or a notification is a word: nothing is added."""
        router = json_router()

        @router.use
        async def _(ctx: Context) -> None:
            await (ctx.reply("stop") if ctx.path == "/reply" else ctx.send("stop"))

        async with Peer(router) as peer:
            peer.push("/reply", id=1)
            assert await peer.message() == {"id": 1, "data": {"message": "stop"}}
            peer.push("/send", id=2)
            assert await peer.message() == {"data": {"message": "stop"}}
            await peer.nothing()

    async def test_a_route_that_says_nothing(self) -> None:
        """A handler of a route may keep quiet."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            assert ctx.path

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            await peer.nothing()

    @pytest.mark.parametrize(
        ("error", "data"),
        [
            (KeyError("secret"), {"error": "internal error"}),
            (HTTPError(403, "not yours"), {"error": "not yours"}),
            (HTTPError(503, "later"), {"error": "later"}),
            (HTTPError(404), {"error": "Not Found"}),
            (UnmarshalError("unfit"), {"error": "unfit"}),
            (TimeoutError(), {"error": "internal error"}),
        ],
    )
    async def test_an_unhandled_error(self, error: Exception, data: Any) -> None:
        """The client learns what is meant for it, and never the details of an exception."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            raise error

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            assert await peer.message() == {"id": 1, "data": data}

    async def test_an_unmarshal_error_names_the_fields(self) -> None:
        """A payload that does not fit is answered with what does not."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            await ctx.unmarshal(dict[str, int])

        async with Peer(router) as peer:
            peer.push("/x", {"a": "b"}, id=1)
            answer = (await peer.message())["data"]
            assert answer["error"] == "Validation error"

    async def test_errors_are_logged_once(self, caplog: pytest.LogCaptureFixture) -> None:
        """The program's errors with their traceback, the client's at debug level."""
        caplog.set_level(logging.DEBUG, "velaros")
        router = json_router()

        @router.bind("/theirs")
        async def _(ctx: Context) -> None:
            raise HTTPError(400)

        @router.bind("/ours")
        async def _(ctx: Context) -> None:
            raise KeyError("secret")

        async with Peer(router) as peer:
            peer.push("/theirs", id=1)
            peer.push("/ours")
            await peer.message()
            await settle()
        logged = [(r.levelno, bool(r.exc_info)) for r in caplog.records]
        assert logged == [(logging.DEBUG, False), (logging.ERROR, True)]
        assert "unhandled error in message '/ours'" in caplog.text

    async def test_an_error_that_middleware_handled(self) -> None:
        """Middleware that answered, or took the error back, has the last word."""
        router = json_router()

        @router.use
        async def _(ctx: Context) -> None:
            await ctx.next()
            assert isinstance(ctx.error, KeyError)
            if ctx.path == "/handled":
                ctx.error = None
            await ctx.reply("oh")

        @router.bind("/:name")
        async def _(ctx: Context) -> None:
            raise KeyError

        async with Peer(router) as peer:
            for path in ("/handled", "/answered"):
                peer.push(path, id=1)
                assert await peer.message() == {"id": 1, "data": {"message": "oh"}}
            await peer.nothing()

    async def test_what_a_handler_awaited_was_cancelled(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Nobody stopped the handler, so its client is told, and the log where it waited."""
        router = json_router()

        @router.use
        async def _(ctx: Context) -> None:
            if ctx.meta.get("cancelled"):
                await cancelled()
            await ctx.next()

        @router.bind("/talk")
        async def _(ctx: Context) -> Any:
            await ctx.receive()
            return await ctx.receive()

        async with Peer(router) as peer:
            peer.push("/talk", id=1, meta={"cancelled": True})
            assert await peer.message() == {"id": 1, "data": {"error": "internal error"}}
            peer.push("/talk", 2, id=2)
            peer.push("/talk", 3, id=2, meta={"cancelled": True})
            assert await peer.message() == {"id": 2, "data": {"error": "internal error"}}
            peer.push("/talk", 4, id=2)
            assert await peer.message() == {"id": 2, "data": 4}
        assert caplog.text.count("the handler awaited something that was cancelled") == 2
        assert "in cancelled" in caplog.text

    async def test_a_handler_that_somebody_cancelled(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Who cancels a handler on purpose has the say of what the client hears."""
        router = json_router()
        tasks: list[asyncio.Task[Any] | None] = []

        @router.bind("/job")
        async def _(_: Context) -> None:
            tasks.append(asyncio.current_task())
            await asyncio.Event().wait()

        async with Peer(router) as peer:
            peer.push("/job", id=1)
            await settle()
            assert tasks[0] is not None
            tasks[0].cancel()
            await peer.nothing()
        assert not caplog.records

    async def test_what_cannot_be_encoded_is_an_internal_error(self) -> None:
        """A reply that failed was none, so the client gets an answer after all."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> Any:
            return object()

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            assert await peer.message() == {"id": 1, "data": {"error": "internal error"}}

    async def test_a_request_is_no_answer(self) -> None:
        """Who asked the client, and failed then, has not answered it."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            await ctx.request("?", timeout=0.001)

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            assert (await peer.message())["path"] == "/x"
            assert await peer.message() == {"id": 1, "data": {"error": "internal error"}}

    async def test_an_error_after_an_answer_adds_nothing(self) -> None:
        """One message has one answer."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            await ctx.reply(1)
            raise KeyError

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            assert await peer.message() == {"id": 1, "data": 1}
            await peer.nothing()

    async def test_can_be_turned_off(self) -> None:
        """With `answer_unhandled=False` nothing is answered by itself."""
        router = json_router(answer_unhandled=False)

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            raise KeyError

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            peer.push("/y", id=2)
            await peer.nothing()

    async def test_an_error_that_was_set_by_hand(self) -> None:
        """Setting `ctx.error` is like raising it."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            ctx.error = HTTPError(418, "teapot")

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            assert await peer.message() == {"id": 1, "data": {"error": "teapot"}}

    async def test_an_answer_that_cannot_be_written_is_logged(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """An error whose answer fails as well leaves the socket alive."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            ctx.set_message_marshaller(lambda message: "no bytes")  # pyright: ignore[reportArgumentType]
            raise KeyError

        router.bind("/y", lambda ctx: "alive")
        async with Peer(router) as peer:
            peer.push("/x", id=1)
            peer.push("/y", id=2)
            assert (await peer.message())["data"] == {"message": "alive"}
        assert "a marshaller returns bytes, not str" in caplog.text

    async def test_a_route_without_a_handler_that_was_added_lately(self) -> None:
        """A mistake in a route that is added while sockets are open is answered and logged."""
        router = json_router()
        router.bind("/x", lambda ctx: 1)
        async with Peer(router) as peer:
            router.bind("/y")
            router.bind("/z", lambda ctx: 1)
            peer.push("/x", id=1)
            assert await peer.message() == {"id": 1, "data": {"error": "internal error"}}
