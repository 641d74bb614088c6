"""Paths that are out to cost time or memory: endless ones, ever new ones, and worst cases."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

import navaros
import velaros
from aros_core.patterns import Pattern
from velaros import ConnectionEnded, ConnectionInfo

from .figures import record
from .memory import MB, resident
from .patience import allow
from .scale import scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

FACTOR = 4
"""How many times as long the longer of two paths is."""

MOST_GROWTH = 8
"""Time that is linear grows by 4 then, time that is quadratic by 16; this is between."""

SMALL = 1_000
"""How many segments a path has where the calls are counted one by one."""

MOST_SECONDS = 0.25
"""How many seconds of work a path of the longest length that is let in may cost."""

PATTERNS = {
    "anything": "/**",
    "anything, then a literal": "/**/z",
    "anything many times": "/**/a/**/b/**/a/**/b/**/z",
    "greedy parameters": "/:a*/:b*/:c*/:d*/z",
    "greedy literals": "/a*/a*/a*/a*/a+/z",
    "optionals before as many": "/a?/a?/a?/a?/a?/a?/a?/a?/a/a/a/a/a/a/a/a",
    "an optional before the rest": "/:first?/:rest*/z",
    "greedy constraints": "/:x(a|b)*/:y(b|a)*/:z([ab])*/z",
    "nested repeats": "/:x((a+)+b)+",
    "alternatives of the same": "/:x((a|a)*b)+",
    "a choice remembered for long": "/:x((a|b)*a(a|b){100})+",
    "a look ahead": "/:x((?!z)a*a*b)+",
    "a reference back": r"/:x((a*)\\2b)+".replace(r"\\2", r"\1"),
}
"""Patterns that would go back and try again, did matching ever go back."""

PATHS: dict[str, Callable[[int], str]] = {
    "equal segments": lambda n: "/a" * n,
    "alternating segments": lambda n: "/a/b" * (n // 2),
    "no match at the end": lambda n: "/a" * n + "/y",
    "empty segments": lambda n: "/" * n,
    "one long segment": lambda n: "/" + "a" * n,
    "long segments": lambda n: ("/" + "a" * 250) * (n // 250),
}


def seconds(call: Callable[[], object]) -> float:
    """Return how many seconds of work a call takes, the least of some tries."""
    tries: list[float] = []
    for _ in range(2):
        start = time.process_time()
        call()
        tries.append(time.process_time() - start)
    return min(tries)


def count_calls(call: Callable[[], object]) -> int:
    """Return how many functions are called, in Python and in C, during a call."""
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
    return count


def calls_are_linear(match: Callable[[str], object], make: Callable[[int], str]) -> bool:
    """Tell whether a path that is 4 times as long takes 4 times as many calls at most."""
    shorter, longer = make(SMALL), make(FACTOR * SMALL)
    match(longer)  # What is remembered of the pattern is there from now on.
    return count_calls(lambda: match(longer)) <= FACTOR * count_calls(lambda: match(shorter)) + 50


def growth(match: Callable[[str], object], make: Callable[[int], str], size: int) -> float:
    """Return by what time grows for a path that is 4 times as long, measurable time at that."""
    shorter, longer = make(size // FACTOR), make(size)
    return seconds(lambda: match(longer)) / max(seconds(lambda: match(shorter)), 0.001)


def finder() -> Callable[[str], object]:
    """Return what finds the routes of a path, among those of all the patterns."""
    app = navaros.Router()
    for pattern in PATTERNS.values():
        app.get(pattern, answer)
        app.use(pattern, pass_on)
    return app.table.find


async def answer(ctx: navaros.Context | velaros.Context) -> str:
    """Answer, where a path matches after all."""
    return "found"


async def pass_on(ctx: navaros.Context | velaros.Context) -> None:
    """Do nothing."""
    await ctx.next()


@scaled("size", fast=10_000, full=1_000_000)
def test_endless_paths(size: int) -> None:
    """The time is linear in the path, up to a million segments, whatever pattern meets it."""
    allow(seconds=1800)
    worst = (0.0, "")
    matchers = {name: Pattern(text).match for name, text in PATTERNS.items()}
    for kind, match in {**matchers, "all of them": finder()}.items():
        for shape, make in PATHS.items():
            assert calls_are_linear(match, make), (kind, shape)
            worst = max(worst, (growth(match, make, size), f"{kind}, {shape}"))
    row = f"{size} segments: growth of the time where the path grows by {FACTOR}"
    record(f"{row} ({worst[1]})", worst[0], MOST_GROWTH, "times")


def http_scope(path: str) -> dict[str, Any]:
    """Return the scope of a request."""
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
    }


class Requests:
    """What sends requests to an application, and counts the statuses of the answers."""

    def __init__(self, app: navaros.Router) -> None:
        self._app = app
        self.statuses: dict[int, int] = {}

    async def get(self, path: str) -> int:
        """Send a request, and return the status."""
        statuses: list[int] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request"}

        async def send(event: Any) -> None:
            if event["type"] == "http.response.start":
                statuses.append(event["status"])

        await self._app(http_scope(path), receive, send)
        self.statuses[statuses[0]] = self.statuses.get(statuses[0], 0) + 1
        return statuses[0]


async def test_the_worst_paths_that_are_let_in() -> None:
    """They end in no time; what is longer gets 414."""
    app = navaros.Router()
    for pattern in PATTERNS.values():
        app.get(pattern, pass_on)
    requests = Requests(app)
    slowest = 0.0
    for make in PATHS.values():
        path = make(1020)[:2048]
        start = time.process_time()
        assert await requests.get(path) == 404
        slowest = max(slowest, time.process_time() - start)
        assert await requests.get(path + "/a" * 1024) == 414
    record("the worst paths of 2,048 bytes, all patterns: the longest", slowest, MOST_SECONDS, "s")


def distinct_paths(count: int) -> Iterator[str]:
    """Yield paths that all differ: in one segment, in many, and below known ones."""
    for number in range(count):
        digits = f"{number:06d}"
        yield ("/" + "/".join(digits), f"/{digits}", f"/known/{digits}/a/b", f"/a/{digits}//x")[
            number % 4
        ]


def register_known(router: navaros.Router | velaros.Router) -> None:
    """Give a router some routes and middleware."""
    register = router.get if isinstance(router, navaros.Router) else router.bind
    for pattern in ("/known/:id", "/known/:id/a/b/c", "/a/*/**/z", "/:x(\\d+)/y", "/:a?/:b?/z"):
        register(pattern, answer)
    router.use("/known/:id/**", pass_on)
    router.use("/a", pass_on)


@scaled("count", fast=8_000, full=100_000)
async def test_requests_for_ever_new_paths(count: int) -> None:
    """What is remembered of unknown paths is bounded, over HTTP."""
    app = navaros.Router()
    register_known(app)
    requests = Requests(app)
    for path in distinct_paths(count // 10):
        await requests.get(path)
    gc.collect()
    before = resident(os.getpid())
    for path in distinct_paths(count):
        await requests.get(path)
    gc.collect()
    row = f"{count} distinct unknown paths over HTTP"
    assert requests.statuses == {404: count + count // 10}
    record(f"{row}: memory grown", (resident(os.getpid()) - before) / MB, 2, "MB")


class Asking:
    """A connection whose client asks for one path after another."""

    def __init__(self, paths: Iterator[str]) -> None:
        self._paths = paths
        self.answers = 0

    async def receive(self) -> str:
        """Return the next message."""
        await asyncio.sleep(0)
        for path in self._paths:
            return f'{{"id":1,"path":"{path}"}}'
        await asyncio.sleep(0)
        raise ConnectionEnded(1000)

    async def send(self, message: str | bytes) -> None:
        """Count an answer."""
        assert message == '{"id":1,"data":{"error":"not found"}}'
        self.answers += 1

    async def close(self, status: int, reason: str) -> None:
        """Take the end."""


@scaled("count", fast=8_000, full=100_000)
async def test_messages_for_ever_new_paths(count: int) -> None:
    """What is remembered of unknown paths is bounded, over messages."""
    router = velaros.Router(max_concurrent_messages=1)
    router.use(velaros.middleware.json())
    register_known(router)
    await router.handle_connection(ConnectionInfo(), Asking(distinct_paths(count // 10)))
    gc.collect()
    before = resident(os.getpid())
    asking = Asking(distinct_paths(count))
    await router.handle_connection(ConnectionInfo(), asking)
    gc.collect()
    row = f"{count} distinct unknown paths over messages"
    assert asking.answers >= count - 1
    record(f"{row}: memory grown", (resident(os.getpid()) - before) / MB, 2, "MB")


@pytest.mark.parametrize("name", PATTERNS)
def test_patterns_are_what_their_names_say(name: str) -> None:
    """Each pattern matches something, so that it is not the refusal that is fast."""
    pattern = Pattern(PATTERNS[name])
    some = ("/a/b/a/b/z", "/a/a/a/a/a/a/a/a/z", "/a/a/a/a/a/a/a/a", "/b", "/ab", "/" + "a" * 150)
    assert any(pattern.match(path) is not None for path in some)
