"""The base of both contexts: storage, waits from threads, and the facts of the request."""

from __future__ import annotations

import asyncio
from typing import Any, assert_type

import pytest

from aros_core import Context, ContextClosedError, Key

from .helpers import PlainContext, walk

COUNT = Key[int]("count")


def test_values_are_kept_for_this_context_only() -> None:
    """What one sets, another does not see."""
    ctx, other = PlainContext(), PlainContext()
    ctx.set("user", "ada")
    ctx.set(COUNT, 1)
    assert ctx.get("user") == "ada"
    assert ctx.must_get("user") == "ada"
    assert ctx.must_get(COUNT) == 1
    assert other.get("user") is None
    assert other.get(COUNT, 0) == 0


def test_a_missing_value() -> None:
    """`get` gives the default, `must_get` raises an error that names the key, `delete` is fine."""
    ctx = PlainContext()
    ctx.delete("user")
    assert ctx.get("user", "nobody") == "nobody"
    with pytest.raises(KeyError, match="user"):
        ctx.must_get("user")
    with pytest.raises(KeyError, match="count"):
        ctx.must_get(COUNT)


def test_a_deleted_value_is_gone() -> None:
    """Others stay."""
    ctx = PlainContext()
    ctx.set("user", "ada")
    ctx.set(COUNT, 1)
    ctx.delete("user")
    assert ctx.get("user") is None
    assert ctx.get(COUNT) == 1


def test_keys_tell_the_types_of_their_values() -> None:
    """The type checker knows what comes back."""
    ctx = PlainContext()
    ctx.set(COUNT, 1)
    assert_type(ctx.get(COUNT), int | None)
    assert_type(ctx.get(COUNT, "none"), int | str)
    assert_type(ctx.must_get(COUNT), int)
    assert_type(ctx.get("user"), Any)


def test_after_the_end_nothing_can_be_set() -> None:
    """Setting and deleting raise, reading does not."""
    ctx = PlainContext()
    ctx.set("user", "ada")
    ctx.end()
    with pytest.raises(ContextClosedError):
        ctx.set("user", "bob")
    with pytest.raises(ContextClosedError):
        ctx.delete("user")
    with pytest.raises(ContextClosedError):
        ctx.error = ValueError()
    assert ctx.error is None
    assert ctx.get("user") == "ada"


async def test_wait_runs_an_awaitable_for_a_plain_function() -> None:
    """What a coroutine gets with `await`, a plain function gets with `ctx.wait`."""
    log: list[str] = []

    def plain(ctx: Context) -> str:
        log.append(repr(ctx.wait(ctx.unmarshal(str))))
        ctx.wait(ctx.next())
        return f"{log[-1]} and back"

    async def rest(ctx: Context) -> None:
        log.append(f"rest of {ctx.path}")

    ctx = await walk(plain, rest)
    assert log == ["<class 'str'>", "rest of /"]
    assert ctx.answers == ["rest of / and back"]


async def test_plain_functions_wait_through_each_other() -> None:
    """A plain function's `next()` may lead to another one, in a thread of its own."""
    log: list[str] = []

    def plain(ctx: Context) -> None:
        log.append(ctx.pattern)
        ctx.wait(ctx.next())

    ctx = await walk(plain, plain, plain)
    assert ctx.error is None
    assert len(log) == 3


async def test_a_plain_functions_second_next_raises() -> None:
    """As that of a coroutine function does."""
    log: list[str] = []

    def twice(ctx: Context) -> None:
        ctx.wait(ctx.next())
        with pytest.raises(RuntimeError, match="called before"):
            ctx.wait(ctx.next())
        log.append("refused")

    async def rest(ctx: Context) -> None:
        del ctx
        log.append("rest")

    ctx = await walk(twice, rest)
    assert ctx.error is None
    assert log == ["rest", "refused"]


async def test_wait_is_refused_on_the_event_loop() -> None:
    """There it would wait for itself; what it was given is closed, so nothing warns."""
    ctx = PlainContext()
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    for awaitable in (ctx.unmarshal(), future):
        with pytest.raises(RuntimeError, match="in a coroutine, use await"):
            ctx.wait(awaitable)


def test_the_facts_of_the_request_are_there() -> None:
    """Headers, query, cookies, address and state come from the ASGI scope."""
    scope = {
        "headers": [(b"accept", b"text/html"), (b"cookie", b"a=1")],
        "query_string": b"q=x",
        "client": ("192.0.2.1", 5000),
        "state": {"pool": 7},
    }
    ctx = PlainContext("/", scope)
    assert ctx.scope is scope
    assert ctx.request_headers["Accept"] == "text/html"
    assert ctx.query["q"] == "x"
    assert ctx.request_cookies == {"a": "1"}
    assert ctx.remote_address == "192.0.2.1:5000"
    assert ctx.state == {"pool": 7}


async def test_what_each_protocol_adds() -> None:
    """A subclass says when it is done; the base itself knows no payload."""
    ctx = PlainContext()
    assert not ctx.is_done
    await ctx.wait_done()
    ctx.end()
    assert ctx.is_done
