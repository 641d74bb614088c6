"""What routers tell about their routes, to gateways and to people."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003
from dataclasses import dataclass
from typing import Any

from aros_core.patterns import Pattern  # noqa: TC001

# What reads and writes descriptors as JSON looks the annotations up, so they are there at run time.


@dataclass(frozen=True, slots=True)
class RouteDescriptor:
    """A public route as an API gateway sees it; encodes to JSON and back.

    `method` is `None` for messages and for routes of every method, `pattern` is the full text with
    mount prefixes, `metadata` is what the registration gave.
    """

    method: str | None
    pattern: str
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RouteInfo:
    """Where a handler is registered: the full pattern, and the method (`None` for any)."""

    pattern: Pattern
    method: str | None = None
