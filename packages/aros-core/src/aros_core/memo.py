"""Results that are computed when they are first asked for, and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

K = TypeVar("K")
V = TypeVar("V")

MOST_REMEMBERED: Final = 1024
"""How many results a `Memo` keeps, unless it is told otherwise."""


class Memo(dict[K, V]):
    """A mapping that computes values when they are first asked for, and keeps a limited number.

    What it has costs no more than a look into a `dict`. When it is full it begins anew.
    """

    def __init__(self, compute: Callable[[K], V], most: int = MOST_REMEMBERED) -> None:
        """Make an empty mapping that keeps `most` of the values that `compute` returns for keys."""
        super().__init__()
        self._compute = compute
        self._most = most

    def __missing__(self, key: K) -> V:
        value = self._compute(key)
        if len(self) >= self._most:
            self.clear()
        self[key] = value
        return value
