"""The place where routers of the two protocols meet: one inside the other's chain."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from aros_core.asgi.types import ASGIApp, Scope
    from aros_core.router import BaseRouter
    from aros_core.storage import Storage


class Host(Protocol):
    """The context of a router in whose chain another protocol's router lives."""

    @property
    def scope(self) -> Scope:
        """The ASGI scope of the request or upgrade."""
        ...

    @property
    def storage(self) -> Storage:
        """What was set on this context so far."""
        ...

    def next(self) -> Coroutine[Any, Any, None]:
        """Run the rest of the chain."""
        ...

    async def hand_over(self, app: ASGIApp) -> None:
        """Let an ASGI application answer in this context's place; its answer is final."""
        ...


class Embedding(ABC):
    """A handler that brings a router of the sibling protocol along.

    The outer router runs its lifespan and lists its routes.
    """

    @property
    @abstractmethod
    def router(self) -> BaseRouter[Any]:
        """The router of the other protocol."""

    @abstractmethod
    async def handle(self, ctx: Host, /) -> None:
        """Take the request where it is for `router`, else run the rest of the chain."""
