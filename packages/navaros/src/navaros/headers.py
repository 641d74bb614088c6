"""The header fields of a response: checked as they are set, and fixed once they were sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Self

from multidict import CIMultiDict

if TYPE_CHECKING:
    from collections.abc import Callable

    from multidict._abc import MDArg

# RFC 9110, sections 5.1 and 5.5: a name is a token; a value has no control characters but the tab.
_match_token: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_match_value: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*").fullmatch

_MISSING: Final[Any] = object()


def is_token(text: str) -> bool:
    """Tell whether `text` is a token (RFC 9110, section 5.6.2), as names in header fields are."""
    return _match_token(text) is not None


class ResponseHeaders(CIMultiDict[str]):
    """A multi-mapping of header fields that refuses what must not be sent.

    Names are tokens; values are Latin-1 text without control characters, CR, LF and NUL among
    them (RFC 9110, section 5). Anything else raises `ValueError` when it is set.
    """

    # On the class, so that headers which nobody fixes carry nothing for it.
    _refusal: Callable[[], Exception] | None = None
    _is_ignoring: bool = False

    def __init__(  # pyright: ignore[reportInconsistentConstructor]
        self, arg: MDArg[str] = (), /, **kwargs: str
    ) -> None:
        super().__init__()
        if arg or kwargs:
            self.extend(arg, **kwargs)

    def freeze(self, error_factory: Callable[[], Exception]) -> None:
        """Make every change from now on raise what `error_factory` returns."""
        self._refusal = error_factory

    def ignore(self) -> None:
        """Make every change from now on do nothing, whatever its values."""
        self._is_ignoring = True

    def encode(self) -> list[tuple[bytes, bytes]]:
        """Return the fields as they are sent: names in lower case, values without outer blanks."""
        return [
            (name.lower().encode("latin-1"), value.strip(" \t").encode("latin-1"))
            for name, value in self.items()
        ]

    def copy(self) -> Self:
        """Return the same fields, free to change."""
        return type(self)(self)

    def __setitem__(self, key: str, value: str) -> None:
        if self._may_change():
            _check(key, value)
            super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        if self._may_change():
            super().__delitem__(key)

    def add(self, key: str, value: str) -> None:
        """Add a field beside those of the same name."""
        if self._may_change():
            _check(key, value)
            super().add(key, value)

    def extend(self, arg: MDArg[str] = (), /, **kwargs: str) -> None:
        """Add fields beside those of the same names."""
        if self._may_change():
            super().extend(_checked(arg, kwargs))

    def update(self, arg: MDArg[str] = (), /, **kwargs: str) -> None:
        """Set fields in place of those of the same names."""
        if self._may_change():
            super().update(_checked(arg, kwargs))

    def merge(self, arg: MDArg[str] = (), /, **kwargs: str) -> None:
        """Add the fields whose names are not there yet."""
        if self._may_change():
            fields = _checked(arg, kwargs).items()
            super().extend([field for field in fields if field[0] not in self])

    def setdefault(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, key: str, default: str
    ) -> str:
        """Return the first field of a name, after setting it to `default` where there is none."""
        if key not in self:
            self[key] = default
        return self.get(key, default)

    def popone(self, key: str, default: Any = _MISSING) -> Any:
        """Remove the first field of a name and return its value, `default` if there is none."""
        take = super().popone if self._may_change() else self.getone
        return take(key) if default is _MISSING else take(key, default)

    def pop(self, key: str, default: Any = _MISSING) -> Any:
        """Remove the first field of a name and return its value, `default` if there is none."""
        return self.popone(key, default)

    def popall(self, key: str, default: Any = _MISSING) -> Any:
        """Remove all fields of a name and return their values, `default` if there are none."""
        take = super().popall if self._may_change() else self.getall
        return take(key) if default is _MISSING else take(key, default)

    def popitem(self) -> tuple[str, str]:
        """Remove some field and return its name and value."""
        if self._may_change():
            return super().popitem()
        return [*self.items()].pop()

    def clear(self) -> None:
        """Remove all fields."""
        if self._may_change():
            super().clear()

    def _may_change(self) -> bool:
        if self._refusal is not None:
            raise self._refusal()
        return not self._is_ignoring


def _checked(arg: MDArg[str], kwargs: dict[str, str]) -> CIMultiDict[str]:
    fields = CIMultiDict(arg, **kwargs)
    for name, value in fields.items():
        _check(name, value)
    return fields


def _check(name: str, value: Any) -> None:
    if value.__class__ is str and _match_token(name) and _match_value(value):
        return
    if not is_token(name):
        raise ValueError(
            f"{name!r} cannot be the name of a header field: letters, digits and !#$%&'*+-.^_`|~ "
            f"only"
        )
    if not isinstance(value, str):
        raise TypeError(f"header field {name!r} takes a str, not {value!r}: convert it first")
    if _match_value(value) is None:
        raise ValueError(
            f"header field {name!r} cannot carry {value!r}: Latin-1 without control characters "
            f"(CR, LF, NUL, ...) only; percent-encode the rest"
        )
