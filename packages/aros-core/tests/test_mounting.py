"""Rules of mounting: prefixes, cycles and names."""

from __future__ import annotations

import pytest

from aros_core import PatternError
from aros_core.routing.mounting import covering, mount_prefix

from .helpers import PlainRouter, ending


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("/", "/**"),
        ("/**", "/**"),
        ("/admin", "/admin/**"),
        ("/admin/", "/admin/**"),
        ("/admin/**", "/admin/**"),
        ("/admin/**/", "/admin/**"),
        ("/admin/:id*", "/admin/:id*/**"),
        (r"/admin/\**", r"/admin/\**/**"),
    ],
)
def test_middleware_covers_its_path_and_all_below(path: str, pattern: str) -> None:
    """`/**` is added unless it is there."""
    assert covering(path) == pattern


@pytest.mark.parametrize(
    ("path", "prefix"),
    [
        (None, None),
        ("/", None),
        ("/**", None),
        ("/api", "/api"),
        ("/api/", "/api"),
        ("/api/**", "/api"),
        ("/api/**/", "/api"),
        ("/:tenant?/x", "/:tenant?/x"),
    ],
)
def test_the_prefix_that_a_mount_path_stands_for(path: str | None, prefix: str | None) -> None:
    """The final `/**` says nothing, as a mount covers all below anyway."""
    assert mount_prefix(path) == prefix


@pytest.mark.parametrize("path", ["/a*", "/:x+", "/**/b", "/*+/**", "/(a|b)*"])
def test_a_greedy_chunk_in_a_mount_path_is_refused(path: str) -> None:
    """Nobody could tell where the mounted router's own paths begin."""
    with pytest.raises(ValueError, match=r"takes any number of segments"):
        PlainRouter().use(path, PlainRouter())


def test_a_bad_mount_path_is_refused() -> None:
    """As that of any other registration."""
    with pytest.raises(PatternError):
        PlainRouter().use("/:", PlainRouter())


def test_a_router_within_itself_is_refused() -> None:
    """Directly, and through others."""
    a, b, c = PlainRouter(), PlainRouter(), PlainRouter()
    a.use("/b", b)
    b.use("/c", c)
    for router, path in ((a, "/a"), (a, ""), (b, "/"), (c, "/")):
        with pytest.raises(ValueError, match="within itself"):
            c.use(path, router) if path else router.use(router)
    assert c.entries == []


async def test_one_router_in_two_places() -> None:
    """That is no cycle: it answers in both."""
    log: list[str] = []
    a, b, shared = PlainRouter(), PlainRouter(), PlainRouter()
    shared.bind("/x", ending(log, "x"))
    a.use("/one", shared)
    a.use("/two", b)
    b.use(shared)
    for path in ("/one/x", "/two/x", "/x"):
        await a.ask(path)
    assert log == ["x", "x"]


NAME_TAKEN = r"the name '(id|ID)' of '.*' stands in the path that its router is mounted at as well"


def test_a_name_on_both_sides_is_refused() -> None:
    """A route's and a mount path's, whatever their case, and through routers in between."""
    for inner_path in ("/:id", "/x/:ID"):
        a, b, c = PlainRouter(), PlainRouter(), PlainRouter()
        c.bind(inner_path, ending([], "c"))
        b.use("/:other", c)
        with pytest.raises(ValueError, match=NAME_TAKEN):
            a.use("/:id", b)


def test_a_name_of_an_inner_mount_path_is_refused() -> None:
    """Two mount paths on top of each other are one path."""
    a, b = PlainRouter(), PlainRouter()
    b.use("/:id", PlainRouter())
    with pytest.raises(ValueError, match=NAME_TAKEN):
        a.use("/:id", b)


def test_a_name_that_is_added_after_mounting_is_refused() -> None:
    """By a route, by middleware and by a further mount, at every depth."""
    a, b, c, d = PlainRouter(), PlainRouter(), PlainRouter(), PlainRouter()
    d.bind("/:id", ending([], "d"))
    a.use("/:id", b)
    b.use(c)
    with pytest.raises(ValueError, match=NAME_TAKEN):
        c.bind("/users/:id", ending([], "route"))
    with pytest.raises(ValueError, match=NAME_TAKEN):
        c.use("/users/:ID", ending([], "middleware"))
    for path in ("/d", "/:id/d"):
        with pytest.raises(ValueError, match=NAME_TAKEN):
            c.use(path, d)
    with pytest.raises(ValueError, match=NAME_TAKEN):
        c.use(d)
    assert c.entries == []


def test_names_beside_each_other_are_fine() -> None:
    """Only what ends up in one path must differ."""
    a, b, c = PlainRouter(), PlainRouter(), PlainRouter()
    b.bind("/:id", ending([], "b"))
    c.bind("/:id", ending([], "c"))
    a.use("/b", b)
    a.use(c)
    a.bind("/:id", ending([], "a"))
    assert len(a.entries) == 3
