"""Full matches of regular expressions in linear time, for those that are regular.

Each character or class of the expression is a *place*, one bit of an integer. A segment is read
once, keeping the set of places that may come next, so no expression can make it go back. (The
construction is Glushkov's.)
"""

from __future__ import annotations

import re
from typing import NamedTuple

from aros_core.memo import Memo

_MOST_PLACES = 1000

_TOKEN = re.compile(
    r"""
      [*+?][?+]? | \{ (?: \d+,?\d* | ,\d* ) \} [?+]?             # a repeat
    | \( \?[aims]+ \) | \( \?P<\w+> | \( \?. | \( | \) | \|      # flags, groups, alternatives
    | \[ \^? \]? (?: \\. | [^\\\]] )* \]                         # a class
    | \\x.{2} | \\u.{4} | \\U.{8} | \\N\{[^}]*\} | \\0[0-7]{0,2} | \\[1-9]\d* | \\. | .
    """,
    re.VERBOSE | re.DOTALL,
)
_REPEAT = re.compile(r"[*+?].?|\{(\d*)(,?)(\d*)\}.?")
_FLAGS = re.compile(r"\(\?[aims]+\)")
_NOT_A_CHARACTER = re.compile(r"[\^$]|\\[AZbBz1-9]\d*|\(.*", re.DOTALL)


class Unsupported(Exception):
    """The expression is not regular (it looks around or refers back), or is too large."""


class _Part(NamedTuple):
    """A piece of the expression: the places it can begin and end with."""

    nullable: bool
    first: int
    last: int


_NOTHING = _Part(nullable=True, first=0, last=0)


def tokenize(expression: str) -> list[str]:
    """Cut a valid expression into repeats, classes, characters, parentheses and bars."""
    return _TOKEN.findall(expression)


class Automaton:
    """A regular expression, ready to test segments in one pass over each.

    Raises `Unsupported` when only `re` itself can match the expression.
    """

    __slots__ = ("_characters", "_first", "_follow", "_following", "_last", "_places")

    def __init__(self, tokens: list[str], flags: int) -> None:
        reader = _Reader(tokens)
        whole = reader.alternatives()
        self._first = whole.first
        self._last = whole.last
        self._follow = reader.follow
        self._characters = [
            (re.compile(token, flags).match, places) for token, places in reader.places.items()
        ]
        self._places = Memo(self._find_places)
        self._following = Memo(self._find_following)

    def accepts(self, segment: str) -> bool:
        """Tell whether the expression matches the whole of a segment that is not empty."""
        places, following = self._places, self._following
        reached, possible = 0, self._first
        for char in segment:
            reached = possible & places[char]
            if not reached:
                return False
            possible = following[reached]
        return reached & self._last != 0

    def _find_places(self, char: str) -> int:
        return sum(places for match, places in self._characters if match(char))

    def _find_following(self, reached: int) -> int:
        result = 0
        for place in _indexes(reached):
            result |= self._follow[place]
        return result


class _Reader:
    """Reads tokens by recursive descent and notes which place may follow which."""

    def __init__(self, tokens: list[str]) -> None:
        # Where the expression must match in full, anchors at its edges say nothing new.
        start = 1 if tokens and _FLAGS.fullmatch(tokens[0]) else 0
        start += tokens[start : start + 1] in (["^"], [r"\A"])
        end = len(tokens) - (tokens[-1:] in (["$"], [r"\Z"], [r"\z"]))
        self._tokens = tokens[start:end]
        self._position = 0
        self._budget = _MOST_PLACES
        self.follow: list[int] = []
        self.places: dict[str, int] = {}

    def alternatives(self) -> _Part:
        part = self._sequence()
        while self._peek() == "|":
            self._position += 1
            other = self._sequence()
            part = _Part(
                part.nullable or other.nullable, part.first | other.first, part.last | other.last
            )
        return part

    def _sequence(self) -> _Part:
        part = _NOTHING
        while self._peek() not in {"", "|", ")"}:
            part = self._joined(part, self._repeated())
        return part

    def _repeated(self) -> _Part:
        start = self._position
        once = self._item()
        repeat = _REPEAT.fullmatch(self._peek())
        if repeat is None:
            return once
        self._position += 1
        end = self._position
        least, most = _bounds(repeat)
        part = _NOTHING
        for count in range(max(least, 1) if most is None else most):
            if count:
                # Every copy needs places of its own, so the same tokens are read again.
                self._position = start
                once = self._item()
            if most is None and count >= least - 1:
                self._link(once.last, once.first)
            part = self._joined(part, once._replace(nullable=once.nullable or count >= least))
        self._position = end
        return part

    def _item(self) -> _Part:
        self._budget -= 1
        if self._budget < 0:
            raise Unsupported
        token = self._peek()
        self._position += 1
        if token in {"(", "(?:"} or token.startswith("(?P<"):
            part = self.alternatives()
            self._position += 1
            return part
        if _NOT_A_CHARACTER.fullmatch(token):
            raise Unsupported
        place = 1 << len(self.follow)
        self.follow.append(0)
        self.places[token] = self.places.get(token, 0) | place
        return _Part(nullable=False, first=place, last=place)

    def _joined(self, left: _Part, right: _Part) -> _Part:
        self._link(left.last, right.first)
        return _Part(
            left.nullable and right.nullable,
            left.first | right.first if left.nullable else left.first,
            left.last | right.last if right.nullable else right.last,
        )

    def _link(self, places: int, following: int) -> None:
        for place in _indexes(places):
            self.follow[place] |= following

    def _peek(self) -> str:
        return self._tokens[self._position] if self._position < len(self._tokens) else ""


def _bounds(repeat: re.Match[str]) -> tuple[int, int | None]:
    """Read the least and the most of a repeat; no most means any number."""
    sign = repeat[0]
    if len(sign.rstrip("?")) > 1 and sign.endswith("+"):
        raise Unsupported  # A possessive repeat gives nothing back: it is not regular.
    if sign[0] != "{":
        return int(sign[0] == "+"), 1 if sign[0] == "?" else None
    least = int(repeat[1] or 0)
    if not repeat[2]:
        return least, least
    return least, int(repeat[3]) if repeat[3] else None


def _indexes(bits: int) -> list[int]:
    """List the places in a set."""
    indexes: list[int] = []
    while bits:
        lowest = bits & -bits
        indexes.append(lowest.bit_length() - 1)
        bits ^= lowest
    return indexes
