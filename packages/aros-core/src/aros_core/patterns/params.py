"""The parameters captured from a path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar, final, overload

T = TypeVar("T")

_new = object.__new__


@final
class Params(Mapping[str, str]):
    """A read-only mapping of parameter names to what they captured.

    Look-ups ignore case: `params["userID"]` and `params["userid"]` are the same. Iterating
    gives the names as written in the pattern, and two mappings are equal when their items are.

    Raises `ValueError` when two names of `items` differ only by case.
    """

    __slots__ = ("_names", "_values")

    _names: tuple[str, ...]
    _values: tuple[str, ...]

    def __init__(self, items: Mapping[str, str] | None = None) -> None:
        items = items or {}
        self._names = tuple(items)
        self._values = tuple(items.values())
        if len({name.casefold() for name in items}) < len(items):
            names = ", ".join(map(repr, items))
            raise ValueError(f"parameter names must differ by more than case, got {names}")

    @staticmethod
    def of(names: tuple[str, ...], values: tuple[str, ...]) -> Params:
        """Pair names, which must differ by more than case, with values of the same number."""
        params = _new(Params)
        params._names = names
        params._values = values
        return params

    def __getitem__(self, name: str) -> str:
        try:
            return self._values[self._names.index(name)]  # Most often the case is right.
        except ValueError:
            index = self._index(name)
        if index < 0:
            known = ", ".join(map(repr, self._names)) or "none"
            raise KeyError(f"no parameter {name!r}; the parameters are: {known}")
        return self._values[index]

    @overload
    def get(self, name: str) -> str: ...
    @overload
    def get(self, name: str, default: str) -> str: ...
    @overload
    def get(self, name: str, default: T) -> str | T: ...
    def get(self, name: str, default: object = "") -> object:
        """Return what a parameter captured, or the default, `""`, when there is no such name."""
        index = self._index(name)
        return default if index < 0 else self._values[index]

    def __contains__(self, name: object) -> bool:
        return self._index(name) >= 0

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"Params({dict(self)!r})"

    def _index(self, name: object) -> int:
        if name in self._names:
            return self._names.index(name)
        if isinstance(name, str):
            folded = name.casefold()
            for index, own in enumerate(self._names):
                if own.casefold() == folded:
                    return index
        return -1
