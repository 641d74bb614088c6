"""Routes of messages: each tells the context that it was reached."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from aros_core.handlers import Call
    from aros_core.steps import Link
    from velaros.context import Context


def noting(call: Call) -> Call:
    """Return the call of a handler that notes on the context that a route ran."""

    def note_and_call(ctx: Context) -> Awaitable[Any]:
        ctx.is_settled = True
        return call(ctx)

    return note_and_call


def noted(link: Link) -> Link:
    """Return the link as it is for middleware; that of a route notes that it ran."""
    if not link.is_route:
        return link
    twin = copy(link)
    twin.call = noting(link.call)
    return twin
