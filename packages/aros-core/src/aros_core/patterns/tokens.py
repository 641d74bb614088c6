"""The chunks that a pattern consists of."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import ClassVar, TypeAlias

from msgspec import Struct

Test: TypeAlias = Callable[[str], object]
"""Tells with a true or false result whether a segment satisfies a constraint."""


class Modifier(Enum):
    """How many segments of a path a chunk takes; the value is the sign in the pattern."""

    ONE = ""
    OPTIONAL = "?"
    STAR = "*"
    PLUS = "+"

    def __init__(self, sign: str) -> None:
        self.skippable = sign in {"?", "*"}
        """Whether the chunk may take no segment at all."""
        self.greedy = sign in {"*", "+"}
        """Whether the chunk may take more than one segment."""


class Literal(Struct, frozen=True):
    """A chunk that matches its own text, such as `users` or `a?`."""

    text: str
    """The chunk as written in the pattern."""
    literal: str
    """The segment that it matches, escapes undone."""
    modifier: Modifier = Modifier.ONE
    name: ClassVar[None] = None
    constraint: ClassVar[None] = None
    test: ClassVar[None] = None

    def accepts(self, segment: str) -> bool:
        """Tell whether one segment of a path is this literal."""
        return segment == self.literal


class Wildcard(Struct, frozen=True):
    r"""A chunk that matches without capturing, such as `*`, `**` or `(\d+)`."""

    text: str
    """The chunk as written in the pattern."""
    constraint: str | None = None
    """The regular expression that a segment must match in full, if there is one."""
    modifier: Modifier = Modifier.ONE
    test: Test | None = None
    """The constraint, compiled."""
    name: ClassVar[None] = None
    literal: ClassVar[None] = None

    def accepts(self, segment: str) -> bool:
        """Tell whether the chunk matches one segment of a path; never an empty one."""
        return segment != "" and (self.test is None or bool(self.test(segment)))


class Parameter(Struct, frozen=True):
    r"""A chunk that captures what it matches, such as `:id` or `:id(\d+)?`."""

    text: str
    """The chunk as written in the pattern."""
    name: str
    """The name of the parameter as written."""
    constraint: str | None = None
    """The regular expression that a segment must match in full, if there is one."""
    modifier: Modifier = Modifier.ONE
    test: Test | None = None
    """The constraint, compiled."""
    literal: ClassVar[None] = None

    def accepts(self, segment: str) -> bool:
        """Tell whether the chunk matches one segment of a path; never an empty one."""
        return segment != "" and (self.test is None or bool(self.test(segment)))


Chunk: TypeAlias = Literal | Wildcard | Parameter
"""Any chunk; each has `text`, `literal`, `name`, `constraint`, `test`, `modifier`, `accepts`."""
