"""Kinds of handlers, their threads and their deadlines, shown on both routers by the same tests."""

from __future__ import annotations

import asyncio
import functools
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from aros_core import ContextClosedError

from .routing_sides import PATIENCE, SIDES, Side, ending, settle

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aros_core import Context

pytestmark = pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)

USER: ContextVar[str] = ContextVar("user", default="nobody")


# Kinds of handlers


def kinds_of_handlers(log: list[Any]) -> list[Any]:
    """Return a handler of every kind; each logs once and goes on."""

    async def coroutine(ctx: Context, note: str = "coroutine") -> None:
        log.append(note)
        await ctx.next()

    def plain(ctx: Context, note: str = "plain") -> None:
        assert threading.current_thread() is not threading.main_thread()
        log.append(note)
        ctx.wait(ctx.next())

    def awaitable(ctx: Context) -> Awaitable[None]:
        return coroutine(ctx, "awaitable")

    class Handlers:
        async def __call__(self, ctx: Context) -> None:
            await coroutine(ctx, "callable")

        async def method(self, ctx: Context) -> None:
            await coroutine(ctx, "method")

        def plain_method(self, ctx: Context) -> None:
            plain(ctx, "plain method")

    class Handler:
        async def handle(self, ctx: Context) -> None:
            await coroutine(ctx, "handle")

    class PlainHandler:
        def handle(self, ctx: Context) -> None:
            plain(ctx, "plain handle")

    class Transformer:
        async def transform_request(self, ctx: Context) -> None:
            del ctx
            log.append("transformer")

        async def transform_response(self, ctx: Context) -> None:
            pass

    async def annotated(ctx: int, other: str = "x") -> dict[str, int] | None:
        untyped: Any = ctx
        await coroutine(untyped, f"annotated {other}")

    return [
        coroutine,
        plain,
        awaitable,
        Handlers(),
        Handlers().method,
        Handlers().plain_method,
        Handler(),
        PlainHandler(),
        Transformer(),
        functools.partial(coroutine, note="partial"),
        functools.partial(plain, note="plain partial"),
        annotated,
    ]


async def test_every_kind_of_handler_runs_and_goes_on(side: Side) -> None:
    """As middleware and in routes; annotations decide nothing."""
    names = [
        *("coroutine", "plain", "awaitable", "callable", "method", "plain method", "handle"),
        *("plain handle", "transformer", "partial", "plain partial", "annotated x"),
    ]
    log: list[str] = []
    router = side.router()
    router.use(*kinds_of_handlers(log))
    side.bind(router, "/", *kinds_of_handlers(log))
    ctx = await side.ask(router)
    assert ctx.error is None
    assert log == names * 2


def takes_nothing() -> None:
    """Take not even the context."""


def takes_two(ctx: Context, other: int) -> None:
    """Take more than the context."""


def takes_named(ctx: Context, *, other: int) -> None:
    """Take more than the context by name."""


@pytest.mark.parametrize("handler", [takes_nothing, takes_two, takes_named])
def test_a_function_that_cannot_take_just_the_context_is_refused(side: Side, handler: Any) -> None:
    """At registration, with its signature."""
    router = side.router()
    with pytest.raises(TypeError, match="cannot be called with the context alone"):
        side.bind(router, "/", handler)


# Threads


async def test_plain_functions_see_context_variables_and_wait(side: Side) -> None:
    """Those that were set before; and what they wait for gives its result."""
    log: list[Any] = []
    router = side.router()

    @router.use
    async def identify(ctx: Context) -> None:
        USER.set("ada")
        await ctx.next()

    async def double(number: int) -> int:
        await asyncio.sleep(0)
        return number * 2

    def handler(ctx: Context) -> None:
        log.extend([USER.get(), ctx.wait(double(21))])

    side.bind(router, "/", handler)
    ctx = await side.ask(router)
    assert ctx.error is None
    assert log == ["ada", 42]
    assert USER.get() == "nobody"
    assert identify.__name__ == "identify"


