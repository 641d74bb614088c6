"""The shapes of special answers."""

from __future__ import annotations

from typing import Any

import pytest

from aros_core.errors import Error, FieldError, HTTPError, UnmarshalError
from aros_core.payloads.answers import shape_answer, shape_message

REQUIRED = FieldError("email", "is required")
TAKEN = FieldError("name", "is taken")

SPECIAL = [
    (Error("no"), {"error": "no"}),
    (REQUIRED, {"error": "Validation error", "fields": [{"email": "is required"}]}),
    (
        [REQUIRED, TAKEN],
        {"error": "Validation error", "fields": [{"email": "is required"}, {"name": "is taken"}]},
    ),
    ((TAKEN,), {"error": "Validation error", "fields": [{"name": "is taken"}]}),
    (UnmarshalError("bad JSON"), {"error": "bad JSON"}),
    (
        UnmarshalError(None, [REQUIRED]),
        {"error": "Validation error", "fields": [{"email": "is required"}]},
    ),
]

ORDINARY: list[Any] = [
    None,
    5,
    {"a": 1},
    [],
    (),
    [1, REQUIRED],
    [REQUIRED, 1],
    HTTPError(404),
    ValueError("x"),
    b"x",
]


@pytest.mark.parametrize("shape", [shape_answer, shape_message])
@pytest.mark.parametrize(("value", "expected"), SPECIAL, ids=repr)
def test_special_answers_get_their_shape(shape: Any, value: Any, expected: Any) -> None:
    """Errors and field errors, one or many, become the objects that clients know."""
    assert shape(value) == expected


@pytest.mark.parametrize("shape", [shape_answer, shape_message])
@pytest.mark.parametrize("value", ORDINARY, ids=repr)
def test_all_else_stays_as_it_is(shape: Any, value: Any) -> None:
    """The very same object comes back, so callers can tell by identity."""
    assert shape(value) is value


def test_a_text_gets_a_shape_in_messages_only() -> None:
    """A plain `str` is wrapped for messages and left alone in answers over HTTP."""
    assert shape_message("hi") == {"message": "hi"}
    assert shape_answer("hi") == "hi"
