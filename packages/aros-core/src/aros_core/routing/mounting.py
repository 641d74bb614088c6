"""What must hold when routers are mounted on each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aros_core.patterns import Pattern
from aros_core.routing.route import Route
from aros_core.routing.tree import Mount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aros_core.routing.tree import RouterNode


def covering(path: str) -> Pattern:
    """Return the pattern of middleware at a path: the path and all below it."""
    text = str(Pattern(path)).rstrip("/")
    return Pattern(text if text.endswith("/**") else f"{text}/**")


def mount_prefix(path: str | None) -> Pattern | None:
    """Return the prefix that a mount path stands for, `None` for none.

    Raises `ValueError` for a greedy chunk before the final `**`.
    """
    if path is None:
        return None
    prefix = Pattern(path.rstrip("/").removesuffix("/**") or "/")
    for chunk in prefix.chunks:
        if chunk.modifier.greedy:
            raise ValueError(
                f"cannot mount a router at {path!r}: {chunk.text!r} takes any number of segments, "
                "so nobody could tell where the router's own paths begin"
            )
    return prefix if prefix.chunks else None


def attach(parent: RouterNode, child: RouterNode, prefix: Pattern | None) -> None:
    """Have `child` know that it is mounted on `parent`.

    Raises `ValueError` when `child` holds `parent`, or a name stands on both sides.
    """
    if any(router is parent for router in _tree(child)):
        raise ValueError("a router cannot be mounted within itself")
    names = set(_folded(prefix))
    taken = {*_names_above(parent), *names}
    for router in _tree(child) if taken else ():
        for entry in router.entries:
            pattern = entry.pattern if isinstance(entry, Route) else None
            pattern = entry.prefix if isinstance(entry, Mount) else pattern
            _refuse_taken(pattern, taken)
    child.parents.setdefault(parent, set()).update(names)


def check_names(router: RouterNode, pattern: Pattern | None) -> None:
    """Raise `ValueError` when a name of the pattern stands in a path the router is mounted at."""
    if pattern is not None and pattern.names:
        _refuse_taken(pattern, set(_names_above(router)))


def _tree(router: RouterNode) -> Iterator[RouterNode]:
    yield router
    for mount in router.mounts():
        yield from _tree(mount.router)


def _names_above(router: RouterNode) -> Iterator[str]:
    for parent, names in router.parents.items():
        yield from names
        yield from _names_above(parent)


def _folded(pattern: Pattern | None) -> Iterator[str]:
    return (name.casefold() for name in (() if pattern is None else pattern.names))


def _refuse_taken(pattern: Pattern | None, taken: set[str]) -> None:
    for name in () if pattern is None else pattern.names:
        if name.casefold() in taken:
            raise ValueError(
                f"the name {name!r} of {str(pattern)!r} stands in the path that its router is "
                "mounted at as well; give one of them another name"
            )
