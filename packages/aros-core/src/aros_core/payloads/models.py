"""Pydantic's models, without importing pydantic before somebody uses one.

A class that pydantic made carries its validator and its serializer as attributes, so the library
itself is needed only for constructs around such classes (`list[Model]`, `Cat | Dog`).
"""

from __future__ import annotations

from typing import Any, get_args


def model_validator(into: Any) -> Any:
    """Return the validator of the model or pydantic dataclass `into`, else `None`."""
    if isinstance(into, type):
        return getattr(into, "__pydantic_validator__", None)
    return None


def model_serializer(value: object) -> Any:
    """Return the serializer for `value` if it is an instance of a pydantic model, else `None`."""
    return getattr(type(value), "__pydantic_serializer__", None)


def validator(into: Any) -> Any:
    """Return what validates `into` if that is pydantic's task, else `None`.

    It is for models, and for constructs with a model among their arguments as long as pydantic
    knows the rest of the construct.
    """
    own = model_validator(into)
    if own is not None or not _mentions_model(into):
        return own
    from pydantic import PydanticUserError, TypeAdapter

    try:
        adapter: TypeAdapter[Any] = TypeAdapter(into)
    except PydanticUserError:
        return None
    return adapter.validator


def _mentions_model(into: Any) -> bool:
    return any(
        model_validator(argument) is not None or _mentions_model(argument)
        for argument in get_args(into)
    )
