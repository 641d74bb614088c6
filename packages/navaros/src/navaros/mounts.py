"""Where an ASGI application is mounted: which part of the path is above it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from aros_core.patterns import Modifier, Pattern

if TYPE_CHECKING:
    from aros_core.asgi.types import Scope
    from aros_core.steps import Link


def own_path(scope: Scope) -> str:
    """Return the path below where we are mounted ourselves.

    By the ASGI specification the path includes `root_path`; older servers leave it out.
    """
    path: str = scope["path"]
    root = scope.get("root_path")
    if not root:
        return path
    below = path.removeprefix(root.rstrip("/"))
    return below if not below or below[0] == "/" else path


def scope_below(scope: Scope, link: Link | None, path: str) -> Scope:
    """Return the scope for an application that runs at a link of the chain.

    `root_path` gains the part of the path that the link's pattern covers, where that ends in
    `/**`, as the pattern of middleware at a path does. The path itself stays whole.
    """
    root: str = (scope.get("root_path") or "").rstrip("/")
    return {**scope, "root_path": root + _covered(link, path), "path": root + path}


def _covered(link: Link | None, path: str) -> str:
    """Return the beginning of a path that belongs to the mount, without a slash at its end."""
    if link is None or not link.text.endswith("/**"):
        return ""
    prefix = _prefix(link.text)
    segments = path.split("/")
    if all(chunk.modifier is Modifier.ONE for chunk in prefix.chunks):
        return "/".join(segments[: len(prefix.chunks) + 1])
    for count in range(len(segments), 0, -1):
        beginning = "/".join(segments[:count])
        if prefix.match(beginning) is not None:
            return beginning.rstrip("/")
    return ""


@lru_cache
def _prefix(text: str) -> Pattern:
    return Pattern(text.removesuffix("/**") or "/")
