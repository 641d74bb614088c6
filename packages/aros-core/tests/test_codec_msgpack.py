"""MessagePack: what is its own beside the contract of all codecs."""

from __future__ import annotations

import dataclasses
import enum
import math
import struct
import sys
import time
from collections import deque
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgpack  # pyright: ignore[reportMissingTypeStubs]
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aros_core.codecs import MessageType, OutboundMessage
from aros_core.codecs.msgpack import MAX_OTHER_KEYS, MsgpackCodec
from aros_core.errors import MessageError, UnmarshalError

CODEC = MsgpackCodec()
BINARY = MessageType.BINARY
NOON = datetime(2024, 1, 2, 12, 0, 0, 5, tzinfo=UTC)


class Color(enum.Enum):
    RED = "red"


class Model(pydantic.BaseModel):
    key: UUID
    blob: bytes = b"\xff"


@dataclasses.dataclass
class Event:
    at: datetime
    blob: bytes


class Stamp(datetime):
    """A datetime of somebody's own."""


@pytest.mark.parametrize("media_type", ["msgpack", "x-msgpack", "vnd.msgpack"])
def test_reads_all_names_of_the_format(media_type: str) -> None:
    """The format has had several media types."""
    assert CODEC.reads(f"application/{media_type}; v=1")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"\x00\xff", b"\x00\xff"),
        (bytearray(b"ab"), b"ab"),
        (NOON, NOON),
        (NOON.astimezone(timezone(timedelta(hours=2))), NOON),
        (NOON.replace(tzinfo=None), "2024-01-02T12:00:00.000005"),
        (Stamp(2024, 1, 2), "2024-01-02T00:00:00"),
        (Event(NOON, b"x"), {"at": NOON, "blob": b"x"}),
        (
            Event(NOON.replace(tzinfo=None), b"x"),
            {"at": "2024-01-02T12:00:00.000005", "blob": b"x"},
        ),
        (date(2024, 1, 2), "2024-01-02"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Decimal("1.50"), "1.50"),
        (Color.RED, "red"),
        ({1}, [1]),
        (deque([1]), [1]),
        (Model(key=UUID(int=1)), {"key": "00000000-0000-0000-0000-000000000001", "blob": b"\xff"}),
        ({1: "a", UUID(int=1): "b"}, {1: "a", "00000000-0000-0000-0000-000000000001": "b"}),
        (msgpack.ExtType(5, b"x"), msgpack.ExtType(5, b"x")),
        ([math.inf], [math.inf]),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_values_travel_in_the_formats_own_types(value: Any, expected: Any) -> None:
    """Bytes stay bytes and times with a zone stay times; the rest goes as in JSON."""
    assert CODEC.decode(CODEC.encode(value)) == expected
    assert (
        CODEC.decode_data(
            CODEC.decode_message(CODEC.encode_message(OutboundMessage(data=value)), BINARY)
        )
        == expected
    )


@settings(deadline=None)
@given(st.datetimes(timezones=st.just(UTC)), st.dictionaries(st.integers(-5, 5), st.binary()))
def test_times_and_bytes_come_back(at: datetime, blobs: dict[int, bytes]) -> None:
    """Timestamps are exact to the microsecond, keys may be numbers, bytes are not touched."""
    assert CODEC.decode(CODEC.encode(Event(at, b"")), Event) == Event(at, b"")
    assert CODEC.decode(CODEC.encode(blobs), dict[int, bytes]) == blobs


def test_a_time_may_come_as_text() -> None:
    """A client without timestamps sends ISO 8601."""
    assert CODEC.decode(CODEC.encode("2024-01-02T12:00:00.000005Z"), datetime) == NOON


def test_a_number_past_64_bits_cannot_be_sent() -> None:
    """The format has no such number, and the error says so."""
    with pytest.raises(
        TypeError, match=r"^cannot encode int as msgpack: Integer value out of range"
    ):
        CODEC.encode(2**64)


def test_the_payload_is_cut_out_as_it_is() -> None:
    """The payload's bytes are those that came, in whatever form the client chose."""
    long_way = b"\xdf\x00\x00\x00\x01\xd9\x01a\xd3\x00\x00\x00\x00\x00\x00\x00\x01"
    raw = b"\x82\xa4data" + long_way + b"\xa2id\xd2\x00\x00\x00\x07"
    message = CODEC.decode_message(raw, BINARY)
    assert message.data == long_way
    assert message.id == 7
    assert message.raw == raw
    assert CODEC.decode_data(message) == {"a": 1}


def test_the_payload_is_not_decoded_with_the_envelope() -> None:
    """A payload that makes no sense is no reason to refuse the message."""
    message = CODEC.decode_message(b"\x81\xa4data\xa1\xff", BINARY)
    with pytest.raises(UnmarshalError, match=r"^unreadable msgpack: 'utf-8' codec"):
        CODEC.decode_data(message)


def test_text_frames_are_none_of_its() -> None:
    """A text frame is refused, so that another codec may read it."""
    with pytest.raises(MessageError, match="binary, and this one is text"):
        CODEC.decode_message("{}", MessageType.TEXT)


NOISE = b"\xc0" * 5000

