"""The context of an HTTP request: what handlers take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aros_core.chain import Chain
from navaros.mounts import own_path
from navaros.takeover import TakeoverSide

if TYPE_CHECKING:
    from aros_core.asgi.types import Receive, Scope, Send
    from navaros.router import Router

_begin_chain: Final = Chain.__init__
"""What `super().__init__` is; asking for it at each birth takes twice as long."""


class Context(TakeoverSide):
    """One HTTP request, or WebSocket upgrade, on its way through the chain.

    A handler reads the request from it and says on it what to answer: with a status, headers and a
    body, by writing, or by returning the body. It lives until the chain is over; sending, writing
    or setting after that raises `ContextClosedError`.
    """

    def __init__(self, router: Router, scope: Scope, receive: Receive, send: Send) -> None:
        _begin_chain(self)
        self._router = router
        self._scope = scope
        self._receive = receive
        self._server_send = send
        self._body = None
        self._is_plain = True
        self.has_leftovers = False
        self.path = own_path(scope) if scope.get("root_path") else scope["path"]

    def answer(self, result: Any) -> None:
        """Take what a handler returned as the body."""
        if self._is_plain:
            self._body = result
        else:
            self.body = result
