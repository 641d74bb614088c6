"""The application that the servers run; it reports what its hooks and handlers see.

A report is a line of JSON on standard output. It names the client by the `tag` of its address.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import navaros
import velaros
from velaros import HTTPError, SocketClosed, middleware

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from aros_core.asgi.types import ASGIApp, Receive, Scope, Send

MAX_MESSAGE_SIZE = 64 * 1024
SEND_TIMEOUT = 0.5
CLOSE_TIMEOUT = 1.0

gates: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
sockets: dict[str, velaros.Socket] = {}


def report(tag: str, event: str, **facts: object) -> None:
    """Tell the tests what happened, in one write."""
    line = json.dumps({"tag": tag, "event": event, **facts})
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@asynccontextmanager
async def lifespan(_: velaros.Router) -> AsyncGenerator[None]:
    """Report that the application was started and stopped."""
    report("", "started")
    yield
    report("", "stopped")


messages = velaros.Router(
    origins=["https://allowed.example"],
    max_message_size=MAX_MESSAGE_SIZE,
    send_timeout=SEND_TIMEOUT,
    close_timeout=CLOSE_TIMEOUT,
    lifespan=lifespan,
)
messages.use(middleware.json(), middleware.msgpack())


def tag_of(ctx: velaros.Context) -> str:
    """Return the name of the client, which it gave in its address."""
    return ctx.query["tag"]


async def outcome(sending: Any) -> str:
    """Return `sent`, or the name of what sending raised."""
    try:
        await sending
    except Exception as error:
        return type(error).__name__
    return "sent"


@messages.use_upgrade
async def upgrade(ctx: velaros.Context) -> None:
    """Refuse those who ask for it, and keep others waiting at the gate."""
    if "stranger" in ctx.query:
        raise HTTPError(401, "who are you?", headers={"www-authenticate": "Bearer"})
    if ctx.query.get("gate") == "upgrade":
        report(tag_of(ctx), "at the gate")
        await gates[tag_of(ctx)].wait()


@messages.use_open
async def opened(ctx: velaros.Context) -> None:
    """Report the socket, and keep it for a last attempt to send."""
    sockets[tag_of(ctx)] = ctx.socket
    report(tag_of(ctx), "opened", remote=ctx.remote_address, subprotocol=ctx.subprotocol)
    if ctx.query.get("gate") == "open":
        await gates[tag_of(ctx)].wait()


@messages.use_close
async def farewell(ctx: velaros.Context) -> None:
    """Say goodbye; some take their time for it, or say something else to the client."""
    if "slow" in ctx.query:
        await asyncio.sleep(CLOSE_TIMEOUT / 4)
    if "changing" in ctx.query:
        await ctx.close(4100, "changed")
    said = await outcome(ctx.send("goodbye", path="/farewell"))
    report(tag_of(ctx), "farewell", outcome=said)


@messages.use_close
async def closed(ctx: velaros.Context) -> None:
    """Report how the socket was closed."""
    status = ctx.close_status
    assert status is not None
    report(
        tag_of(ctx),
        "closed",
        status=status.status,
        reason=status.reason,
        source=status.source.value,
    )


@messages.bind("/echo")
async def echo(ctx: velaros.Context) -> Any:
    """Answer with what came."""
    return await ctx.unmarshal()


@messages.bind("/meet")
async def meet(ctx: velaros.Context) -> str:
    """Answer when as many handlers as the client said have arrived."""
    barrier = ctx.get_from_socket("barrier")
    if barrier is None:
        barrier = asyncio.Barrier(await ctx.unmarshal(int))
        ctx.set_on_socket("barrier", barrier)
    await barrier.wait()
    return "met"


@messages.bind("/ask")
async def ask(ctx: velaros.Context) -> Any:
    """Ask the client twice, and answer with its answers."""
    first = await ctx.request("first?", str, path="/question")
    second = await ctx.request("second?", str, path="/question")
    return [first, second]


@messages.bind("/tell")
async def tell(ctx: velaros.Context) -> None:
    """Send a message of its own accord."""
    await ctx.send(await ctx.unmarshal(str), path="/told")


@messages.bind("/hold")
async def hold(ctx: velaros.Context) -> None:
    """Be busy until the socket ends, and report that this handler ended too."""
    try:
        await ctx.reply("busy")
        await asyncio.Event().wait()
    finally:
        report(tag_of(ctx), "released")


@messages.bind("/close")
async def close(ctx: velaros.Context) -> None:
    """Close as the client wishes; this handler may still send."""
    status, reason = await ctx.unmarshal(tuple[int, str])
    await ctx.close(status, reason)
    await ctx.send("last words", path="/last")


@messages.bind("/flood")
async def flood(ctx: velaros.Context) -> None:
    """Send until somebody gives up."""
    try:
        while True:
            await ctx.send("x" * 32 * 1024)
    except SocketClosed:
        report(tag_of(ctx), "gave up")
        raise


@messages.bind("/open-gate")
async def open_gate(ctx: velaros.Context) -> None:
    """Let another client through, whom the payload names."""
    gates[await ctx.unmarshal(str)].set()


site = navaros.Router()


@site.use
async def note_errors(ctx: navaros.Context) -> None:
    """Tell in a header what error passed."""
    await ctx.next()
    if ctx.error is not None:
        ctx.headers["x-error"] = type(ctx.error).__name__


site.use("/mounted", messages.middleware())


@site.get("/mounted")
def plain(_: navaros.Context) -> str:
    """Answer requests that are no upgrades."""
    return "no upgrade"


@dataclass(frozen=True)
class Watched:
    """Reports when the application's side of a socket has ended."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application; afterwards nothing may be sent any more."""
        try:
            await self.app(scope, receive, send)
        finally:
            if scope["type"] == "websocket":
                await self._report_end(scope)

    async def _report_end(self, scope: Scope) -> None:
        tag = parse_qs(scope["query_string"].decode())["tag"][0]
        socket = sockets.pop(tag, None)
        late = None if socket is None else await outcome(socket.send("too late"))
        report(tag, "ended", late=late)


async def route(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one router both ways: by itself, and mounted on the site."""
    target = messages if scope.get("path", "").startswith("/alone") else site
    await target(scope, receive, send)


alone = Watched(messages)
mounted = Watched(site)
both = Watched(route)
