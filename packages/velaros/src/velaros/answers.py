"""What a client makes of a payload: a value of the type it asked for, or an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from aros_core.errors import FieldError, UnmarshalError
from aros_core.payloads.conversion import to_plain
from velaros.errors import ErrorAnswer

if TYPE_CHECKING:
    from aros_core.codecs import Codec, InboundMessage


def read_payload(message: InboundMessage, codec: Codec, into: Any = None) -> Any:
    """Return the payload as a validated `into`; without one, plain values, `None` for no payload.

    Raises `UnmarshalError` when the payload is missing or does not fit, and `ErrorAnswer` when it
    is an error in the shape of `Error` or `FieldError` that `into` has no place for.
    """
    if into is None:
        return _read_plain(message, codec)
    try:
        value = codec.decode_data(message, into)
    except UnmarshalError as fault:
        error = find_error(message, codec)
        if error is None:
            raise
        raise error from fault
    error = find_error(message, codec)
    if error is not None and not _keeps_error(value):
        raise error
    return value


def find_error(message: InboundMessage, codec: Codec) -> ErrorAnswer | None:
    """Return the error that a message carries in the shape of `Error` or `FieldError`."""
    if not codec.shapes_answers:
        return None if message.data else _error_of(message.meta)
    data = message.data
    if data is None or b"error" not in data:
        return None
    try:
        shape = codec.decode_data(message)
    except UnmarshalError:
        return None
    if isinstance(shape, dict) and shape.keys() <= {"error", "fields"}:
        return _error_of(cast("dict[Any, Any]", shape))
    return None


def _read_plain(message: InboundMessage, codec: Codec) -> Any:
    if not codec.shapes_answers:
        error = find_error(message, codec)
        if error is not None:
            raise error
    return None if message.data is None else codec.decode_data(message)


def _error_of(shape: Mapping[Any, Any]) -> ErrorAnswer | None:
    text, fields = shape.get("error"), shape.get("fields", [])
    if not isinstance(text, str) or not isinstance(fields, list):
        return None
    errors: list[FieldError] = []
    for entry in cast("list[Any]", fields):
        if not isinstance(entry, dict):
            return None
        errors += [FieldError(str(k), str(v)) for k, v in cast("dict[Any, Any]", entry).items()]
    return ErrorAnswer(text, errors)


def _keeps_error(value: Any) -> bool:
    """Tell whether an error's text is still there in the value that it was read as."""
    try:
        plain = to_plain(value)
    except TypeError:
        return False
    return isinstance(plain, Mapping) and "error" in plain
