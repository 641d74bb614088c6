"""The walk through handlers: order, errors, answers, rerouting and the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aros_core import ContextClosedError, Pattern
from aros_core.chain import Chain
from aros_core.steps import Link, chain_of

from .helpers import PlainContext, ending, in_order, links_of, passing, until, walk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


# Order


async def test_handlers_run_in_order_and_return_in_reverse() -> None:
    """Each handler's `next()` returns when everything after it is done."""
    log: list[str] = []
    await walk(passing(log, "a"), passing(log, "b"), ending(log, "c"))
    assert log == ["a", "b", "c", "/b", "/a"]


async def test_a_handler_that_does_not_call_next_ends_the_chain() -> None:
    """Nothing behind it runs."""
    log: list[str] = []
    await walk(passing(log, "a"), ending(log, "b"), ending(log, "c"))
    assert log == ["a", "b", "/a"]


# Errors


async def test_an_error_is_stored_and_next_returns() -> None:
    """The handler before the one that failed looks at `ctx.error` after `next()`."""
    log: list[str] = []
    failure = ValueError("broken")
    seen: list[Exception | None] = []

    async def watcher(ctx: Chain) -> None:
        await ctx.next()
        seen.append(ctx.error)

    async def failing(ctx: Chain) -> None:
        del ctx
        raise failure

    ctx = await walk(watcher, failing, ending(log, "never"))
    assert seen == [failure]
    assert ctx.error is failure
    assert log == []


async def test_an_error_in_between_ends_its_own_chain_only() -> None:
    """What runs before it goes on after its `next()`."""
    log: list[str] = []

    async def failing(ctx: Chain) -> None:
        await ctx.next()
        raise ValueError

    ctx = await walk(passing(log, "a"), failing, ending(log, "b"))
    assert log == ["a", "b", "/a"]
    assert isinstance(ctx.error, ValueError)


async def test_an_error_shows_the_one_whose_place_it_takes() -> None:
    """As in Python itself, so that the first one is not lost; raising it again changes nothing."""

    async def again(ctx: Chain) -> None:
        await ctx.next()
        ctx.raise_for_error()

    async def failing_too(ctx: Chain) -> None:
        await ctx.next()
        raise KeyError("second")

    async def failing(ctx: Chain) -> None:
        del ctx
        raise ValueError("first")

    ctx = await walk(again, failing_too, again, failing)
    assert isinstance(ctx.error, KeyError)
    assert isinstance(ctx.error.__context__, ValueError)
    assert ctx.error.__context__.__context__ is None
    assert ctx.error_stack.index("ValueError: first") < ctx.error_stack.index("KeyError: 'second'")


async def test_while_an_error_is_set_next_runs_nothing() -> None:
    """An error that was set by hand stops the chain like one that was raised."""
    log: list[str] = []

    async def failing(ctx: Chain) -> None:
        ctx.error = ValueError("by hand")
        await ctx.next()
        log.append("back")

    ctx = await walk(failing, ending(log, "never"))
    assert log == ["back"]
    assert ctx.error_stack == "ValueError: by hand\n"


async def test_an_error_can_be_handled() -> None:
    """`None` marks it as handled, and then there is no stack."""

    async def handling(ctx: Chain) -> None:
        await ctx.next()
        assert "in failing" in ctx.error_stack
        assert ctx.error_stack.endswith("ValueError: broken\n")
        ctx.error = None

    async def failing(ctx: Chain) -> None:
        del ctx
        raise ValueError("broken")

    ctx = await walk(handling, failing)
    assert ctx.error is None
    assert ctx.error_stack == ""


async def test_raise_for_error_raises_the_error_again() -> None:
    """Middleware that must see the exception gets it, and it is the chain's error again."""
    log: list[str] = []
    failure = ValueError()

    async def transaction(ctx: Chain) -> None:
        try:
            await ctx.next()
            ctx.raise_for_error()
            log.append("commit")
        except ValueError:
            log.append("rollback")
            raise

    async def failing(ctx: Chain) -> None:
        del ctx
        raise failure

    assert (await walk(transaction, failing)).error is failure
    assert (await walk(transaction)).error is None
    assert log == ["rollback", "commit"]


