"""What must hold when routers are mounted on each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aros_core.patterns import Modifier, Pattern
from aros_core.routing.route import Mount, Route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aros_core.router import BaseRouter


def mount_prefix(path: str | None) -> Pattern | None:
    """Return the prefix that a mount path stands for, `None` for none.

    Raises `ValueError` for a greedy chunk before the final `**`.
    """
    if path is None:
        return None
    pattern = Pattern(path)
    text = str(pattern)
    if text.endswith("/**"):
        pattern = Pattern(text[:-3] or "/")
    for chunk in pattern.chunks:
        if chunk.modifier in (Modifier.STAR, Modifier.PLUS):
            raise ValueError(
                f"cannot mount a router at {path!r}: {chunk.text!r} takes any number of segments, "
                "so nobody could tell where the router's own paths begin"
            )
    return pattern if pattern.chunks else None


def check_mount(parent: BaseRouter[Any], child: BaseRouter[Any], prefix: Pattern | None) -> None:
    """Raise `ValueError` when `child` holds `parent`, or a name stands on both sides."""
    if any(router is parent for router in _tree(child)):
        raise ValueError("a router cannot be mounted within itself")
    if prefix is None and not any(_names_above(parent)):
        return
    taken = {*_names_above(parent), *(_folded(prefix) if prefix else ())}
    for router in _tree(child):
        for entry in router.entries:
            pattern = entry.pattern if isinstance(entry, Route) else None
            pattern = entry.prefix if isinstance(entry, Mount) else pattern
            if pattern is not None:
                _refuse_taken(pattern, taken)


def check_names(router: BaseRouter[Any], pattern: Pattern | None) -> None:
    """Raise `ValueError` when a name of the pattern stands in a path the router is mounted at."""
    if pattern is not None and pattern.names:
        _refuse_taken(pattern, set(_names_above(router)))


def _tree(router: BaseRouter[Any]) -> Iterator[BaseRouter[Any]]:
    yield router
    for entry in router.entries:
        if isinstance(entry, Mount):
            yield from _tree(entry.router)


def _names_above(router: BaseRouter[Any]) -> Iterator[str]:
    for parent in router.parents:
        yield from _names_above(parent)
        for entry in parent.entries:
            if isinstance(entry, Mount) and entry.router is router and entry.prefix is not None:
                yield from _folded(entry.prefix)


def _folded(pattern: Pattern) -> Iterator[str]:
    return (name.casefold() for name in pattern.names)


def _refuse_taken(pattern: Pattern, taken: set[str]) -> None:
    for name in pattern.names:
        if name.casefold() in taken:
            raise ValueError(
                f"the name {name!r} of {str(pattern)!r} stands in the path that its router is "
                "mounted at as well; give one of them another name"
            )
