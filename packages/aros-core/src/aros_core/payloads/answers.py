"""The shapes in which special answers go out."""

from __future__ import annotations

from typing import Any, Final, cast

from aros_core.errors import ArosError, Error, FieldError, UnmarshalError

MAYBE_SPECIAL: Final = (ArosError, list, tuple)
"""The types of special answers; whatever is of another type goes out as it is."""


def shape_answer(value: Any) -> Any:
    """Return what to encode for `value`: special answers in their shape, all else as it is.

    - `Error("text")` becomes `{"error": "text"}`
    - a `FieldError`, or a list or tuple of nothing but those, becomes
      `{"error": "Validation error", "fields": [{"email": "is required"}]}`
    - an `UnmarshalError` takes the second shape when it names fields, else the first
    """
    if isinstance(value, MAYBE_SPECIAL):
        return _shape(cast("ArosError | list[Any] | tuple[Any, ...]", value))
    return value


def shape_message(value: Any) -> Any:
    """Return what a message carries for `value`: as `shape_answer`, and a `str` in a shape as well.

    A plain `str` becomes `{"message": value}`.
    """
    if isinstance(value, str):
        return {"message": value}
    return shape_answer(value)


def _shape(value: ArosError | list[Any] | tuple[Any, ...]) -> Any:
    if isinstance(value, FieldError):
        return _shape_fields([value])
    if isinstance(value, Error):
        return {"error": value.text}
    if isinstance(value, UnmarshalError):
        return _shape_fields(value.fields) if value.fields else {"error": value.message}
    if not isinstance(value, ArosError) and _are_field_errors(value):
        return _shape_fields(value)
    return value


def _are_field_errors(items: list[Any] | tuple[Any, ...]) -> bool:
    return len(items) > 0 and all(isinstance(item, FieldError) for item in items)


def _shape_fields(errors: list[FieldError] | tuple[FieldError, ...]) -> dict[str, Any]:
    return {"error": "Validation error", "fields": [{e.field: e.error} for e in errors]}
