"""What is logged of sockets."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from velaros import Context, Error, FieldError, HTTPError, SocketClosed, UnmarshalError
from velaros.logs import log_error, name_running

from .helpers import Peer, json_router, settle


async def logged(error: Exception | None, caplog: pytest.LogCaptureFixture) -> list[Any]:
    """Return level and text of what is logged for an error."""
    caplog.set_level(logging.DEBUG, "velaros")
    router = json_router()

    @router.bind("/x")
    async def _(ctx: Context) -> None:
        ctx.error = error
        log_error(ctx)
        ctx.error = None

    async with Peer(router) as peer:
        peer.push("/x")
        await settle()
    return [(record.levelno, bool(record.exc_info)) for record in caplog.records]


@pytest.mark.parametrize(
    "error",
    [HTTPError(404), Error("no"), FieldError("a", "b"), UnmarshalError(), SocketClosed()],
)
async def test_what_is_not_our_fault_is_told_at_debug_level(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Clients that err, or leave, do not fill the log."""
    assert await logged(error, caplog) == [(logging.DEBUG, False)]


@pytest.mark.parametrize("error", [HTTPError(500), KeyError("x"), TimeoutError()])
async def test_our_own_errors_come_with_their_traceback(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """The record says where it happened."""
    assert await logged(error, caplog) == [(logging.ERROR, True)]
    assert "unhandled error in message '/x' on socket" in caplog.text


async def test_without_an_error_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """There is nothing to say."""
    assert await logged(None, caplog) == []


async def test_names_the_handler_that_runs() -> None:
    """Middleware while it runs, then the handler; nobody before and after."""
    router = json_router()
    names: list[str] = []
    kept: list[Context] = []

    @router.use
    async def guard(ctx: Context) -> None:
        names.append(name_running(ctx))
        await ctx.next()

    @router.bind("/x")
    async def handler(ctx: Context) -> None:
        await asyncio.sleep(0)
        names.append(name_running(ctx))
        kept.append(ctx)

    async with Peer(router) as peer:
        peer.push("/x")
        await settle()
    assert [name.rpartition(".")[2] for name in names] == ["guard", "handler"]
    assert name_running(kept[0]) == "a handler"
    assert callable(guard)
    assert callable(handler)
