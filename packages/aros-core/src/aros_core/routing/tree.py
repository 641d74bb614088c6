"""The tree of routers: what each one holds, and those that are mounted on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

from aros_core.routing.route import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aros_core.handlers import Call
    from aros_core.patterns import Pattern


class RouterNode:
    """A router as others see it that hold it or that it holds; `BaseRouter` builds on this."""

    protocol: ClassVar[str]
    """What it routes, for error messages; only routers of one protocol mount on each other."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        """What was registered, in order."""
        self.parents: WeakKeyDictionary[RouterNode, set[str]] = WeakKeyDictionary()
        """The routers that it is mounted on, each with the names in the paths, in lower case."""
        self.wraps: tuple[tuple[Any, Call], ...] = ()
        """What will be around the handlers that are registered from now on."""

    def adopt(self, handler: Any) -> bool:
        """Take what a handler is beside a handler; tell whether nothing remains to register."""
        del handler
        return False

    def changed(self) -> None:
        """Have what was built from the entries built anew, in the parents as well."""
        for parent in self.parents:
            parent.changed()

    def mounts(self) -> Iterator[Mount]:
        """Yield the routers that are mounted on it directly, each time they are."""
        return (entry for entry in self.entries if isinstance(entry, Mount))


class Mount(Entry):
    """A router under a prefix; `method` narrows what it answers."""

    prefix: Pattern | None
    method: str | None
    wraps: tuple[tuple[Any, Call], ...]
    router: RouterNode
