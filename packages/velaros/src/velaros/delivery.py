"""Where a message ends up that is for somebody who waits, instead of at a route."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from aros_core.chain import Link

if TYPE_CHECKING:
    from velaros.context import Context


async def _deliver(ctx: Context) -> None:
    if ctx.delivery is not None and not ctx.delivery.done():
        ctx.delivery.set_result(ctx)


async def _drop(ctx: Context) -> None:
    del ctx


async def _rejoin(ctx: Context) -> None:
    await ctx.rejoin()


DELIVER = Link("delivery to who waits", _deliver)
"""Hands the message to who waits for it."""

DROP = Link("a late answer", _drop)
"""Ends the chain: the message is nobody's any more."""

REJOIN = Link("a conversation", _rejoin)
"""Brings the message to the handler of its conversation."""

DELIVER.order = DROP.order = REJOIN.order = sys.maxsize
