"""What went wrong with a payload, told by field, from the errors of msgspec and pydantic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aros_core.errors import FieldError, UnmarshalError

if TYPE_CHECKING:
    from collections.abc import Callable

# What reading foreign bytes may raise. The TypeError is an unhashable member of a set or a key.
_READ_FAULTS: Final = (ValueError, TypeError, OverflowError, RecursionError, MemoryError)

# msgspec's words for the two errors that are about a field inside the place they name.
_IN_PLACE: Final = {
    "Object missing required field `": "is required",
    "Object contains unknown field `": "is not known",
}


class UnsupportedTypeError(TypeError):
    """A type that no payload can be read as: the program is at fault, not the payload."""


def read(reader: Callable[[Any], Any], source: Any) -> Any:
    """Return what `reader` makes of `source`; raise `UnmarshalError` if that cannot be read."""
    try:
        return reader(source)
    except _READ_FAULTS as error:
        fault = _read_fault(error)
        if fault is None:
            raise
        raise fault from error


def reason_of(error: BaseException) -> str:
    """Return the text of `error`, or what it is called if it has none."""
    return str(error) or type(error).__name__


def _read_fault(error: BaseException) -> Exception | None:
    """Return the error to raise in place of `error`, or `None` if the payload is not at fault."""
    if isinstance(error, TypeError):
        return UnmarshalError(str(error)) if "unhashable type" in str(error) else None
    if not isinstance(error, ValueError):
        return UnmarshalError(_describe(error, ""))
    if _is_pydantic(error):
        return _from_pydantic(error)
    cause = error.__cause__
    if isinstance(cause, UnsupportedTypeError):
        return cause
    text, path = _split_place(str(error))
    if cause is not None and _is_pydantic(cause):
        return _from_pydantic(cause, path)
    if path:
        return UnmarshalError(None, [FieldError(path, text)])
    return UnmarshalError(_describe(error, text))


def _describe(error: BaseException, text: str) -> str:
    if isinstance(error, RecursionError):
        return "the payload is nested too deeply"
    if isinstance(error, UnicodeError):
        return "the payload is not valid UTF-8"
    return text or reason_of(error)


def _split_place(message: str) -> tuple[str, str]:
    """Split msgspec's "text - at `$.path`" into the text and the path of the field at fault."""
    text, found, place = message.rpartition(" - at ")
    opening = place.find("`$")
    if not found or opening < 0:
        text, path = message, ""
    else:
        path = place[opening + 2 : -1].removeprefix(".")
        if place.startswith("`key`"):
            text += " as a key"
    for beginning, problem in _IN_PLACE.items():
        if text.startswith(beginning):
            return problem, _join(path, text[len(beginning) : -1])
    return text, path


def _join(path: str, name: str | int) -> str:
    if isinstance(name, int):
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else name


def _is_pydantic(error: BaseException) -> bool:
    return type(error).__module__ == "pydantic_core._pydantic_core" and hasattr(error, "errors")


def _from_pydantic(error: Any, path: str = "") -> UnmarshalError:
    """Return an error with all the fields that pydantic's `ValidationError` names, under `path`."""
    fields: list[FieldError] = []
    details = error.errors(include_url=False, include_context=False, include_input=False)
    for detail in details:
        field = path
        for part in detail["loc"]:
            field = _join(field, part)
        if field:
            fields.append(FieldError(field, detail["msg"]))
    return UnmarshalError(None if fields else details[0]["msg"], fields)
