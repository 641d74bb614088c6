"""JSON: what is its own beside the contract of all codecs."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pydantic
import pytest

from aros_core.codecs import JsonCodec, MessageType, OutboundMessage
from aros_core.errors import Error, FieldError, MessageError, UnmarshalError

CODEC = JsonCodec()
TEXT = MessageType.TEXT


@dataclasses.dataclass
class User:
    name: str
    tags: set[str] = dataclasses.field(default_factory=set[str])


class Model(pydantic.BaseModel):
    user_name: str = pydantic.Field(alias="userName")


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("application/json", True),
        ("Application/JSON; charset=UTF-8", True),
        ("application/problem+json", True),
        ("application/vnd.api+JSON; version=1", True),
        ("text/x+json", True),
        ("text/json", False),
        ("application/jsonp", False),
        ("json", False),
        ("+json", False),
        ("", False),
    ],
)
def test_reads_json_and_what_is_built_on_it(media_type: str, expected: bool) -> None:
    """Media types with the suffix +json are JSON (RFC 6839)."""
    assert CODEC.reads(media_type) is expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (OutboundMessage("x", {"a": 1}), b'{"id":"x","data":{"a":1}}'),
        (OutboundMessage(5, None), b'{"id":5,"data":null}'),
        (OutboundMessage(data="hi", path="/a"), b'{"data":"hi","path":"/a"}'),
        (
            OutboundMessage(data=User("ada"), meta={"t": 1}),
            b'{"data":{"name":"ada","tags":[]},"meta":{"t":1}}',
        ),
        (OutboundMessage(data=Model(userName="ada")), b'{"data":{"userName":"ada"}}'),
        (OutboundMessage("x", Error("no")), b'{"id":"x","data":{"error":"no"}}'),
        (OutboundMessage(id="x", end=True), b'{"id":"x","end":true}'),
        (OutboundMessage(10**40, 1), b'{"id":1%b,"data":1}' % (b"0" * 40)),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_messages_have_this_very_form(message: OutboundMessage, expected: bytes) -> None:
    """The bytes of a message are exactly these."""
    assert CODEC.encode_message(message) == expected


def test_the_payload_is_cut_out_as_it_is() -> None:
    """Text and bytes are read alike, and the payload keeps its spaces."""
    raw = '{"id":"é","data":{"a": [1 ]}}'
    for frame in (raw, raw.encode()):
        message = CODEC.decode_message(frame, TEXT)
        assert message.id == "é"
        assert message.data == b'{"a": [1 ]}'
        assert message.raw == raw.encode()


def test_the_payload_is_not_decoded_with_the_envelope() -> None:
    """A payload that does not fit is no reason to refuse the message."""
    message = CODEC.decode_message(b'{"id":1,"data":"\xff"}', TEXT)
    assert message.id == 1
    with pytest.raises(UnmarshalError, match=r"^the payload is not valid UTF-8$"):
        CODEC.decode_data(message)


def test_a_number_as_id_has_no_size_but_its_digits() -> None:
    """An id of more than 64 bits is echoed exactly; one of more than 128 digits is refused."""
    for message_id in (10**30, -(10**30), 10**127):
        message = CODEC.decode_message(f'{{"id":{message_id}}}', TEXT)
        assert message.id == message_id
    with pytest.raises(MessageError) as caught:
        CODEC.decode_message(f'{{"id":{10**128}}}', TEXT)
    assert caught.value.id is None


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "x",
        '{"id":"a"',
        '{"id":"a"} x',
        '{"id":"a","data":}',
        '{"id":"a","data":' + "[" * 100_000,
        '{"id":"\ud800"}',
        b'{"id":"a","path":"\xff"}',
        b'{"id":"a","\xff":1}',
        '{"id":1e5}',
        '{"id":' + "9" * 100_000 + "}",
    ],
    ids=lambda raw: repr(raw)[:30],
)
def test_broken_frames_are_refused(raw: str | bytes) -> None:
    """Bad syntax, bad text, bad depth: all of it is a `MessageError` that says what is wrong."""
    with pytest.raises(MessageError, match=r"^unreadable message: .+"):
        CODEC.decode_message(raw, TEXT)


def test_an_empty_payload_is_told() -> None:
    """No bytes at all is a mistake of its own."""
    with pytest.raises(UnmarshalError, match=r"^the payload is empty$"):
        CODEC.decode(b"")


def test_models_are_validated_straight_from_json() -> None:
    """Pydantic reads the bytes itself, and names every field at fault."""
    assert CODEC.decode(b'{"userName":"ada"}', Model) == Model(userName="ada")
    with pytest.raises(UnmarshalError) as caught:
        CODEC.decode(b"{}", Model)
    assert caught.value.fields == [FieldError("userName", "Field required")]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_without_a_word_in_json_are_null(number: float) -> None:
    """Other parsers must be able to read what goes out."""
    assert CODEC.encode([number]) == b"[null]"


def test_an_empty_object_is_no_payload() -> None:
    """A message with nothing but the envelope's fields has no payload."""
    assert CODEC.decode_message('{"path":"/a","id":1,"meta":{}}', TEXT).data is None


def test_readers_are_shared_between_codecs() -> None:
    """Two codecs read the same type alike."""
    result: Any = [codec.decode(b'{"name":"a"}', User) for codec in (JsonCodec(), JsonCodec())]
    assert result == [User("a"), User("a")]
