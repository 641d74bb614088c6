"""The smallest router and context there can be, so that the core is tested without its siblings."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from aros_core import Context
from aros_core.asgi.request_facts import RequestFacts
from aros_core.embedding import Embedding
from aros_core.handlers import as_call
from aros_core.router import AnyHandler, BaseRouter, Metadata
from aros_core.steps import Link, chain_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable

    import pytest

    from aros_core.asgi.types import Scope
    from aros_core.chain import Chain
    from aros_core.registration import Registration


class PlainContext(Context):
    """One question on its way through the chain, and the answers to it."""

    def __init__(self, path: str = "/", scope: Scope | None = None) -> None:
        super().__init__()
        self.path = path
        self.answers: list[Any] = []
        self._facts = RequestFacts({} if scope is None else scope)

    async def unmarshal(self, T: Any = Any) -> Any:
        """Return the type that was asked for; there is no payload."""
        return T

    @property
    def is_done(self) -> bool:
        """Whether the chain is over."""
        return self.is_ended

    async def wait_done(self) -> None:
        """Return at once: there is no client."""

    def answer(self, result: Any) -> None:
        """Keep what a handler returned."""
        self.answers.append(result)

    async def stream(self, items: AsyncGenerator[Any, None]) -> None:
        """Keep the items of a handler that is an async generator."""
        async for item in items:
            self.answers.append(item)


class PlainRouter(BaseRouter[AnyHandler[PlainContext]]):
    """Routes questions, which have a path and maybe a method."""

    protocol = "questions"

    def bind(
        self,
        path: str,
        /,
        *handlers: AnyHandler[PlainContext],
        method: str | None = None,
        metadata: Metadata | None = None,
    ) -> Registration:
        """Handle the questions whose path matches."""
        return self.register(path, method, handlers, metadata=metadata)

    def public_bind(
        self,
        path: str,
        /,
        *handlers: AnyHandler[PlainContext],
        method: str | None = None,
        metadata: Metadata | None = None,
    ) -> Registration:
        """Do as `bind`, and list the route."""
        return self.register(path, method, handlers, public=True, metadata=metadata)

    async def ask(self, path: str, method: str | None = None) -> PlainContext:
        """Walk the routes of a path; return the context, whose chain is over."""
        ctx = PlainContext(path)
        try:
            await ctx.run(self.table.find(path, method))
        finally:
            ctx.end()
        return ctx


class Guest(Embedding):
    """A router of another protocol that lives in this one's chain."""

    def __init__(self, router: PlainRouter) -> None:
        self._router = router

    @property
    def router(self) -> PlainRouter:
        """The router that lives here."""
        return self._router

    async def handle(self, ctx: Any, /) -> None:
        """Let everything pass."""
        await ctx.next()


def links_of(*handlers: Any, **options: Any) -> tuple[Link, ...]:
    """Return the links of handlers without a pattern, in order."""
    return in_order([Link(handler, as_call(handler), **options) for handler in handlers])


def in_order(links: Iterable[Link]) -> tuple[Link, ...]:
    """Number links as a route table does."""
    numbered = tuple(links)
    for order, link in enumerate(numbered):
        link.order = order
    return numbered


async def walk(*handlers: Any, ctx: PlainContext | None = None) -> PlainContext:
    """Run a chain of handlers and return its context, which is still open."""
    ctx = PlainContext() if ctx is None else ctx
    await ctx.run(chain_of(links_of(*handlers)))
    return ctx


def passing(log: list[str], name: str) -> Callable[[Chain], Awaitable[None]]:
    """Return middleware that logs its name, runs the rest and logs that it is back."""

    async def handler(ctx: Chain) -> None:
        log.append(name)
        await ctx.next()
        log.append(f"/{name}")

    return handler


def ending(log: list[str], name: str) -> Callable[[Chain], Awaitable[None]]:
    """Return a handler that logs its name and ends the chain."""

    async def handler(ctx: Chain) -> None:
        del ctx
        log.append(name)

    return handler


class Clock:
    """The event loop's clock, which stands still until a test puts it forward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._loop = asyncio.get_running_loop()
        self._now = self._loop.time()
        monkeypatch.setattr(self._loop, "time", lambda: self._now)

    def advance(self, seconds: float) -> None:
        """Put the clock forward; what is due happens when the loop turns the next time."""
        self._now += seconds


async def settle(turns: int = 10) -> None:
    """Let everything run that can run without an event from outside."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def until(condition: Callable[[], object]) -> None:
    """Let others run until a condition holds."""
    patience = 5 + time.monotonic()
    while not condition():
        assert time.monotonic() < patience, "what was waited for did not come"
        await asyncio.sleep(0)


def names_of(links: Iterable[Link]) -> list[Any]:
    """Return the handlers of links."""
    return [link.handler for link in links]
