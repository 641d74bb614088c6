"""Typed values out of plain ones, and plain ones out of whatever can be sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MappingView, Sequence, Set
from functools import partial
from typing import Any, Final, TypeVar, cast, get_origin

import msgspec
import msgspec.inspect

from aros_core.memo import Memo
from aros_core.payloads.faults import UnsupportedTypeError, read, reason_of
from aros_core.payloads.models import model_serializer, model_validator, validator

R = TypeVar("R")

# What encoding a value may raise.
WRITE_FAULTS: Final = (TypeError, ValueError, OverflowError, RecursionError, MemoryError)

_SENDABLE: Final = "a dataclass, a msgspec.Struct, an attrs class, a pydantic model or plain values"


def per_type(build: Callable[[Any], R]) -> Callable[[Any], R]:
    """Remember what `build` makes of the types asked for last; unhashable ones are built anew."""
    remembered = Memo(build)

    def get(into: Any) -> R:
        try:
            return remembered[into]
        except UnsupportedTypeError:
            raise
        except TypeError:
            return build(into)

    return get


@per_type
def json_reader(into: Any) -> Callable[[bytes], Any]:
    """Return the function that reads JSON bytes as a validated `into`.

    Raises `UnsupportedTypeError` (a `TypeError`) for a type that nothing can be read as.
    """
    model = validator(into)
    if model is not None:
        return cast("Callable[[bytes], Any]", model.validate_json)
    try:
        return msgspec.json.Decoder(into, dec_hook=_read_custom).decode
    except (TypeError, NameError) as error:
        raise _unsupported(into, error) from error


@per_type
def plain_reader(into: Any) -> Callable[[Any], Any]:
    """Return the function that reads plain values (dict, list, str, ...) as a validated `into`.

    Raises `UnsupportedTypeError` (a `TypeError`) for a type that nothing can be read as.
    """
    model = validator(into)
    if model is not None:
        return cast("Callable[[Any], Any]", model.validate_python)
    try:
        # `convert` looks at the type anew each time; only a decoder checks it ahead of all values.
        msgspec.msgpack.Decoder(into, dec_hook=_read_custom)
    except (TypeError, NameError) as error:
        raise _unsupported(into, error) from error
    return partial(msgspec.convert, type=into, dec_hook=_read_custom)


def is_readable(into: Any) -> bool:
    """Tell whether plain values can be read as an `into` at all."""
    if validator(into) is not None:
        return True
    try:
        kind = msgspec.inspect.type_info(into)
    except (TypeError, NameError):
        return False
    return not isinstance(kind, msgspec.inspect.CustomType)


def convert(value: Any, into: Any = Any) -> Any:
    """Return the plain `value` as a validated `into`; raise `UnmarshalError` if it does not fit.

    What JSON has no words for is taken in JSON's way (a date as a text) or as it is (a `datetime`).
    """
    if into is Any:
        return value
    return read(plain_reader(into), value)


def to_plain(value: Any, builtin_types: tuple[type, ...] = ()) -> Any:
    """Return `value` made of JSON's plain values and `builtin_types` only, such as `bytes`."""
    return msgspec.to_builtins(value, builtin_types=builtin_types, enc_hook=plain_hook)


def plain_hook(value: Any) -> Any:
    """Return, for what msgspec cannot encode, something that it can; else raise a `TypeError`.

    Models are dumped under their fields' aliases, the names that they are read by.
    """
    serializer = model_serializer(value)
    if serializer is not None:
        return serializer.to_python(value, by_alias=True)
    for base, reduce in _REDUCTIONS:
        if isinstance(value, base):
            plain = reduce(value)
            if type(plain) is type(value):
                # msgspec encodes it, so it can only be asking about a key.
                raise TypeError(f"{_name_of(type(value))} cannot be the key of an object")
            return plain
    raise TypeError(f"{_name_of(type(value))} cannot be sent: answer with {_SENDABLE}")


def _json_hook(value: Any) -> Any:
    serializer = model_serializer(value)
    if serializer is not None:
        return msgspec.Raw(serializer.to_json(value, by_alias=True))
    return plain_hook(value)


# The one encoder of JSON: a payload, or a message's whole envelope, in one go.
encode_json: Final = msgspec.json.Encoder(enc_hook=_json_hook).encode


def write_fault(error: BaseException, value: Any, codec: str) -> TypeError:
    """Return the error that says why `codec` cannot encode `value`: `error`, met while encoding."""
    if isinstance(error, RecursionError):
        reason = "it is nested too deeply, or contains itself"
    elif isinstance(error, UnicodeError):
        reason = f"a text in it is not valid Unicode ({error})"
    else:
        reason = reason_of(error)
    subject = "a message" if value is msgspec.UNSET else _name_of(type(value))
    return TypeError(f"cannot encode {subject} as {codec}: {reason}")


# Subclasses of builtins, and abstract collections, as the builtins that msgspec knows.
_REDUCTIONS: Final[tuple[tuple[Any, Callable[[Any], Any]], ...]] = (
    (str, str.__str__),
    (int, int.__int__),
    (float, float.__float__),
    ((bytes, bytearray), bytes),
    (Mapping, dict),
    ((Sequence, Set, MappingView), list),
)


def _read_custom(into: Any, value: Any) -> Any:
    """Read what msgspec leaves to us: pydantic's models, and values that are an `into` already."""
    model = model_validator(into)
    if model is not None:
        return model.validate_python(value)
    origin = get_origin(into) or into
    if isinstance(value, origin):
        return value
    raise _unsupported(into, f"nothing says how to make one of {_name_of(type(value))}")


def _unsupported(into: Any, reason: object) -> UnsupportedTypeError:
    return UnsupportedTypeError(
        f"cannot unmarshal into {_name_of(into)}: {reason}; use {_SENDABLE}"
    )


def _name_of(into: Any) -> str:
    return into.__qualname__ if isinstance(into, type) else repr(into)
