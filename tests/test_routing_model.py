"""Random trees of routers run what a naive model runs: every entry tried in order, nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .routing_sides import SIDES, Side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aros_core import Context

    Log: TypeAlias = list[tuple[str, str, dict[str, str]]]


# What is registered


@dataclass(frozen=True)
class Chunk:
    """A chunk of a pattern: how it is written without name and modifier, and what it matches."""

    source: str
    body: str
    name: str | None
    """An empty one is replaced by one of its own."""
    modifier: str = ""

    @property
    def text(self) -> str:
        """The chunk as it is written."""
        return ("" if self.name is None else f":{self.name}") + self.source + self.modifier


@dataclass
class Entry:
    """A handler, middleware, a wrap or a mounted router: what its `kind` says."""

    kind: str
    chunks: tuple[Chunk, ...] | None
    ends: bool = False
    entries: list[Entry] = field(default_factory=list["Entry"])
    name: str = ""


_CHUNKS = [
    *(Chunk("a", "a", None), Chunk("b", "b", None), Chunk("*", "[^/]+", None)),
    *(Chunk(r"(\d|b)", r"\d|b", None), Chunk("", "[^/]+", ""), Chunk("", "[^/]+", "")),
    *(Chunk(r"(\d)", r"\d", ""), Chunk("(a|1)", "a|1", "")),
]
_RARELY = st.sampled_from([False] * 5 + [True])


def chunks(modifiers: str, most: int) -> st.SearchStrategy[tuple[Chunk, ...]]:
    """Return the strategy of paths of chunks with these modifiers or without one."""
    signs = st.sampled_from(["", "", *modifiers])
    chunk = st.sampled_from(_CHUNKS).flatmap(
        lambda chunk: signs.map(lambda sign: replace(chunk, modifier=sign))
    )
    return st.lists(chunk, max_size=most).map(tuple)


routes = st.builds(Entry, st.just("route"), chunks("?*+", 4), st.booleans())
middleware = st.builds(Entry, st.just("middleware"), st.none() | chunks("?*+", 3), _RARELY)
wraps = st.builds(Entry, st.just("wrap"), st.none(), _RARELY)


def trees(depth: int) -> st.SearchStrategy[list[Entry]]:
    """Return what a router holds, with routers in it down to a depth."""
    kinds = [routes, routes, middleware, wraps]
    if depth:
        mounted = st.deferred(lambda: trees(depth - 1))
        path = st.none() | chunks("?", 2)
        kinds.append(st.builds(Entry, st.just("mount"), path, st.just(False), mounted))
    return st.lists(st.one_of(kinds), max_size=5)


paths = st.one_of(
    st.lists(st.sampled_from(["a", "b", "1"]), max_size=5).map(lambda parts: "/" + "/".join(parts)),
    st.lists(st.sampled_from(["/", "/a", "/b", "/1", "//", "a"]), max_size=5).map("".join),
)


def text_of(entry_chunks: tuple[Chunk, ...]) -> str:
    """Write a pattern."""
    return "/" + "/".join(chunk.text for chunk in entry_chunks)


# The router


def build(side: Side, entries: list[Entry], log: Log) -> Any:
    """Register what was drawn; every handler logs its name and what it sees."""
    router = side.router()
    for entry in entries:
        if entry.kind == "mount":
            mounted = build(side, entry.entries, log)
            router.use(*_path(entry), mounted)
        else:
            handler = logging_handler(entry, log)
            if entry.kind == "route":
                side.bind(router, *_path(entry), handler)
            elif entry.kind == "wrap":
                router.wrap(handler)
            else:
                router.use(*_path(entry), handler)
    return router


def _path(entry: Entry) -> tuple[str, ...]:
    return () if entry.chunks is None else (text_of(entry.chunks),)


def logging_handler(entry: Entry, log: Log) -> Any:
    """Return a handler that logs, before and after the rest unless it ends the chain."""

    async def handler(ctx: Context) -> None:
        log.append((entry.name, ctx.pattern, dict(ctx.params)))
        if not entry.ends:
            await ctx.next()
            log.append((f"/{entry.name}", ctx.pattern, dict(ctx.params)))

    return handler


# The model


def steps(entries: list[Entry], prefix: tuple[Chunk, ...], around: list[Entry]) -> Iterator[Any]:
    """Yield the handlers in order, each with its full chunks, whether it covers all, its wraps."""
    around = list(around)
    for entry in entries:
        full = (*prefix, *(entry.chunks or ()))
        if entry.kind == "wrap":
            around.append(entry)
        elif entry.kind == "mount":
            yield from steps(entry.entries, full, around)
        else:
            covers = entry.kind == "middleware"
            pathless = entry.chunks is None and not prefix
            if covers and full and full[-1].text == "**":
                full = full[:-1]
            for handler in (*around, entry):
                yield handler, None if pathless else full, covers


def share(some: tuple[Chunk, ...], segments: list[str], *, covers: bool) -> dict[str, str] | None:
    """Try all ways for chunks to share segments, the longest first; return what is captured."""
    if not some:
        return {} if covers or not segments else None
    chunk, *rest = some
    most = len(segments) if chunk.modifier in {"*", "+"} else min(1, len(segments))
    for taken in range(most, -1 if chunk.modifier in {"?", "*"} else 0, -1):
        if all(re.fullmatch(chunk.body, segment) for segment in segments[:taken]):
            captured = share(tuple(rest), segments[taken:], covers=covers)
            if captured is not None:
                own = {chunk.name: "/".join(segments[:taken])} if chunk.name else {}
                return own | captured
    return None


def expected(entries: list[Entry], path: str) -> Log:
    """Say what is logged for a path, by trying everything."""
    log: Log = []
    returns: Log = []
    segments = path.split("/")[1:]
    if segments and not segments[-1]:
        segments.pop()
    for handler, full, covers in steps(entries, (), []):
        if full is None:
            text, params = "", {}
        elif path and path[0] != "/":
            continue
        else:
            params = share(full, segments, covers=covers)
            text = text_of(full).rstrip("/") + "/**" if covers else text_of(full)
            if params is None:
                continue
        log.append((handler.name, text, params))
        if handler.ends:
            break
        returns.insert(0, (f"/{handler.name}", text, params))
    return log + returns


def name_all(entries: list[Entry], numbers: Iterator[int]) -> None:
    """Give every entry and every parameter a name of its own."""
    for entry in entries:
        entry.name = f"{entry.kind} {next(numbers)}"
        entry.chunks = entry.chunks and tuple(
            chunk if chunk.name is None else replace(chunk, name=f"p{next(numbers)}")
            for chunk in entry.chunks
        )
        name_all(entry.entries, numbers)


@pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)
@settings(max_examples=150)
@given(trees(2), st.lists(paths, min_size=1, max_size=4))
async def test_a_tree_of_routers_runs_what_the_model_runs(
    side: Side, entries: list[Entry], asked: list[str]
) -> None:
    """The same handlers in the same order, with the same patterns and params, there and back."""
    name_all(entries, count())
    log: Log = []
    router = build(side, entries, log)
    for path in [*asked, asked[0]]:
        log.clear()
        context = await side.ask(router, path)
        assert context.error is None
        assert log == expected(entries, path)
