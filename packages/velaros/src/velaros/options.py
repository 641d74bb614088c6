"""Router options that check what they are set to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, overload

N = TypeVar("N", int, float)


class Option(Generic[N]):
    """An attribute that holds a positive number; anything else is a `ValueError`.

    It stands in the way of setting only, so that reading costs nothing: every message does.
    """

    def __init__(self, kind: type[N]) -> None:
        self._kind = kind

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> Option[N]: ...
        @overload
        def __get__(self, instance: object, owner: type) -> N: ...
        def __get__(self, instance: object | None, owner: type) -> Option[N] | N: ...

    def __set__(self, instance: object, value: N) -> None:
        kinds: tuple[type, ...] = (int,) if self._kind is int else (int, float)
        if type(value) not in kinds or not value > 0:
            kind = "a whole number" if self._kind is int else "a number of seconds"
            raise ValueError(f"{self._name} must be {kind} above 0, not {value!r}")
        vars(instance)[self._name] = value
