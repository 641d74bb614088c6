"""Models of pydantic: what validates and what writes them, and at what cost to everybody else."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import Annotated, Any

import msgspec
import pydantic
import pytest

from aros_core.payloads.models import model_serializer, model_validator, validator


class Item(pydantic.BaseModel):
    price: float


@pydantic.dataclasses.dataclass
class Checked:
    size: pydantic.PositiveInt


@dataclasses.dataclass
class Plain:
    size: int


class Shape(msgspec.Struct):
    sides: int


@pytest.mark.parametrize("model", [Item, Checked])
def test_a_model_brings_its_validator_and_serializer(model: Any) -> None:
    """Classes that pydantic made carry both; it is asked for nothing more."""
    validate = model_validator(model)
    value = validate.validate_python({"price": 1.0} if model is Item else {"size": 1})
    assert type(value) is model
    assert validator(model) is validate
    assert model_serializer(value) is not None


@pytest.mark.parametrize("other", [Plain, Shape, int, list[int], "Item", None, 5])
def test_others_are_not_for_pydantic(other: Any) -> None:
    """Neither types nor values; an instance of a model is no type either."""
    assert model_validator(other) is None
    assert validator(other) is None
    assert model_serializer(other) is None
    assert model_validator(Item(price=1)) is None


@pytest.mark.parametrize("into", [list[Item], Item | None, dict[str, list[Item]], tuple[int, Item]])
def test_constructs_around_a_model_are_for_pydantic(into: Any) -> None:
    """However deep in it the model is."""
    assert validator(into) is not None


def test_a_construct_that_pydantic_does_not_know_is_left_to_others() -> None:
    """They hand each model in it back to pydantic."""
    assert validator(Annotated[tuple[Shape, Item], "note"]) is None


def test_pydantic_is_not_imported_for_those_who_have_no_models() -> None:
    """Reading and writing plain types leaves it out, which saves a second of every start."""
    code = (
        "import sys; from aros_core.codecs import JsonCodec; codec = JsonCodec(); "
        "assert codec.decode(codec.encode([1]), list[int]) == [1]; "
        "assert 'pydantic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
