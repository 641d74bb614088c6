"""What an answer costs does not grow with the number of routes: counted in lines, not in time."""

from __future__ import annotations

import asyncio
import json
import sys
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import aros_core
import navaros
import velaros
from velaros.transports.memory import MemoryConnection

from .routing_sides import SIDES, Side

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import FrameType

    from aros_core.asgi.types import Event, Scope

SOURCES = tuple(str(Path(str(module.__file__)).parent) for module in (aros_core, navaros, velaros))
SMALL, LARGE = 10, 5000

CASES = {
    "last static": ("/r{last}/list", "/r{last}/list"),
    "last parameter": ("/r{last}/x", "/r{last}/:id"),
    "last constraint": ("/r{last}/7/items/8", r"/r{last}/:id(\d+)/items/:item"),
    "last greedy": ("/r{last}/files/a/b/c", "/r{last}/files/**"),
    "last mounted": ("/mounted/r{last}/x", "/mounted/r{last}/:id"),
    "nothing": ("/nowhere", None),
    "nothing below": ("/r{last}/list/x/y", None),
    "constraint that does not fit": ("/r{last}/x/items/8", None),
    "empty segments": ("/r{last}//list", None),
}
"""What is asked for, and the pattern that is found."""


async def lines_of(call: Callable[[], Awaitable[Any]]) -> tuple[int, Any]:
    """Count the lines of our packages that run until a call returns; return its result as well."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        del argument
        if not frame.f_code.co_filename.startswith(SOURCES):
            return None
        count += event == "line"
        return trace

    tracing = sys.gettrace()
    sys.settrace(trace)
    try:
        result = await call()
    finally:
        sys.settrace(tracing)
    return count, result


async def middleware(ctx: aros_core.Context) -> None:
    """Go on."""
    await ctx.next()


async def handler(ctx: aros_core.Context) -> str:
    """Answer with the pattern that was found."""
    return ctx.pattern


def fill(router: Any, verb: str, size: int) -> None:
    """Register middleware and this many routes of five kinds, one of them mounted."""
    mounted = type(router)()
    router.use(middleware)
    router.use("/r0", middleware)
    router.use("/mounted", mounted)
    bind = getattr(router, verb)
    for number in range(size // 5):
        bind(f"/r{number}/list", handler)
        bind(f"/r{number}/:id", handler)
        bind(rf"/r{number}/:id(\d+)/items/:item", handler)
        bind(f"/r{number}/files/**", handler)
        getattr(mounted, verb)(f"/r{number}/:id", handler)


def of_last(text: str, size: int) -> str:
    """Fill in the number of the last routes that were registered."""
    return text.replace("{last}", str(size // 5 - 1))


@cache
def http_router(size: int) -> navaros.Router:
    """Return a router of this many routes, which all tests share."""
    router = navaros.Router()
    fill(router, "get", size)
    return router


@cache
def message_router(size: int) -> velaros.Router:
    """Return a router of this many routes, which all tests share."""
    router = velaros.Router()
    router.use(velaros.middleware.json())
    fill(router, "bind", size)
    return router


async def request(router: navaros.Router, path: str, method: str) -> Any:
    """Make a request as a server does; return the status and the body."""
    events: list[Event] = []
    scope: Scope = {"type": "http", "method": method, "path": path, "headers": []}

    async def receive() -> Event:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(event: Event) -> None:
        events.append(event)

    await router(scope, receive, send)
    return events[0]["status"], events[-1].get("body")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "BREW"])
@pytest.mark.parametrize("case", CASES)
async def test_a_request_costs_the_same_with_10_and_5_000_routes(case: str, method: str) -> None:
    """Whatever it finds: a route, the routes of another method, or nothing."""
    path, pattern = CASES[case]
    costs: list[int] = []
    for size in (SMALL, LARGE):
        ask = partial(request, http_router(size), of_last(path, size), method)
        await ask()
        cost, (status, body) = await lines_of(ask)
        costs.append(cost)
        found = {"GET": 200, "HEAD": 200, "OPTIONS": 204}.get(method, 405)
        assert status == (404 if pattern is None else found)
        if method == "GET" and pattern is not None:
            assert body == of_last(pattern, size).encode()
    assert 0 < costs[0] == costs[1]


@pytest.mark.parametrize("case", CASES)
async def test_a_message_costs_the_same_with_10_and_5_000_routes(case: str) -> None:
    """From the moment it arrives to the moment its answer was sent."""
    path, pattern = CASES[case]
    costs: list[int] = []
    for size in (SMALL, LARGE):
        ours, theirs = MemoryConnection.pair()
        message = json.dumps({"path": of_last(path, size), "id": 1})

        async def ask(ours: MemoryConnection = ours, message: str = message) -> Any:
            await ours.send(message)
            return json.loads(await ours.receive())["data"]

        info = velaros.ConnectionInfo(None, {})
        session = asyncio.create_task(message_router(size).handle_connection(info, theirs))
        await ask()
        cost, answer = await lines_of(ask)
        costs.append(cost)
        missing = {"error": "not found"}
        assert answer == (missing if pattern is None else {"message": of_last(pattern, size)})
        await ours.close(1000, "")
        await session
    assert 0 < costs[0] == costs[1]


@pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)
async def test_registering_costs_the_same_beside_10_and_5_000_routes(side: Side) -> None:
    """Also on a router that is mounted, where names of its parents are taken."""
    costs: list[int] = []
    for size in (SMALL, LARGE):
        router, mounted = side.router(), side.router()
        router.use("/tenants/:tenant", mounted)
        fill(router, side.verb, size)
        fill(mounted, side.verb, size)

        async def register(mounted: Any = mounted) -> None:
            side.bind(mounted, "/users/:user", handler)

        await register()
        costs.append((await lines_of(register))[0])
    assert 0 < costs[0] == costs[1]
