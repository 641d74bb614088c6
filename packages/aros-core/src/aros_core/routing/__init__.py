"""Routes: what a router registers, and what is told about it; `table.py` is how a path finds it."""

from aros_core.routing.descriptors import RouteDescriptor, RouteInfo
from aros_core.routing.route import CodecEntry, Entry, Route
from aros_core.routing.tree import Mount, RouterNode

__all__ = [
    "CodecEntry",
    "Entry",
    "Mount",
    "Route",
    "RouteDescriptor",
    "RouteInfo",
    "RouterNode",
]
