"""The tree of routers: who is told of changes."""

from __future__ import annotations

import gc
import weakref

from aros_core.routing import Mount, RouterNode

from .helpers import PlainRouter


class Node(RouterNode):
    """A node that counts how often it was told of a change."""

    protocol = "nodes"

    def __init__(self) -> None:
        super().__init__()
        self.changes = 0

    def changed(self) -> None:
        """Count a change."""
        self.changes += 1
        super().changed()


def test_a_change_is_told_to_all_above() -> None:
    """And to nobody beside or below."""
    top, middle, bottom = Node(), Node(), Node()
    middle.parents[top] = set()
    bottom.parents[middle] = set()
    middle.changed()
    assert (top.changes, middle.changes, bottom.changes) == (1, 1, 0)
    bottom.changed()
    assert (top.changes, middle.changes, bottom.changes) == (2, 2, 1)


def test_mounts_are_those_of_the_node_itself() -> None:
    """In order, and each time a router is mounted."""
    top, below = PlainRouter(), PlainRouter()
    top.use("/a", below)
    top.use("/b", below)
    below.use("/c", PlainRouter())
    prefixes = [str(mount.prefix) for mount in top.mounts()]
    assert prefixes == ["/a", "/b"]
    assert all(isinstance(mount, Mount) and mount.router is below for mount in top.mounts())


def test_a_node_adopts_nothing_by_itself() -> None:
    """What it is given is registered as a handler."""
    assert not Node().adopt(print)


def test_a_router_is_not_kept_alive_by_those_mounted_on_it() -> None:
    """A shared router may outlive many that it was mounted on."""
    shared, top = PlainRouter(), PlainRouter()
    top.use("/a", shared)
    gone = weakref.ref(top)
    del top
    gc.collect()
    assert gone() is None
    shared.changed()