async def test_cancellation_is_no_error() -> None:
    """It goes through the whole chain and out."""
    log: list[str] = []
    ctx = PlainContext()

    async def waiting(ctx: Chain) -> None:
        del ctx
        log.append("waits")
        await asyncio.Event().wait()

    task = asyncio.create_task(walk(passing(log, "a"), waiting, ctx=ctx))
    await until(lambda: len(log) == 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["a", "waits"]
    assert ctx.error is None


async def test_what_ends_the_program_is_not_stored() -> None:
    """Only an `Exception` is."""

    async def leaving(ctx: Chain) -> None:
        del ctx
        raise KeyboardInterrupt

    ctx = PlainContext()
    with pytest.raises(KeyboardInterrupt):
        await walk(leaving, ctx=ctx)
    assert ctx.error is None


# Answers


async def test_what_a_handler_returns_is_its_answer() -> None:
    """Everything but `None` is; an error in taking it is the chain's error."""

    async def returning(ctx: Chain) -> int:
        await ctx.next()
        return 0

    async def silent(ctx: Chain) -> None:
        del ctx

    assert (await walk(returning, silent)).answers == [0]


async def test_the_bare_chain_takes_no_answers() -> None:
    """A protocol says what an answer is; without one it is an error that says so."""

    async def returning(ctx: Chain) -> int:
        del ctx
        return 1

    async def streaming(ctx: Chain) -> AsyncIterator[int]:
        del ctx
        yield 1

    for handler, match in ((returning, "a returned int"), (streaming, "the items of .*streaming")):
        chain = Chain()
        await chain.run(chain_of(links_of(handler)))
        with pytest.raises(TypeError, match=match):
            chain.raise_for_error()


async def test_an_async_generator_cannot_call_next() -> None:
    """It streams its answer, so the chain ends there."""
    log: list[str] = []

    async def streaming(ctx: Chain) -> AsyncIterator[int]:
        yield 1
        await ctx.next()
        yield 2

    ctx = await walk(streaming, ending(log, "never"))
    assert ctx.answers == [1]
    assert log == []
    with pytest.raises(RuntimeError, match="an async generator cannot call next"):
        ctx.raise_for_error()


# What the running handler sees


def at(pattern: str | None, handler: Any, *, middleware: bool = False, wrapped: Any = None) -> Link:
    """Return the link of a handler under a pattern."""
    compiled = None if pattern is None else Pattern(pattern)
    return Link(handler, handler, pattern=compiled, middleware=middleware, wrapped=wrapped)


async def test_pattern_and_params_are_those_of_the_running_handler() -> None:
    """After `next()` a handler sees its own again."""
    seen: list[tuple[str, dict[str, str]]] = []

    async def look(ctx: Chain) -> None:
        seen.append((ctx.pattern, dict(ctx.params)))
        await ctx.next()
        seen.append((ctx.pattern, dict(ctx.params)))

    ctx = PlainContext("/users/7")
    links = [
        at(None, look, middleware=True),
        at("/:kind/**", look, middleware=True),
        at("/users/:id", look),
    ]
    await ctx.run(chain_of(in_order(links)))
    inner = [("/users/:id", {"id": "7"})] * 2
    middle = ("/:kind/**", {"kind": "users"})
    assert seen == [("", {}), middle, *inner, middle, ("", {})]
    assert (ctx.pattern, dict(ctx.params), ctx.wrapped_handler, ctx.running) == ("", {}, None, None)


# Rerouting


async def test_a_new_path_counts_for_the_handlers_behind() -> None:
    """They are matched against it; those that ran before keep their own params."""
    seen: list[tuple[str, dict[str, str]]] = []

    async def look(ctx: Chain) -> None:
        seen.append((ctx.pattern, dict(ctx.params)))
        await ctx.next()
        seen.append((ctx.pattern, dict(ctx.params)))

    async def rename(ctx: Chain) -> None:
        chain = chain_of([links[0], links[1], links[3]])
        ctx.reroute("/b/2", chain)
        ctx.reroute("/b/3", chain)
        await look(ctx)

    links = in_order(
        [
            at("/a/:x/**", look, middleware=True),
            at("/:w/**", rename, middleware=True),
            at("/a/:y", look),
            at("/b/:z", look),
        ]
    )
    ctx = PlainContext("/a/1")
    await ctx.run(chain_of(links[:3]))
    first, renaming = ("/a/:x/**", {"x": "1"}), ("/:w/**", {"w": "a"})
    second = ("/b/:z", {"z": "3"})
    assert seen == [first, renaming, second, second, renaming, first]
    assert ctx.path == "/b/3"


async def test_a_new_path_after_next_runs_nothing() -> None:
    """The rest has run; it does not run again for the new path."""
    log: list[str] = []

    async def rename(ctx: Chain) -> None:
        await ctx.next()
        ctx.reroute("/b", chain)
        with pytest.raises(RuntimeError):
            await ctx.next()

    chain = chain_of(links_of(rename, ending(log, "once")))
    ctx = PlainContext("/a")
    await ctx.run(chain)
    assert log == ["once"]
    assert ctx.error is None


async def test_a_new_path_before_the_walk() -> None:
    """Nothing runs yet, so everything is matched against it."""
    ctx = PlainContext("/a")
    ctx.reroute("/b", chain_of(links_of(ending([], "new"))))
    assert (ctx.path, ctx.pattern, dict(ctx.params)) == ("/b", "", {})


# The end


async def test_after_the_end_nothing_runs() -> None:
    """Who kept the context gets an error that says what to do."""
    log: list[str] = []
    kept: list[Chain] = []

    async def keeping(ctx: Chain) -> None:
        kept.append(ctx)

    ctx = await walk(keeping, ending(log, "never"))
    assert not ctx.is_ended
    ctx.end()
    assert ctx.is_ended
    with pytest.raises(ContextClosedError, match="before they return"):
        await ctx.next()
    for use in (ctx.require_open, lambda: ctx.set_timeout(1)):
        with pytest.raises(ContextClosedError, match="before they return"):
            use()
    assert log == []
