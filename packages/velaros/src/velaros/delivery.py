"""Where a message ends up that is for somebody who waits, instead of at a route."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from aros_core.steps import Link, chain_of
from velaros.routes import noting

if TYPE_CHECKING:
    from aros_core.handlers import Call
    from aros_core.steps import Step
    from velaros.context import Context


async def _deliver(ctx: Context) -> None:
    if ctx.delivery is not None and not ctx.delivery.done():
        ctx.delivery.set_result(ctx)


async def _drop(ctx: Context) -> None:
    del ctx


async def _rejoin(ctx: Context) -> None:
    await ctx.rejoin()


def _chain(what: str, call: Call) -> Step:
    link = Link(what, noting(call))
    link.order = sys.maxsize  # Behind all routes, so that every handler has it ahead.
    return chain_of([link])


DELIVER = _chain("delivery to who waits", _deliver)
"""Hands the message to who waits for it."""

DROP = _chain("a late answer", _drop)
"""Ends the chain: the message is nobody's any more."""

REJOIN = _chain("a conversation", _rejoin)
"""Brings the message to the handler of its conversation."""
