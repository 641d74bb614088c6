"""The mount point of applications: ours in others, and others' in ours."""

from __future__ import annotations

import pytest

from aros_core.patterns import Pattern
from aros_core.steps import Link
from navaros.mounts import own_path, scope_below

from .exchange import http_scope


async def nothing(_: object) -> None:
    """Do nothing."""


@pytest.mark.parametrize(
    ("root", "path", "own"),
    [
        ("", "/a", "/a"),
        ("/app", "/app/a", "/a"),
        ("/app/", "/app/a", "/a"),
        ("/app", "/app", ""),
        ("/app", "/a", "/a"),
        ("/app", "/application", "/application"),
        ("/", "/a", "/a"),
    ],
)
def test_own_path(root: str, path: str, own: str) -> None:
    """The mount is taken off the path, where it is on it."""
    assert own_path(http_scope(path=path, root_path=root)) == own


@pytest.mark.parametrize(
    ("pattern", "path", "root"),
    [
        (None, "/a/b", ""),
        ("/static", "/static", ""),
        ("/static/**", "/static/a/b", "/static"),
        ("/static/**", "/static", "/static"),
        ("/static/**", "/static/", "/static"),
        ("/static/**", "/static//a", "/static"),
        ("/**", "/a/b", ""),
        ("/users/:id/files/**", "/users/5/files/a", "/users/5/files"),
        ("/a?/b/**", "/a/b/c", "/a/b"),
        ("/a?/b/**", "/b/c", "/b"),
        ("/a?/**", "/x", ""),
        ("/a+/**", "/x", ""),
    ],
)
def test_scope_below(pattern: str | None, path: str, root: str) -> None:
    """The part of the path that the pattern covers is the mount; the path stays whole."""
    link = Link(nothing, nothing, pattern=None if pattern is None else Pattern(pattern))
    scope = scope_below(http_scope(path=path), link, path)
    assert (scope["root_path"], scope["path"]) == (root, path)
    assert scope["method"] == "GET"


def test_mounts_add_up() -> None:
    """Below our own mount, both are the root; servers that leave it off the path are corrected."""
    link = Link(nothing, nothing, pattern=Pattern("/static/**"))
    for path in ("/outer/static/a", "/static/a"):
        scope = http_scope(path=path, root_path="/outer")
        below = scope_below(scope, link, own_path(scope))
        assert (below["root_path"], below["path"]) == ("/outer/static", "/outer/static/a")


def test_outside_the_chain_nothing_is_covered() -> None:
    """Where no handler runs there is no pattern."""
    assert scope_below(http_scope(path="/a"), None, "/a")["root_path"] == ""
