"""Typed conversion: what payloads are read as, what is said when they cannot be, what is sent."""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import json
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple, TypedDict
from uuid import UUID

import attrs
import msgspec
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aros_core.errors import FieldError, UnmarshalError
from aros_core.payloads.conversion import (
    convert,
    encode_json,
    json_reader,
    per_type,
    plain_reader,
    to_plain,
    write_fault,
)
from aros_core.payloads.faults import UnsupportedTypeError, read


@dataclasses.dataclass
class Address:
    email: str
    tags: list[str] = dataclasses.field(default_factory=list[str])


@dataclasses.dataclass
class User:
    name: str
    address: Address


class Point(msgspec.Struct):
    x: int
    y: int = 0


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    x: int = 0


@attrs.define
class Even:
    number: int = attrs.field()

    @number.validator  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUntypedFunctionDecorator]
    def _check(self, _attribute: object, value: int) -> None:
        if value % 2:
            raise ValueError("must be even")


class Movie(TypedDict):
    title: str


class Pair(NamedTuple):
    left: int
    right: str


class Item(pydantic.BaseModel):
    price: float
    label: str = pydantic.Field(default="", alias="itemLabel")


class Cat(pydantic.BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(pydantic.BaseModel):
    kind: Literal["dog"]


Pet = Annotated[Cat | Dog, pydantic.Field(discriminator="kind")]


@pydantic.dataclasses.dataclass
class Checked:
    size: pydantic.PositiveInt


@dataclasses.dataclass
class Basket:
    items: list[Item]


class Passwords(pydantic.BaseModel):
    one: str
    two: str

    @pydantic.model_validator(mode="after")
    def _same(self) -> Passwords:
        if self.one != self.two:
            raise ValueError("passwords differ")
        return self


@dataclasses.dataclass
class Positive:
    number: int

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("must not be negative")
        if self.number == 0:
            raise KeyError("a bug of the program")


class Custom:
    """A class that nobody knows how to read or to write."""


class Color(enum.Enum):
    RED = "red"


class Text(str):
    __slots__ = ()


class Whole(int):
    pass


class Real(float):
    pass


class Binary(bytes):
    pass


def from_json(data: bytes, into: Any) -> Any:
    """Read JSON straight from its bytes."""
    return read(json_reader(into), data)


def from_plain(data: bytes, into: Any) -> Any:
    """Read the same JSON by way of plain values."""
    return convert(json.loads(data), into)


Read = Callable[[bytes, Any], Any]
BOTH_WAYS = pytest.mark.parametrize("reading", [from_json, from_plain])

VALID: list[tuple[bytes, Any, Any]] = [
    (b'{"name":"a","address":{"email":"b"}}', User, User("a", Address("b"))),
    (b'{"x":1}', Point, Point(1)),
    (b'{"number":2}', Even, Even(2)),
    (b'{"title":"Alien"}', Movie, {"title": "Alien"}),
    (b'[1,"a"]', Pair, Pair(1, "a")),
    (b'{"price":1.5,"itemLabel":"x"}', Item, Item(price=1.5, itemLabel="x")),
    (b'[{"price":1}]', list[Item], [Item(price=1)]),
    (b'{"a":{"price":1}}', dict[str, Item], {"a": Item(price=1)}),
    (b"null", Item | None, None),
    (b'{"kind":"dog"}', Pet, Dog(kind="dog")),
    (b'[{"kind":"cat","lives":9}]', list[Pet], [Cat(kind="cat", lives=9)]),
    (b'{"items":[{"price":1}]}', Basket, Basket([Item(price=1)])),
    (b'[{"x":1},{"price":2}]', tuple[Point, Item], (Point(1), Item(price=2))),
    (b'{"size":3}', Checked, Checked(3)),
    (b'"red"', Color, Color.RED),
    (b"[1,2]", set[int], {1, 2}),
    (b'"2024-01-02T03:04:05Z"', datetime, datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
    (b'"00000000-0000-0000-0000-000000000001"', UUID, UUID(int=1)),
    (b'"1.50"', Decimal, Decimal("1.50")),
    (b"5", Annotated[int, msgspec.Meta(ge=5)], 5),
    (b'"a"', Literal["a", "b"], "a"),
    (b'{"a":[1,null,true]}', Any, {"a": [1, None, True]}),
    (b'{"a":1}', object, {"a": 1}),
    (b"null", None, None),
]


@BOTH_WAYS
@pytest.mark.parametrize(("data", "into", "expected"), VALID, ids=repr)
def test_reads_what_fits(reading: Read, data: bytes, into: Any, expected: Any) -> None:
    """Every supported kind of type is read into a value of that very type."""
    result = reading(data, into)
    assert result == expected
    assert type(result) is type(expected)


MISFITS: list[tuple[bytes, Any, str, str]] = [
    (b'{"name":"a","address":{"email":5}}', User, "address.email", "Expected `str`, got `int`"),
    (b'{"name":"a","address":{}}', User, "address.email", "is required"),
    (b"{}", Point, "x", "is required"),
    (b'{"z":1}', Strict, "z", "is not known"),
    (b'[{"x":1},{"x":"a"}]', list[Point], "[1].x", "Expected `int`, got `str`"),
    (b'{"a":"b"}', dict[str, int], "[...]", "Expected `int`, got `str`"),
    (b'{"items":[{"price":1},{"price":"a"}]}', Basket, "items[1].price", "Input should be"),
    (b'{"price":"a"}', Item, "price", "Input should be a valid number"),
    (b"{}", Item, "price", "Field required"),
    (b'[{"price":1},{}]', list[Item], "[1].price", "Field required"),
    (b'{"size":0}', Checked, "size", "Input should be greater than 0"),
    (b'[{"number":-1}]', list[Positive], "[0]", "must not be negative"),
    (b'{"a":[{"number":3}]}', dict[str, list[Even]], "[...][0]", "must be even"),
]


@BOTH_WAYS
@pytest.mark.parametrize(("data", "into", "field", "problem"), MISFITS, ids=repr)
def test_names_the_field_that_does_not_fit(
    reading: Read, data: bytes, into: Any, field: str, problem: str
) -> None:
    """The error's first field is the path of the field at fault, with what is wrong with it."""
    with pytest.raises(UnmarshalError) as caught:
        reading(data, into)
    assert caught.value.fields[0].field == field
    assert caught.value.fields[0].error.startswith(problem)
    assert f"{field}: {problem}" in str(caught.value)
    assert caught.value.__cause__ is not None


def test_tells_a_bad_key_from_a_bad_value() -> None:
    """A key of the wrong type is reported at the object that has it."""
    with pytest.raises(UnmarshalError, match=r"^Expected `int`, got `str` as a key$"):
        from_json(b'{"a":1}', dict[int, int])
    with pytest.raises(UnmarshalError) as caught:
        from_json(b'{"x":{"a":1}}', dict[str, dict[int, int]])
    [field] = caught.value.fields
    assert field == FieldError("[...]", "Expected `int`, got `str` as a key")


@BOTH_WAYS
@pytest.mark.parametrize("into", [Item, list[Item]])
def test_pydantic_names_all_fields(reading: Read, into: Any) -> None:
    """Where pydantic validates, every field at fault is listed."""
    data = b'{"price":"a","itemLabel":5}'
    where = "" if into is Item else "[0]."
    with pytest.raises(UnmarshalError) as caught:
        reading(data if into is Item else b"[%b]" % data, into)
    fields = [error.field.removeprefix(where) for error in caught.value.fields]
    assert fields == ["price", "itemLabel"]


@BOTH_WAYS
@pytest.mark.parametrize(
    ("data", "into", "message"),
    [
        (b"[]", Point, "Expected `object`, got `array`"),
        (b'"a"', int, "Expected `int`, got `str`"),
        (b'{"one":"a","two":"b"}', Passwords, "Value error, passwords differ"),
        (b"[{}]", set[Any], "unhashable type: 'dict'"),
    ],
    ids=repr,
)
def test_a_payload_that_is_wrong_as_a_whole_names_no_field(
    reading: Read, data: bytes, into: Any, message: str
) -> None:
    """The message says what is wrong, and the list of fields is empty."""
    with pytest.raises(UnmarshalError) as caught:
        reading(data, into)
    assert message in str(caught.value)
    assert caught.value.fields == []


@BOTH_WAYS
def test_a_bug_of_the_program_is_not_the_payloads_fault(reading: Read) -> None:
    """An exception that is no validation error comes through as it is."""
    with pytest.raises(KeyError, match="a bug of the program"):
        reading(b'{"number":0}', Positive)


@BOTH_WAYS
@pytest.mark.parametrize(
    ("into", "name"),
    [
        (Custom, "Custom"),
        (list[Custom], "Custom"),
        (5, "5"),
        ("Address", "'Address'"),
        (list[Any] | tuple[Any, ...], "list"),
        (Callable[[int], str], "Callable"),
    ],
    ids=repr,
)
def test_a_type_nobody_can_read_is_the_programs_fault(reading: Read, into: Any, name: str) -> None:
    """The `TypeError` names the type and says what to use."""
    with pytest.raises(TypeError, match=r"cannot unmarshal into .*; use a dataclass") as caught:
        reading(b"[{}]" if into == list[Custom] else b"{}", into)
    assert name in str(caught.value)
    assert not isinstance(caught.value, UnmarshalError)


def test_an_annotation_that_leads_nowhere_is_the_programs_fault() -> None:
    """A forward reference that cannot be resolved is told as such."""
    broken = dataclasses.make_dataclass("Broken", [("field", "Nowhere")])
    with pytest.raises(UnsupportedTypeError, match=r"Broken.*Nowhere"):
        json_reader(broken)
    with pytest.raises(UnsupportedTypeError, match=r"Broken.*Nowhere"):
        plain_reader(broken)


def test_values_of_a_class_are_taken_as_they_are() -> None:
    """A format's own objects can be asked for by their class, generic or not."""

    class Box(list[int]):
        pass

    custom = Custom()
    assert convert({"a": custom}, dict[str, Custom])["a"] is custom
    assert convert(Box([1]), Any) == [1]


def test_unhashable_types_are_read_as_well() -> None:
    """A type that cannot be remembered works, and its mistakes are reported the same way."""
    into = Annotated[int, ["a note"]]
    with pytest.raises(TypeError, match="unhashable"):
        hash(into)
    assert read(json_reader(into), b"5") == 5
    assert convert(5, into) == 5


def test_readers_are_made_once_per_type() -> None:
    """What was built for a type serves again, and errors are not remembered."""
    built: list[Any] = []

    @per_type
    def build(into: Any) -> int:
        built.append(into)
        return len(built)

    assert [build(int), build(int), build([]), build([])] == [1, 1, 2, 3]
    assert json_reader(Point) is json_reader(Point)
    assert plain_reader(Point) is plain_reader(Point)


HOSTILE: list[bytes] = [
    b"",
    b"[" * 1_000_000,
    b"[" * 500_000 + b"]" * 500_000,
    b'{"a":' * 200_000,
    b"9" * 1_000_000,
    b"-" + b"9" * 5_000,
    b"1e999999",
    b"0." + b"1" * 1_000_000 + b"e",
    b'"' + b"\\u0000" * 100_000,
    b'"\\ud800"',
    b'"\xff"',
    b'"\xed\xa0\x80"',
    b"{} {}",
    b"NaN",
    b"\xef\xbb\xbf{}",
    b"\x00" * 1000,
]


@pytest.mark.parametrize("into", [Any, Item, Point, list[Item], int, float, set[Any]])
@pytest.mark.parametrize("data", HOSTILE, ids=lambda data: repr(data[:20]))
def test_hostile_json_is_refused_quickly(data: bytes, into: Any) -> None:
    """Depth, huge numbers, broken text and trailing bytes give this one error, and at once."""
    start = time.process_time()
    with pytest.raises(UnmarshalError):
        from_json(data, into)
    assert time.process_time() - start < 0.5


def test_a_huge_decimal_is_read_quickly() -> None:
    """A decimal may have as many digits as it likes, without the time growing out of hand."""
    start = time.process_time()
    assert from_json(b"9" * 1_000_000, Decimal).adjusted() == 999_999
    assert time.process_time() - start < 0.5


@settings(deadline=None)
@given(st.binary(max_size=50), st.sampled_from([into for _, into, _ in VALID]))
def test_random_bytes_are_read_or_refused(data: bytes, into: Any) -> None:
    """Whatever the bytes say, the worst is an `UnmarshalError`."""
    with contextlib.suppress(UnmarshalError):
        from_json(data, into)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=5)
    | st.binary(max_size=5)
    | st.datetimes(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.integers() | st.floats(), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(PLAIN, st.sampled_from([into for _, into, _ in VALID]))
def test_random_plain_values_are_read_or_refused(value: Any, into: Any) -> None:
    """Whatever a format decodes to, odd keys included, the worst is an `UnmarshalError`."""
    with contextlib.suppress(UnmarshalError):
        convert(value, into)


SENT: list[tuple[Any, Any]] = [
    (User("a", Address("b")), {"name": "a", "address": {"email": "b", "tags": []}}),
    (Point(1), {"x": 1, "y": 0}),
    (Even(2), {"number": 2}),
    (Pair(1, "a"), [1, "a"]),
    (Item(price=1, itemLabel="x"), {"price": 1.0, "itemLabel": "x"}),
    ([Item(price=1)], [{"price": 1.0, "itemLabel": ""}]),
    (Basket([Item(price=1)]), {"items": [{"price": 1.0, "itemLabel": ""}]}),
    (Checked(3), {"size": 3}),
    (Color.RED, "red"),
    (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (Decimal("1.50"), "1.50"),
    (date(2024, 1, 2), "2024-01-02"),
    (datetime(2024, 1, 2, tzinfo=UTC), "2024-01-02T00:00:00Z"),
    (timedelta(days=1), "P1D"),
    (b"abc", "YWJj"),
    (Binary(b"abc"), "YWJj"),
    ({1}, [1]),
    (deque([1, 2]), [1, 2]),
    (range(2), [0, 1]),
    ({"a": 1}.values(), [1]),
    ({"a": 1}.keys(), ["a"]),
    (MappingProxyType({"a": 1}), {"a": 1}),
    (OrderedDict(a=1), {"a": 1}),
    (Text("a"), "a"),
    (Whole(5), 5),
    (Real(1.5), 1.5),
    (10**30, 10**30),
]


@pytest.mark.parametrize(("value", "expected"), SENT, ids=repr)
def test_sends_what_users_have(value: Any, expected: Any) -> None:
    """Models, records, collections and subclasses of builtins become plain values and JSON."""
    assert json.loads(encode_json(value)) == expected
    assert json.loads(encode_json({"data": value})) == {"data": expected}
    assert json.loads(json.dumps(to_plain(value))) == expected


def test_plain_values_keep_the_types_of_the_format() -> None:
    """What the format holds by itself is left alone, inside records too."""
    assert to_plain({"a": b"x"}, (bytes,)) == {"a": b"x"}
    assert to_plain([Text("a")]) == ["a"]
    assert type(to_plain(Text("a"))) is str


@pytest.mark.parametrize("value", [Custom(), {"a": Custom()}, Basket([Custom()])], ids=repr)  # pyright: ignore[reportArgumentType]
@pytest.mark.parametrize("encode", [encode_json, to_plain])
def test_what_cannot_be_sent_is_named(encode: Callable[[Any], Any], value: Any) -> None:
    """The `TypeError` names the type and says what to answer with."""
    with pytest.raises(TypeError, match=r"^Custom cannot be sent: answer with a dataclass"):
        encode(value)


def failing(value: Any) -> Exception:
    """Return the error that encoding `value` raises."""
    try:
        encode_json(value)
    except Exception as error:
        return error
    raise AssertionError("this can be encoded")


def test_faults_of_writing_say_what_and_why() -> None:
    """The error names the value's type and the codec, and tells cycles and broken text apart."""
    cycle: list[Any] = []
    cycle.append(cycle)
    assert str(write_fault(failing(cycle), cycle, "json")) == (
        "cannot encode list as json: it is nested too deeply, or contains itself"
    )
    fault = write_fault(failing("\ud800"), "\ud800", "json")
    assert str(fault).startswith("cannot encode str as json: a text in it is not valid Unicode")
    fault = write_fault(failing({(1, 2): 3}), {}, "json")
    assert str(fault) == "cannot encode dict as json: list cannot be the key of an object"
    assert str(write_fault(MemoryError(), msgspec.UNSET, "json")) == (
        "cannot encode a message as json: MemoryError"
    )
