"""Sockets that are used in any order: what holds whatever happens.

The machine opens sockets or has them refused, has handlers send, ask, answer, receive, stream and
block, sends from outside of them, closes from both sides, drops and cancels, in any order, with
hooks that fail and hooks that hang. After each socket's end, it checks what every end promises.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from velaros import Context, HTTPError, Router, Socket, SocketClosed, middleware
from velaros.errors import RequestTimeout, TooManyRequests

from .helpers import Closed, Peer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOUR = 3600
IDS = st.one_of(st.none(), st.sampled_from(["a", "b", 1, "1"]))


class Life:
    """One socket, and what was seen of it."""

    def __init__(self, router: Router) -> None:
        self.peer = Peer(router)
        self.opened = 0
        self.closed = 0
        self.waiting = 0
        """How many requests and receives wait."""
        self.running = 0
        self.streaming = 0
        """How many generators are open."""
        self.outside: list[asyncio.Task[None]] = []
        """Sends by tasks that are no handlers."""
        self.socket: Socket | None = None
        self.is_refused = False
        self.cut = 0
        """How many requests and receives ended without being told why."""
        self.was_cancelled = False
        self.always_read = True
        """Whether what was sent went out at once, requests too."""
        self.frames: list[str | bytes | Closed] = []
        self.questions: list[str] = []

    @property
    def is_over(self) -> bool:
        """Whether the socket's task has ended."""
        return self.peer.task.done()

    def collect(self) -> None:
        """Take what was sent, and note what was asked."""
        queue = self.peer.connection.outgoing
        while not queue.empty():
            frame = queue.get_nowait()
            self.frames.append(frame)
            if isinstance(frame, str) and json.loads(frame).get("data") == "question":
                self.questions.append(json.loads(frame)["id"])


def make_router(lives: dict[str, Life]) -> Router:
    """Return a router whose handlers do what a client can ask of them."""
    router = Router(
        max_concurrent_messages=3,
        max_waiting_messages=3,
        max_pending_requests=2,
        request_timeout=5,
        close_timeout=0.02,
        max_message_size=500,
    )
    router.use(middleware.json())

    def life_of(ctx: Context) -> Life:
        return lives[ctx.headers["name"]]

    async def wait_for_client(ctx: Context, waiting: Any) -> None:
        life = life_of(ctx)
        life.waiting += 1
        try:
            await waiting
        except (SocketClosed, RequestTimeout, TooManyRequests, RuntimeError):
            pass
        except asyncio.CancelledError:
            life.cut += 1
            raise
        finally:
            life.waiting -= 1

    @router.use_upgrade
    async def _(ctx: Context) -> None:
        life_of(ctx).socket = ctx.socket
        if "refused" in ctx.headers:
            raise HTTPError(401, "not you")

    @router.use_open
    async def _(ctx: Context) -> None:
        life_of(ctx).opened += 1
        if "slow" in ctx.headers:
            await asyncio.sleep(0)
        await ctx.send("hello")

    @router.use_close
    async def _(ctx: Context) -> None:
        life_of(ctx).closed += 1
        raise KeyError("a hook that fails")

    @router.use_close
    async def _(ctx: Context) -> None:
        life_of(ctx).closed += 1
        await ctx.send("goodbye")

    @router.use_close
    async def _(ctx: Context) -> None:
        life_of(ctx).closed += 1
        if "hanging" in ctx.headers:
            await asyncio.sleep(HOUR)

    @router.use
    async def _(ctx: Context) -> None:
        life_of(ctx).running += 1
        try:
            await ctx.next()
        finally:
            life_of(ctx).running -= 1

    @router.bind("/send")
    async def _(ctx: Context) -> str:
        await ctx.send("note")
        return "reply"

    @router.bind("/ask")
    async def _(ctx: Context) -> None:
        await wait_for_client(ctx, ctx.request("question"))

    @router.bind("/receive")
    async def _(ctx: Context) -> None:
        await ctx.receive()
        await wait_for_client(ctx, ctx.receive())

    @router.bind("/block")
    async def _(ctx: Context) -> None:
        await asyncio.sleep(HOUR)

    @router.bind("/clean")
    async def _(ctx: Context) -> None:
        try:
            await asyncio.sleep(HOUR)
        finally:
            await asyncio.sleep(0)
            await ctx.send("cleaned")

    @router.bind("/stubborn")
    async def _(ctx: Context) -> None:
        try:
            await asyncio.sleep(HOUR)
        except asyncio.CancelledError:
            await asyncio.sleep(0)

    @router.bind("/stream")
    async def _(ctx: Context) -> AsyncIterator[int]:
        life_of(ctx).streaming += 1
        try:
            for number in range(20):
                await asyncio.sleep(0)
                yield number
        finally:
            life_of(ctx).streaming -= 1

    @router.bind("/deadline")
    async def _(ctx: Context) -> None:
        ctx.set_timeout(1)
        await ctx.next()

    @router.bind("/deadline")
    async def _(ctx: Context) -> None:
        await asyncio.sleep(HOUR)

    @router.bind("/fail")
    async def _(ctx: Context) -> None:
        raise ValueError("a handler that fails")

    @router.bind("/close/:status")
    async def _(ctx: Context) -> None:
        await ctx.close(int(ctx.params["status"]))
        await ctx.reply("closing")

    @router.bind("/close-outside")
    async def _(ctx: Context) -> None:
        await asyncio.create_task(ctx.socket.close(4009))

    return router