BROKEN: list[bytes] = [
    b"",
    b"\xc1",
    b"\x01\x01",
    b"\x81",
    b"\xd9\x05ab",
    b"\xdf\xff\xff\xff\xff",
    b"\xdd\xff\xff\xff\xff",
    b"\xdb\xff\xff\xff\xff",
    b"\xdd\xff\xff\xff\xff" + NOISE,
    b"\xdd\x00\x0f\xff\xff" * 200_000,
    b"\xdd\x00\x0f\xff\xff" * 400 + NOISE * 200,
    b"\x91" * 2_000 + b"\xc0",
    b"\x91" * 1_000_000,
    b"\x81\x90\xc0",
    b"\xa1\xff",
    b"\xc7\x0c\xff" + struct.pack(">Iq", 0, 2**62),
    b"\xc7\x0c\xff" + struct.pack(">Iq", 2**32 - 1, 0),
    b"\xc7\x05\xff12345",
]


@pytest.mark.parametrize("data", BROKEN, ids=lambda data: repr(data[:12]))
def test_broken_payloads_are_refused_quickly(data: bytes) -> None:
    """Lying lengths, depth, trailing bytes, impossible times: one error, and at once."""
    start = time.process_time()
    with pytest.raises(UnmarshalError, match=r"^unreadable msgpack: .+"):
        CODEC.decode(data)
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(
    "raw",
    [
        *BROKEN,
        b"\xc0",
        b"\x90",
        b"\x80\x00",
        b"\x81\xa4data",
        b"\x82\xa4data\xc0",
        b"\x81\xa4meta\x81\x01\x02",
        b"\x81\xa5other" + BROKEN[4],
        b"\x81\xa5other\xa1\xff",
        b"\xdf\x00\x07\xa1\x20" + b"\x01\xc0" * 500_000 + b"\xc1",
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_broken_frames_are_refused_quickly(raw: bytes) -> None:
    """What holds for payloads holds for messages."""
    start = time.process_time()
    with pytest.raises(MessageError):
        CODEC.decode_message(raw, BINARY)
    assert time.process_time() - start < 1


def test_an_odd_key_is_a_misfit_and_no_more() -> None:
    """NaN, numbers and bytes are keys that plain values may have and records may not."""
    data = CODEC.encode({math.nan: 1, 5: 2, b"k": 3})
    assert set(CODEC.decode(data).values()) == {1, 2, 3}
    with pytest.raises(UnmarshalError, match=r"Expected `str`.* as a key"):
        CODEC.decode(data, dict[str, int])


def large(number: int) -> int:
    """Return a key that takes nine bytes."""
    return 2**32 + number


def digits(number: int) -> bytes:
    """Return a key of bytes."""
    return b"%d" % number


def many(key: Any, count: int) -> bytes:
    """Return a payload with a map within a list; `key` makes the map's keys of numbers."""
    return CODEC.encode([{key(number): None for number in range(count)}])


@pytest.mark.parametrize("key", [large, float])
def test_keys_that_may_collide_are_few(key: Any) -> None:
    """A client can choose numbers that collide, so that every look-up takes long."""
    for count in (MAX_OTHER_KEYS - 1, MAX_OTHER_KEYS):
        assert len(CODEC.decode(many(key, count))[0]) == count
    with pytest.raises(UnmarshalError, match=r"a map has 1001 keys that are neither text nor byt"):
        CODEC.decode(many(key, MAX_OTHER_KEYS + 1))


def test_a_messages_meta_has_no_keys_that_may_collide() -> None:
    """What holds for payloads holds inside of the metadata, and the id is known."""
    meta = {"a": {large(number): None for number in range(MAX_OTHER_KEYS + 1)}}
    with pytest.raises(MessageError, match="neither text nor bytes") as caught:
        CODEC.decode_message(CODEC.encode({"meta": meta, "id": "x"}), BINARY)
    assert caught.value.id == "x"


@pytest.mark.parametrize("key", [str, digits])
def test_keys_that_cannot_be_chosen_to_collide_are_any_number(key: Any) -> None:
    """Texts and bytes have hashes that no client can foretell; some others may be among them."""
    many_keys = {key(number): None for number in range(5000)}
    mixed = {**many_keys, 1: None, 2.5: None}
    assert CODEC.decode(CODEC.encode(many_keys)) == many_keys
    assert CODEC.decode(CODEC.encode(mixed)) == mixed


@pytest.mark.parametrize(
    "rest",
    [
        b"\xa4data" + b"\x91" * 100_000,
        b"\xa4meta" + b"\xdd\x00\x0f\xff\xff" * 1000,
        b"\xa4path\xdd\xff\xff\xff\xff",
        b"\xa4data\xa5ab",
        b"\xa4data\xc0\xc0",
        b"\xa4meta\xa1\xff",
    ],
    ids=lambda rest: repr(rest[:12]),
)
def test_the_id_of_a_broken_frame_is_told(rest: bytes) -> None:
    """Whatever the other fields are, an answer can say which message it refuses."""
    with pytest.raises(MessageError) as caught:
        CODEC.decode_message(b"\x82\xa2id\x07" + rest, BINARY)
    assert caught.value.id == 7


def test_the_id_of_a_frame_is_found_behind_broken_fields() -> None:
    """The order of the fields is the client's choice; what is no id is none."""
    for id_bytes, expected in [(b"\xa1x", "x"), (b"\xc0", None), (b"\x90", None), (b"\xc3", None)]:
        with pytest.raises(MessageError) as caught:
            CODEC.decode_message(b"\x82\xa4path\x91\xc0\xa2id" + id_bytes, BINARY)
        assert caught.value.id == expected


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library, making the codec says what to install."""
    monkeypatch.setitem(sys.modules, "msgpack", None)
    with pytest.raises(ImportError, match=r'install the "msgpack" extra.*velaros\[msgpack\]'):
        MsgpackCodec()
