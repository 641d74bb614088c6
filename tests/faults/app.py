"""The application under load: it does what its clients ask, and counts what opens, runs and ends.

`python -m app app:NAME PORT` serves one of its sites with `navaros.serve`, whose options are the
JSON in the environment's `SERVE_OPTIONS`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import navaros
import velaros

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

CHUNK = 64 * 1024
"""How many characters a large answer has."""

SIZE_LIMIT = 4 * 1024 * 1024
"""How many bytes a message or a body to the site `sized` may have."""


@dataclass
class Counts:
    """What happened so far, over all sockets."""

    upgraded: int = 0
    opened: int = 0
    closed: int = 0
    astray: int = 0
    """Close hooks of sockets that were not open."""
    running: int = 0
    most_running: int = 0
    """How many handlers of one socket ran at once at most."""
    begun: int = 0
    ended: int = 0
    """Handlers that ended, however they did."""
    told: int = 0
    """Requests that ended because the socket did."""
    last_end: float = 0.0
    """When the last close hook ran, by the clock that all processes share."""


counts = Counts()
open_sockets: set[str] = set()


def facts() -> dict[str, Any]:
    """Return the counts, and how many tasks there are when nothing is left to collect."""
    gc.collect()
    return {**asdict(counts), "tasks": len(asyncio.all_tasks())}


def report(event: str, **found: object) -> None:
    """Tell the tests what happened, in one write."""
    line = json.dumps({"tag": "", "event": event, **found})
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@asynccontextmanager
async def lifespan(_: navaros.Router) -> AsyncGenerator[None]:
    """Report the start, and at the end the counts."""
    report("started")
    yield
    report("stopped", **facts())


def make_messages(**options: Any) -> velaros.Router:
    """Return a router whose handlers do what its clients ask."""
    messages = velaros.Router(**options)
    messages.use(velaros.middleware.json())
    messages.use_upgrade(upgraded)
    messages.use_open(opened)
    messages.use_close(closed)
    messages.use(counted)
    messages.bind("/echo", echo)
    messages.bind("/ask", ask)
    messages.bind("/work", work)
    messages.bind("/hold", hold)
    messages.bind("/close", close)
    messages.bind("/flood", flood)
    messages.bind("/large", large)
    return messages


async def upgraded(_: velaros.Context) -> None:
    """Count a handshake."""
    counts.upgraded += 1


async def opened(ctx: velaros.Context) -> None:
    """Count a socket."""
    counts.opened += 1
    open_sockets.add(ctx.socket_id)


async def closed(ctx: velaros.Context) -> None:
    """Count the end of a socket, which has to be open."""
    counts.closed += 1
    counts.last_end = time.monotonic()
    if ctx.socket_id in open_sockets:
        open_sockets.remove(ctx.socket_id)
    else:
        counts.astray += 1


async def counted(ctx: velaros.Context) -> None:
    """Count what runs."""
    counts.begun += 1
    counts.running += 1
    running = ctx.get_from_socket("running", 0) + 1
    ctx.set_on_socket("running", running)
    counts.most_running = max(counts.most_running, running)
    try:
        await ctx.next()
    finally:
        ctx.set_on_socket("running", ctx.get_from_socket("running") - 1)
        counts.running -= 1
        counts.ended += 1


async def echo(ctx: velaros.Context) -> Any:
    """Answer with what came."""
    return await ctx.unmarshal()


async def ask(ctx: velaros.Context) -> Any:
    """Ask the client, and answer with its answer."""
    try:
        return await ctx.request("what?", str, path="/question", timeout=None)
    except velaros.SocketClosed:
        counts.told += 1
        raise


async def work(ctx: velaros.Context) -> str:
    """Take as many seconds as the client says."""
    await asyncio.sleep(await ctx.unmarshal(float))
    return "done"


async def hold(ctx: velaros.Context) -> None:
    """Be busy until the socket ends."""
    await ctx.reply("busy")
    await asyncio.Event().wait()


async def close(ctx: velaros.Context) -> None:
    """Close the socket from this side."""
    await ctx.close(4000, "as you wish")


async def flood(ctx: velaros.Context) -> None:
    """Send as many bytes as the client says."""
    for _ in range(0, await ctx.unmarshal(int), CHUNK):
        await ctx.send("x" * CHUNK)


async def large(_: velaros.Context) -> str:
    """Answer with a large text, made for this answer."""
    return "x" * CHUNK


def make_site(**options: Any) -> navaros.Router:
    """Return a site with messages at every path, and its own figures at `/facts`."""
    site = navaros.Router(lifespan=lifespan)
    site.use(navaros.middleware.json())
    site.get("/facts", read_facts)
    site.post("/upload", upload)
    site.use(make_messages(**options).middleware())
    return site


async def read_facts(_: navaros.Context) -> dict[str, Any]:
    """Answer with what happened so far."""
    return facts()


async def upload(ctx: navaros.Context) -> str:
    """Read a body, whatever its type."""
    return str(len(await ctx.read()))


plain = make_site()
stalling = make_site(send_timeout=1)
sized = make_site(max_message_size=SIZE_LIMIT)
sized.max_request_body_size = SIZE_LIMIT

if __name__ == "__main__":
    address, port = sys.argv[1:]
    options: dict[str, Any] = json.loads(os.environ.get("SERVE_OPTIONS", "{}"))
    site: navaros.Router = globals()[address.removeprefix("app:")]
    navaros.serve(site, port=int(port), log_level="warning", **options)
