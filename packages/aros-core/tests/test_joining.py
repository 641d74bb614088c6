"""Tests of joining pattern texts."""

from __future__ import annotations

import pytest

from aros_core.patterns import join_paths


@pytest.mark.parametrize(
    ("prefix", "path", "joined"),
    [
        ("/api", "/users", "/api/users"),
        ("/api", "/", "/api"),
        ("/api", "", "/api"),
        ("/api/", "/x", "/api/x"),
        ("/api/", "/", "/api"),
        ("/", "/x", "/x"),
        ("", "/x", "/x"),
        ("/", "/", "/"),
        ("", "", "/"),
        ("/api", "/users/", "/api/users/"),
        ("/:tenant", "/**", "/:tenant/**"),
    ],
)
def test_join_paths(prefix: str, path: str, joined: str) -> None:
    """Two pattern texts make one, with a single slash between them."""
    assert join_paths(prefix, path) == joined