async def test_wait_is_for_plain_functions_only(side: Side) -> None:
    """On the event loop it would wait for itself."""
    router = side.router()

    async def handler(ctx: Context) -> None:
        with pytest.raises(RuntimeError, match="use await"):
            ctx.wait(ctx.next())

    side.bind(router, "/", handler)
    assert (await side.ask(router)).error is None


async def test_more_plain_functions_than_threads(side: Side) -> None:
    """Those that wait for each other through `next()` never block one another for good."""
    log: list[str] = []
    router = side.router()

    def plain(ctx: Context) -> None:
        ctx.wait(ctx.next())

    async def rest(ctx: Context) -> None:
        del ctx
        log.append("rest")

    router.use(plain, plain, plain)
    side.bind(router, "/", rest)
    async with asyncio.timeout(PATIENCE * 4):
        contexts = await asyncio.gather(*(side.ask(router) for _ in range(60)))
    assert [ctx.error for ctx in contexts] == [None] * 60
    assert log == ["rest"] * 60


async def test_a_threads_next_wait_raises_when_its_time_is_up(side: Side) -> None:
    """A thread cannot be cancelled; it hears of it when it waits."""
    log: list[str] = []
    gate, over = threading.Event(), threading.Event()
    router = side.router()

    @router.use
    async def watch(ctx: Context) -> None:
        await ctx.next()
        log.append(type(ctx.error).__name__)
        gate.set()

    def handler(ctx: Context) -> None:
        ctx.set_timeout(0)
        gate.wait(PATIENCE)
        try:
            ctx.wait(asyncio.sleep(0))
        except ContextClosedError:
            log.append("refused")
        finally:
            over.set()

    side.bind(router, "/", handler)
    await side.ask(router)
    assert await asyncio.to_thread(over.wait, PATIENCE)
    assert log == ["DeadlineExceeded", "refused"]
    assert watch.__name__ == "watch"


# Deadlines


async def forever(ctx: Context) -> None:
    """Wait for what never comes."""
    del ctx
    await asyncio.Event().wait()


def limited(log: list[Any], seconds: float) -> Callable[[Context], Awaitable[None]]:
    """Return middleware with a deadline that goes on after it."""

    async def handler(ctx: Context) -> None:
        ctx.set_timeout(seconds)
        await ctx.next()
        await settle()
        log.append((seconds, isinstance(ctx.error, TimeoutError)))

    return handler


async def test_a_deadline_cancels_the_rest(side: Side) -> None:
    """The middleware that set it goes on, and so do those before it."""
    log: list[Any] = []
    router = side.router()
    router.use(limited(log, 60), limited(log, 0.01))
    side.bind(router, "/", forever)
    ctx = await side.ask(router)
    assert isinstance(ctx.error, TimeoutError)
    assert log == [(0.01, True), (60, True)]


async def test_an_outer_deadline_cancels_the_inner_handlers(side: Side) -> None:
    """Those are cancelled; what set it goes on."""
    log: list[Any] = []
    router = side.router()
    router.use(limited(log, 0.01), limited(log, 60))
    side.bind(router, "/", forever)
    assert isinstance((await side.ask(router)).error, TimeoutError)
    assert log == [(0.01, True)]


async def test_a_handler_can_limit_itself(side: Side) -> None:
    """Where `next()` runs nothing, the handler itself is cancelled."""
    router = side.router()

    async def handler(ctx: Context) -> None:
        ctx.set_timeout(0)
        await forever(ctx)

    side.bind(router, "/", handler)
    assert isinstance((await side.ask(router)).error, TimeoutError)


async def test_a_deadline_that_does_not_pass_changes_nothing(side: Side) -> None:
    """It is over when `next()` returns."""
    log: list[Any] = []
    router = side.router()
    router.use(limited(log, 60))
    side.bind(router, "/", ending([], "fast"))
    assert (await side.ask(router)).error is None
    assert log == [(60, False)]