class SocketMachine(RuleBasedStateMachine):
    """Does anything to any number of sockets."""

    sockets = Bundle("sockets")

    def __init__(self) -> None:
        super().__init__()
        self.lives: dict[str, Life] = {}
        self.router = make_router(self.lives)
        self.loop = asyncio.new_event_loop()
        self.failures: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda loop, context: self.failures.append(context))
        self.ahead = 0.0
        real_time = self.loop.time
        setattr(self.loop, "time", lambda: real_time() + self.ahead)  # noqa: B010

    def run(self, turns: int) -> None:
        """Let the event loop do some turns."""

        async def wait() -> None:
            for _ in range(turns):
                await asyncio.sleep(0)

        self.loop.run_until_complete(wait())

    @rule(
        target=sockets,
        traits=st.sets(st.sampled_from(["slow", "hanging"])),
        turns=st.integers(0, 5),
    )
    def open(self, traits: set[str], turns: int) -> Any:
        """Open a socket."""
        if len(self.lives) >= 4:
            return multiple()  # pyright: ignore[reportUnknownVariableType]
        name = f"socket {len(self.lives)}"
        life = self.lives[name] = Life(self.router)
        life.peer = Peer(self.router, {"name": name, **dict.fromkeys(traits, "yes")})
        self.start(life.peer)
        self.run(turns)
        return life

    def start(self, peer: Peer) -> None:
        """Start a socket's task."""

        async def start() -> None:
            peer.start()

        self.loop.run_until_complete(start())

    @rule()
    def refuse(self) -> None:
        """Have a socket refused: none of its other hooks run, and nothing is sent."""
        life = self.lives["refused"] = Life(self.router)
        life.peer = Peer(self.router, {"name": "refused", "refused": "yes"})
        self.start(life.peer)
        self.run(10)
        del self.lives["refused"]
        assert isinstance(life.peer.task.exception(), HTTPError)
        assert (life.opened, life.closed, life.peer.connection.outgoing.qsize()) == (0, 0, 0)

    @rule(
        life=sockets,
        path=st.sampled_from(
            [
                *("/send", "/ask", "/ask", "/receive", "/stream", "/block", "/clean"),
                *("/stubborn", "/deadline", "/fail", "/none"),
            ]
        ),
        message_id=IDS,
        count=st.integers(1, 4),
        turns=st.integers(0, 6),
    )
    def push(self, life: Life, path: str, message_id: Any, count: int, turns: int) -> None:
        """Send messages that make handlers do something."""
        for _ in range(count):
            life.peer.push(path, 1, id=message_id)
        self.run(turns)

    @rule(life=sockets, again=st.booleans(), turns=st.integers(0, 6))
    def answer(self, life: Life, again: bool, turns: int) -> None:
        """Answer a question, once or twice."""
        life.collect()
        if life.questions:
            question = life.questions[0] if again else life.questions.pop(0)
            life.peer.push(id=question, data="answer")
        self.run(turns)

    @rule(life=sockets, turns=st.integers(0, 3))
    def send_outside(self, life: Life, turns: int) -> None:
        """Send from a task that is no handler, whatever the socket's state."""

        async def send(socket: Socket) -> None:
            try:
                await socket.send("from outside")
            except SocketClosed:
                return

        async def start() -> None:
            if life.socket is not None:
                life.outside.append(asyncio.create_task(send(life.socket)))

        self.loop.run_until_complete(start())
        self.run(turns)

    @rule(seconds=st.sampled_from([0.5, 2, 6, 11, 31]))
    def pass_time(self, seconds: float) -> None:
        """Let what waits too long come to its end."""
        self.run(5)
        self.ahead += seconds
        self.run(20)

    @rule(life=sockets, frame=st.sampled_from(["nonsense", b"\xff", '{"id":1,"path":2}', ""]))
    def babble(self, life: Life, frame: str | bytes) -> None:
        """Send what cannot be read."""
        life.peer.put(frame)
        self.run(3)

    @rule(life=sockets, reads=st.booleans())
    def read(self, life: Life, reads: bool) -> None:
        """Stop reading, or read on."""
        gate = life.peer.connection.gate
        if reads:
            gate.set()
        else:
            gate.clear()
            life.always_read = False
        self.run(2)

    @rule(
        life=sockets,
        how=st.sampled_from(
            ["leave", "drop", "restart", "oversized", "break", "handler", "outside", "cancel"]
        ),
        turns=st.integers(0, 6),
    )
    def end(self, life: Life, how: str, turns: int) -> None:
        """End a socket, or begin to."""
        peer = life.peer
        if how == "leave":
            peer.leave(1001, "bye")
        elif how == "drop":
            peer.connection.incoming.put_nowait(ConnectionResetError())
        elif how == "restart":
            peer.leave(1012, by_server=True)
        elif how == "oversized":
            peer.put("x" * 501)
        elif how == "break":
            peer.connection.failure = BrokenPipeError()
        elif how == "handler":
            peer.push("/close/4001", id="close")
        elif how == "outside":
            peer.push("/close-outside")
        else:
            life.was_cancelled = peer.task.cancel() or life.was_cancelled
        self.run(turns)

    @rule(life=consumes(sockets))
    def finish(self, life: Life) -> None:
        """End a socket for good, and check what its end promises."""
        self.check(life)

    def check(self, life: Life) -> None:
        """Check what holds at the end of every socket."""

        async def end() -> None:
            life.peer.connection.gate.set()
            life.peer.leave(1001)
            for _ in range(5):
                await asyncio.wait([life.peer.task], timeout=0.05)
                self.ahead += 11  # Reading pauses for 10 s at most.

        self.loop.run_until_complete(end())
        assert life.is_over, "every socket ends by itself when the client leaves"
        assert life.was_cancelled or not life.peer.task.cancelled()
        assert life.peer.connection.violations == []
        assert life.cut == 0 or not life.always_read, "who waits for the client hears of the end"
        life.collect()
        assert life.closed in (0, 3), "each close hook runs exactly once"
        assert life.closed == 3 or life.opened == 0, "and for every socket that opened"
        assert life.streaming == 0, "every generator is closed"
        assert all(task.done() for task in life.outside), "every send has ended"
        assert life.waiting == 0, "every request and receive has ended"
        assert life.running == 0, "every handler has ended"
        closes = [frame for frame in life.frames if isinstance(frame, Closed)]
        assert len(closes) <= 1
        assert not closes or life.frames[-1] == closes[0], "nothing comes after the close frame"

    @invariant()
    def nothing_failed_silently(self) -> None:
        """No task or callback raised what nobody retrieved."""
        assert self.failures == []

    def teardown(self) -> None:
        """End all sockets; then no task is left."""
        try:
            for life in self.lives.values():
                self.check(life)
            assert asyncio.all_tasks(self.loop) == set()
            assert list(self.router._sessions) == []  # pyright: ignore[reportPrivateUsage]
            assert self.failures == []
        finally:
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()


SocketMachine.TestCase.settings = settings(
    max_examples=150, stateful_step_count=30, deadline=None, print_blob=True
)
TestSockets = SocketMachine.TestCase
