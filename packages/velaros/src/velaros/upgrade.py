"""A Velaros router inside an HTTP router: it takes WebSocket upgrades and lets the rest pass."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from aros_core.embedding import Embedding

if TYPE_CHECKING:
    from aros_core.embedding import Host
    from velaros.router import Router


class UpgradeMiddleware(Embedding):
    """What `Router.middleware()` returns: a handler for the outer router's `use`."""

    def __init__(self, router: Router) -> None:
        self._router = router

    @property
    def router(self) -> Router:
        """The router that takes the upgrades."""
        return self._router

    async def handle(self, ctx: Host, /) -> None:
        """Take an upgrade; what was set on the context is the socket's first storage."""
        if ctx.scope["type"] == "websocket":
            from velaros.transports.asgi import serve_upgrade

            await ctx.hand_over(partial(serve_upgrade, self._router, ctx.storage.copy()))
        else:
            await ctx.next()
