"""Routes: what a router registers, how a path finds it, and what is told about it."""

from aros_core.routing.descriptors import RouteDescriptor, RouteInfo
from aros_core.routing.route import CodecEntry, Entry, Route
from aros_core.routing.table import PlacedRoute, RouteTable, place
from aros_core.routing.tree import Mount, RouterNode

__all__ = [
    "CodecEntry",
    "Entry",
    "Mount",
    "PlacedRoute",
    "Route",
    "RouteDescriptor",
    "RouteInfo",
    "RouteTable",
    "RouterNode",
    "place",
]
