"""What went wrong with a payload, and whose fault it is."""

from __future__ import annotations

import dataclasses
from typing import Any, NoReturn

import pydantic
import pytest

from aros_core.errors import UnmarshalError
from aros_core.payloads.conversion import convert
from aros_core.payloads.faults import UnsupportedTypeError, read, reason_of


def failing(error: BaseException) -> Any:
    """Return a reader that raises an error."""

    def reader(source: object) -> NoReturn:
        del source
        raise error

    return reader


def test_returns_what_the_reader_makes() -> None:
    """A source that can be read is nothing to talk about."""
    assert read(int, "5") == 5


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("too late"), "too late"),
        (ValueError(), "ValueError"),
        (OverflowError("too large"), "too large"),
        (MemoryError(), "MemoryError"),
        (RecursionError("maximum depth"), "the payload is nested too deeply"),
        (UnicodeDecodeError("utf-8", b"", 0, 1, "odd"), "the payload is not valid UTF-8"),
        (TypeError("unhashable type: 'dict'"), "unhashable type: 'dict'"),
    ],
    ids=repr,
)
def test_what_the_payload_is_at_fault_for(error: Exception, text: str) -> None:
    """Whatever reading raises for its bytes is one error, with the first as its cause."""
    with pytest.raises(UnmarshalError) as caught:
        read(failing(error), b"")
    assert str(caught.value) == text
    assert caught.value.fields == []
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [KeyError("bug"), TypeError("bug"), AttributeError("bug")])
def test_what_the_program_is_at_fault_for_comes_through(error: Exception) -> None:
    """A bug in a validator is not the client's."""
    with pytest.raises(type(error), match="bug"):
        read(failing(error), b"")


def test_a_type_that_cannot_be_read_is_told_where_it_was_met() -> None:
    """Found in the midst of a payload, it is the program's fault all the same."""
    wrapped = ValueError("somewhere inside")
    wrapped.__cause__ = UnsupportedTypeError("cannot unmarshal into Custom")
    with pytest.raises(UnsupportedTypeError, match="cannot unmarshal into Custom"):
        read(failing(wrapped), b"")


@pytest.mark.parametrize(
    ("words", "field", "problem"),
    [
        ("Expected `int`, got `str` - at `$.a.b[0]`", "a.b[0]", "Expected `int`, got `str`"),
        (
            "Expected `int`, got `str` - at `key` in `$.a`",
            "a",
            "Expected `int`, got `str` as a key",
        ),
        ("Object missing required field `b` - at `$.a`", "a.b", "is required"),
        ("Object missing required field `b`", "b", "is required"),
        ("Object contains unknown field `z`", "z", "is not known"),
    ],
)
def test_the_place_becomes_the_field(words: str, field: str, problem: str) -> None:
    """Msgspec's words for a place are told as the path of the field at fault."""
    with pytest.raises(UnmarshalError) as caught:
        read(failing(ValueError(words)), b"")
    assert [(fault.field, fault.error) for fault in caught.value.fields] == [(field, problem)]


def test_an_error_without_a_text_is_called_by_its_name() -> None:
    """No reason is ever empty."""
    assert reason_of(ValueError("why")) == "why"
    assert reason_of(MemoryError()) == "MemoryError"


def test_a_type_error_of_the_program_comes_through() -> None:
    """A `TypeError` that pydantic lets through is a bug in a validator, not in the payload."""

    class Broken(pydantic.BaseModel):
        number: int

        @pydantic.field_validator("number")
        @classmethod
        def _check(cls, number: int) -> int:
            return number + len(None)  # pyright: ignore[reportArgumentType]

    with pytest.raises(TypeError, match="NoneType"):
        convert({"number": 1}, Broken)


def test_a_message_with_the_words_of_msgspec_is_no_path() -> None:
    """A validator's own text may well contain " - at " without naming a place."""

    @dataclasses.dataclass
    class Meeting:
        when: int

        def __post_init__(self) -> None:
            raise ValueError("too late - at night")

    with pytest.raises(UnmarshalError, match=r"^too late - at night$") as caught:
        convert({"when": 1}, Meeting)
    assert caught.value.fields == []
