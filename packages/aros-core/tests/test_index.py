"""The route index: the same answers as trying every pattern, at a cost that does not grow."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aros_core import Pattern
from aros_core.routing import index as index_module
from aros_core.routing.index import RouteIndex
from aros_core.routing.mounting import covering
from aros_core.steps import Link

from .helpers import in_order
from .pattern_strategies import odd_paths, paths, patterns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import FrameType


def route(pattern: str) -> Link:
    """Return the link of a route."""
    return Link(pattern, print, pattern=Pattern(pattern))  # pyright: ignore[reportArgumentType]


def middleware(path: str | None) -> Link:
    """Return the link of middleware at a path, `None` for everywhere."""
    pattern = None if path is None else covering(path)
    return Link(path, print, pattern=pattern, middleware=True)  # pyright: ignore[reportArgumentType]


def found(index: RouteIndex, path: str) -> list[Link]:
    """Return what is walked for a path: what the index finds, where the constraints fit."""
    links = index.find(path).links
    return [
        link
        for link in links
        if not link.is_constrained or (link.match and link.match(path) is not None)
    ]


def tried(links: Iterable[Link], path: str) -> list[Link]:
    """Return what is walked for a path by trying every pattern in order."""
    return [link for link in links if link.match is None or link.match(path) is not None]


# Agreement with the naive model

LINKS = st.lists(
    st.one_of(patterns().map(route), patterns().map(middleware), st.just(None).map(middleware)),
    max_size=20,
).map(in_order)
PATHS = st.one_of(paths, odd_paths)


@given(LINKS, st.lists(PATHS, min_size=1), st.sampled_from([None, 0, 1, 3]))
def test_it_finds_what_trying_every_pattern_finds(
    links: Sequence[Link], asked: list[str], limit: int | None
) -> None:
    """The same links in the same order: fresh, warmed up, and when it has to forget."""
    index = RouteIndex(links, limit=limit)
    for path in [*asked, *asked]:
        expected = tried(links, path)
        assert found(index, path) == expected
        assert found(RouteIndex(links), path) == expected


@given(patterns(), PATHS)
def test_a_single_pattern_is_found_where_it_matches(pattern: str, path: str) -> None:
    """As a route and as the path of middleware; what is sure needs no second look."""
    for link in in_order([route(pattern), middleware(pattern)]):
        index = RouteIndex(in_order([link]))
        assert found(index, path) == tried([link], path)
        if not link.is_constrained:
            assert list(index.find(path).links) == tried([link], path)


# Odd paths


@pytest.mark.parametrize("path", ["", "/", "//", "a", "/admin//x", "/administrator", "/admin/"])
def test_middleware_without_a_path_runs_for_everything(path: str) -> None:
    """Whatever the path looks like."""
    links = in_order([middleware(None)])
    assert list(RouteIndex(links).find(path).links) == list(links)


@pytest.mark.parametrize(
    ("path", "covered"),
    [
        *(("/admin", True), ("/admin/", True), ("/admin//", True), ("/admin//x", True)),
        *(("/admin/a/b", True), ("/administrator", False), ("/", False), ("//admin", False)),
        *(("admin", False), ("/Admin", False)),
    ],
)
def test_middleware_covers_odd_paths_below_its_own(path: str, covered: bool) -> None:
    """A guard cannot be got around by slashes."""
    index = RouteIndex(in_order([middleware("/admin")]))
    assert bool(index.find(path).links) is covered


# Cost


def steps_of(call: Callable[[], object]) -> int:
    """Count the lines of the index that a call takes."""
    steps = 0

    def count(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal steps
        del argument
        steps += event == "line" and frame.f_code.co_filename == index_module.__file__
        return count

    tracing = sys.gettrace()
    sys.settrace(count)
    try:
        call()
    finally:
        sys.settrace(tracing)
    return steps


def table_of(size: int) -> tuple[Link, ...]:
    """Return middleware and this many routes, half static and half with a parameter."""
    pairs = ((f"/r{number}/list", f"/r{number}/:id") for number in range(size // 2))
    return in_order([middleware(None), *(route(pattern) for pair in pairs for pattern in pair)])


@pytest.mark.parametrize("path", ["/r{last}/list", "/r{last}/unknown", "/nowhere", "/nowhere/x"])
def test_finding_does_not_grow_with_the_number_of_routes(path: str) -> None:
    """The last of 5,000 routes, and none at all, take the same steps as with 10."""
    steps: list[list[int]] = []
    for size in (10, 5000):
        index = RouteIndex(table_of(size))
        find = partial(index.find, path.format(last=size // 2 - 1))
        steps.append([steps_of(find) for _ in range(3)])
    small, large = steps
    assert small == large
    assert 0 < large[-1] < 40


def test_unknown_paths_leave_nothing_behind() -> None:
    """However many different ones clients ask for."""
    index = RouteIndex(table_of(100))
    sizes: list[int] = []
    for number in range(100_000):
        index.find(f"/r{number % 50}/{number}/{number}")
        index.find(f"/{number}")
        if number in (1_000, 99_999):
            sizes.append(index.size)
    assert sizes[0] == sizes[1]


def test_what_is_remembered_is_bounded() -> None:
    """Also where known segments can follow each other in endless ways."""
    words = [f"w{number}" for number in range(10)]
    index = RouteIndex(in_order([route(f"/**/{word}/*/{word}") for word in words]), limit=200)
    most = 0
    for number in range(3000):
        path = "/".join(words[int(digit)] for digit in str(number))
        index.find(f"/{path}/x")
        most = max(most, index.size)
    assert 200 < most <= 601


@pytest.mark.parametrize("pattern", ["/:lang?/w{}/:id", "/**/w{}", "/a*/:x*/w{}/b"])
def test_what_is_remembered_grows_in_proportion_to_the_routes(pattern: str) -> None:
    """Also where every place in the graph leads on to the literals of all routes."""
    sizes: list[int] = []
    for count in (100, 1000):
        index = RouteIndex(in_order([route(pattern.format(number)) for number in range(count)]))
        for number in range(count):
            assert index.find(f"/w{number}/b").links == index.find(f"/en/w{number}/b").links
        sizes.append(index.size)
    assert sizes[1] < 12 * sizes[0]


def test_what_is_forgotten_is_not_kept_elsewhere() -> None:
    """There are short cuts to what is literal, or so but for its end; they end with the states."""
    index = RouteIndex(in_order([route("/a"), route("/b/:x")]), limit=3)
    state = index.find("/a")
    assert index.find("/a") is state
    varied = index.find("/b/1")
    assert index.find("/b/2") is varied
    index.find("/c/1")
    assert index.find("/a") is not state
    assert index.find("/a").links == state.links
    assert index.find("/b/1") is not varied
    assert index.find("/b/1").links == varied.links


def test_links_come_in_order_however_many_there_are() -> None:
    """Those that match are few among many."""
    far_apart = [route("/a") if number % 37 == 8 else route("/b") for number in range(1000)]
    orders = [link.order for link in RouteIndex(in_order(far_apart)).find("/a").links]
    assert orders == list(range(8, 1000, 37))


def test_routes_with_equal_patterns_share_their_states() -> None:
    """The graph has one way for all, and the links come in order."""
    links = in_order([route("/a/:x"), route("/a/:y"), middleware("/a"), route("/a/:z")])
    index = RouteIndex(links)
    assert list(index.find("/a/1").links) == list(links)
    assert index.find("/a/1") is index.find("/a/2")
