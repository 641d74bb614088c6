"""Values that handlers keep for one request, one message or one socket."""

from __future__ import annotations

from typing import Any, Final, Generic, TypeVar, overload

T = TypeVar("T")
D = TypeVar("D")


class Key(Generic[T]):
    """A key that tells the type checker its value's type: `USER = Key[User]("user")`.

    A key equals itself only, so two libraries that pick the same name never collide. The name is
    for people: it appears in errors.
    """

    __slots__ = ("name",)

    name: Final[str]

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"Key({self.name!r})"


class Ref(Generic[T]):
    """A value that can be replaced later: `middleware.setvalue` reads `.value` each time."""

    __slots__ = ("value",)

    value: T

    def __init__(self, value: T) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Ref({self.value!r})"


class Storage:
    """Values by key, a string or a `Key`; each call is safe from any thread.

    Every method is one operation of a dict whose keys hash in C, which no other thread can
    interrupt; that is what makes it safe without a lock.
    """

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: dict[Key[Any] | str, Any] = {}

    @overload
    def get(self, key: Key[T]) -> T | None: ...
    @overload
    def get(self, key: Key[T], default: D) -> T | D: ...
    @overload
    def get(self, key: str, default: Any = None) -> Any: ...
    def get(self, key: Key[Any] | str, default: Any = None) -> Any:
        """Return what is stored under `key`, or `default`."""
        return self._values.get(key, default)

    @overload
    def must_get(self, key: Key[T]) -> T: ...
    @overload
    def must_get(self, key: str) -> Any: ...
    def must_get(self, key: Key[Any] | str) -> Any:
        """Return what is stored under `key`; raise a `KeyError` that names the key otherwise."""
        try:
            return self._values[key]
        except KeyError:
            raise KeyError(
                f"nothing is stored under {key!r}; set it earlier in the chain"
            ) from None

    @overload
    def set(self, key: Key[T], value: T) -> None: ...
    @overload
    def set(self, key: str, value: Any) -> None: ...
    def set(self, key: Key[Any] | str, value: Any) -> None:
        """Store `value` under `key`, replacing what was there."""
        self._values[key] = value

    def delete(self, key: Key[Any] | str) -> None:
        """Forget what is stored under `key`; a key that is not there is fine."""
        self._values.pop(key, None)

    def copy(self) -> Storage:
        """Return a storage of its own with the same values in it."""
        twin = Storage()
        twin._values = self._values.copy()
        return twin

    def __repr__(self) -> str:
        return f"Storage({self._values.copy()!r})"
