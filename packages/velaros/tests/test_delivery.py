"""Where a message ends up that is for somebody who waits."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from velaros.delivery import DELIVER, DROP, REJOIN


class FakeContext:
    """A message and who waits for it."""

    def __init__(self, delivery: asyncio.Future[Any] | None = None) -> None:
        self.delivery = delivery
        self.rejoined = 0
        self.is_settled = False

    async def rejoin(self) -> None:
        """Note the call."""
        self.rejoined += 1


async def test_hands_the_message_to_who_waits() -> None:
    """Whoever awaits the future gets the message."""
    ctx = FakeContext(asyncio.get_running_loop().create_future())
    await DELIVER.call(ctx)
    assert ctx.delivery is not None
    assert await ctx.delivery is ctx


async def test_hands_nothing_to_who_waits_no_longer() -> None:
    """A waiter that was cancelled meanwhile, or never was, is no error."""
    delivery: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    delivery.cancel()
    await DELIVER.call(FakeContext(delivery))
    await DELIVER.call(FakeContext())


async def test_drops_what_is_nobodys() -> None:
    """Nothing happens to it."""
    ctx = FakeContext()
    await DROP.call(ctx)
    assert ctx.rejoined == 0


async def test_brings_a_message_to_its_conversation() -> None:
    """The context knows the way."""
    ctx = FakeContext()
    await REJOIN.call(ctx)
    assert ctx.rejoined == 1


async def test_come_after_every_route() -> None:
    """They count as routes, so that nothing is answered with "not found"."""
    for step in (DELIVER, DROP, REJOIN):
        assert step.link.order == sys.maxsize
        ctx = FakeContext()
        await step.call(ctx)
        assert ctx.is_settled
