"""Sends at every moment of a socket's life, to a client that reads or not: each comes to an end."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from .figures import record
from .peers import Peer, make_router

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from velaros import Context, Router

CLOSE_TIMEOUT = 0.2
SEND_TIMEOUT = 5 * CLOSE_TIMEOUT
SLACK = 0.5
"""How many seconds may pass beside the bounds themselves, on a machine that is busy."""


class Sends:
    """What became of messages that were sent at every moment of a socket's life."""

    def __init__(self, router: Router) -> None:
        self.outcomes: dict[str, str] = {}
        self.kept: list[Context] = []
        router.use_upgrade(self.upgrade)
        router.use_open(self.open)
        router.use_close(self.close_hook)
        router.bind("/work", self.work)

    async def attempt(self, moment: str, sending: Awaitable[None]) -> None:
        """Note whether it was sent, or else what it raised."""
        self.outcomes[moment] = "hung"
        try:
            await sending
        except asyncio.CancelledError:
            self.outcomes[moment] = "cancelled"
            raise
        except Exception as error:
            self.outcomes[moment] = type(error).__name__
        else:
            self.outcomes[moment] = "sent"

    async def upgrade(self, ctx: Context) -> None:
        """Send before the handshake is answered."""
        await self.attempt("upgrade hook", ctx.send(1))

    async def open(self, ctx: Context) -> None:
        """Send at the beginning."""
        await self.attempt("open hook", ctx.send(1))

    async def work(self, ctx: Context) -> None:
        """Send in a handler, and once more when it is cancelled."""
        self.kept.append(ctx)
        try:
            await self.attempt("handler", ctx.send(1))
            await ctx.reply("sent")
            await asyncio.Event().wait()
        finally:
            await self.attempt("clean-up", ctx.send(1))

    async def close_hook(self, ctx: Context) -> None:
        """Send at the end."""
        await self.attempt("close hook", ctx.send(1))

    async def afterwards(self) -> None:
        """Send when all is over."""
        (ctx,) = self.kept
        await self.attempt("kept context", ctx.send(1))
        await self.attempt("kept socket", ctx.socket.send(1))


EARLY = {"upgrade hook": "sent", "open hook": "sent"}
LATE = {"kept context": "ContextClosedError", "kept socket": "SocketClosed"}
SENDS = {
    "the client leaves": {
        "handler": "sent",
        "clean-up": "SocketClosed",
        "close hook": "SocketClosed",
    },
    "the server closes": {"handler": "sent", "clean-up": "sent", "close hook": "sent"},
    "the client stops reading and leaves": {
        "handler": "cancelled",
        "clean-up": "SocketClosed",
        "close hook": "SocketClosed",
    },
    "the client stops reading, the server closes": {
        "handler": "cancelled",
        "clean-up": "cancelled",
        "close hook": "cancelled",
    },
    "the client stops reading": {
        "handler": "SocketClosed",
        "clean-up": "SocketClosed",
        "close hook": "SocketClosed",
    },
}
"""What becomes of each send, by how the socket ends."""


@pytest.mark.parametrize("end", SENDS)
async def test_sends_in_every_state(end: str) -> None:
    """Each comes to an end: it is sent, or it raises what says why not."""
    router = make_router(close_timeout=CLOSE_TIMEOUT, send_timeout=SEND_TIMEOUT)
    sends = Sends(router)
    peer = Peer(router)
    await peer.request("/echo", 1)
    began = time.monotonic()
    if "stops reading" in end:
        peer.reads.clear()
        peer.push("/work", id=1)
        while not sends.kept:
            await asyncio.sleep(0)
    else:
        assert await peer.request("/work") == {"message": "sent"}
    if "leaves" in end:
        peer.leave()
    elif "closes" in end:
        await sends.kept[0].socket.close(4000)
    await peer.ended()
    late = time.monotonic() - began - SEND_TIMEOUT
    await sends.afterwards()
    assert sends.outcomes == {**EARLY, **SENDS[end], **LATE}
    record("sends in every state: end of the socket, past all timeouts", late, SLACK, "s")
