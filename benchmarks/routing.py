"""What finding a route costs, by the number of routes: `python benchmarks/routing.py`.

For 10, 100, 1,000 and 5,000 routes: the last static route, the last route with a parameter, and a
path without a route. Measured are the look-up alone, on both routers, and the whole ASGI call of an
HTTP request. Numbers are microseconds of CPU time, the best of many rounds that take turns, and
beside them the ratio to 10 routes. The last line says whether the bound on the ratio holds; the
exit status is 1 when it does not.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from typing import TYPE_CHECKING, Any

import navaros
import velaros

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from aros_core.asgi.types import Event

    Measured = Callable[[], Awaitable[object]]

SIZES = (10, 100, 1000, 5000)
BOUND = 1.5
ROUNDS = 200
CALLS = 100


async def handler(ctx: Any) -> str:
    """Answer with next to nothing, so that the routing shows."""
    del ctx
    return "ok"


async def middleware(ctx: Any) -> None:
    """Let everything pass."""
    await ctx.next()


def make_router(kind: type[Any], verb: str, size: int) -> Any:
    """Return a router with middleware and this many routes, half of them with a parameter."""
    router = kind()
    router.use(middleware)
    register = getattr(router, verb)
    for number in range(size // 2):
        register(f"/api/r{number}/list", handler)
        register(f"/api/r{number}/items/:id", handler)
    return router


def paths_of(size: int) -> dict[str, str]:
    """Return what is asked for: the last routes of each kind, and none."""
    last = size // 2 - 1
    return {
        "static": f"/api/r{last}/list",
        "parameter": f"/api/r{last}/items/12345",
        "no route": f"/api/r{last}/nothing/here",
    }


def look_up(router: Any, path: str, method: str | None) -> Measured:
    """Return a call that finds the links of a path."""
    find = router.table.find

    async def call() -> None:
        find(path, method)

    return call


def request(app: navaros.Router, path: str) -> Measured:
    """Return a call that makes a whole HTTP request."""
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }

    async def receive() -> Event:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(event: Event) -> None:
        del event

    async def call() -> None:
        await app(dict(scope), receive, send)

    return call


async def nothing() -> None:
    """Cost as much as measuring does."""


async def best_times(calls: Sequence[Measured]) -> list[float]:
    """Return the least CPU time of each call in microseconds; the rounds take turns."""
    best = [float("inf")] * (len(calls) + 1)
    for _ in range(ROUNDS):
        for index, call in enumerate([*calls, nothing]):
            started = time.process_time_ns()
            for _ in range(CALLS):
                await call()
            best[index] = min(best[index], (time.process_time_ns() - started) / CALLS / 1000)
    return [seconds - best[-1] for seconds in best[:-1]]


def build_time(kind: type[Any], verb: str) -> float:
    """Return the least CPU time in seconds that a router of the largest size takes to be ready."""
    times: list[float] = []
    for _ in range(3):
        started = time.process_time()
        _ = make_router(kind, verb, SIZES[-1]).table
        times.append(time.process_time() - started)
    return min(times)


async def measure(title: str, calls_of: Callable[[int], dict[str, Measured]]) -> float:
    """Print a table of times and ratios; return the worst ratio."""
    made = [calls_of(size) for size in SIZES]
    names = list(made[0])
    times = await best_times([calls[name] for calls in made for name in names])
    print(f"\n{title:<28}" + "".join(f"{name:>22}" for name in names))
    worst = 0.0
    for row, size in enumerate(SIZES):
        cells: list[str] = []
        for column in range(len(names)):
            ratio = times[row * len(names) + column] / times[column]
            worst = max(worst, ratio)
            cells.append(f"{times[row * len(names) + column]:>13.2f} us {ratio:>4.2f}x")
        print(f"{size:>22,} routes" + "".join(f"{cell:>22}" for cell in cells))
    return worst


async def main() -> int:
    """Measure everything; return the exit status."""
    logging.disable()
    kinds = [("navaros", navaros.Router, "get", "GET"), ("velaros", velaros.Router, "bind", None)]
    routers = {
        name: {size: make_router(kind, verb, size) for size in SIZES}
        for name, kind, verb, _ in kinds
    }
    worst = 0.0
    for name, kind, verb, method in kinds:
        print(f"{name}: {SIZES[-1]:,} routes are ready after {build_time(kind, verb):.2f} s of CPU")

        def look_ups(size: int, name: str = name, method: str | None = method) -> Any:
            router = routers[name][size]
            paths = paths_of(size)
            return {what: look_up(router, path, method) for what, path in paths.items()}

        worst = max(worst, await measure(f"{name}: look-up", look_ups))

    def requests(size: int) -> dict[str, Measured]:
        app = routers["navaros"][size]
        return {what: request(app, path) for what, path in paths_of(size).items()}

    worst = max(worst, await measure("navaros: whole request", requests))
    holds = worst <= BOUND
    verdict = "holds" if holds else "does NOT hold"
    print(f"\nThe worst ratio to {SIZES[0]} routes is {worst:.2f}; the bound of {BOUND} {verdict}.")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
