"""ASGI applications as handlers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aros_core.handlers import describe

if TYPE_CHECKING:
    from aros_core.asgi.types import ASGIApp
    from navaros.context import Context


class ASGIHandler:
    """A handler that lets an ASGI application answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def handle(self, ctx: Context, /) -> None:
        """Hand the request or upgrade over; no further handlers run."""
        await ctx.hand_over(self.app)

    def __repr__(self) -> str:
        return f"asgi({describe(self.app)})"


def asgi(app: ASGIApp) -> ASGIHandler:
    """Make a handler of an ASGI application, for requests and WebSocket upgrades.

    `router.use("/static", asgi(StaticFiles(directory="static")))` mounts it: `root_path` is the
    path up to there. Its answer is final. Raises `TypeError` for what cannot be called.
    """
    if not callable(app):
        raise TypeError(f"{describe(app)} is no ASGI application: it cannot be called")
    return ASGIHandler(app)
