"""What a router registers, in order: routes and codecs; `tree.py` adds mounted routers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aros_core.codecs import PayloadCodec
    from aros_core.handlers import Call
    from aros_core.patterns import Pattern


class Entry(Struct, eq=False):
    """Anything a router keeps in the order of registration."""


class Route(Entry):
    """Handlers under a pattern, or for everything where there is none."""

    pattern: Pattern | None
    method: str | None
    middleware: bool
    wraps: tuple[tuple[Any, Call], ...]
    public: bool = False
    metadata: Mapping[str, Any] | None = None
    handlers: list[tuple[Any, Call]] = field(default_factory=list[tuple[Any, "Call"]])


class CodecEntry(Entry):
    """A codec, which belongs to the router whatever the path."""

    codec: PayloadCodec
