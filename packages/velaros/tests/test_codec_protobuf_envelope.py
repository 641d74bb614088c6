"""The envelope of protobuf messages."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import pytest
from google.protobuf.type_pb2 import Field
from hypothesis import given, settings
from hypothesis import strategies as st

from aros_core.codecs import NO_DATA, InboundMessage, MessageType, OutboundMessage
from aros_core.errors import Error, FieldError, MessageError, UnmarshalError
from velaros.codecs import ProtobufCodec
from velaros.protobuf.envelope_pb2 import Envelope

CODEC = ProtobufCodec()
ADA = Field(name="ada", number=36)


def received(**fields: Any) -> InboundMessage:
    """Return the message read from an envelope with `fields`."""
    return CODEC.decode_message(Envelope(**fields).SerializeToString(), MessageType.BINARY)


def sent(message: OutboundMessage) -> Envelope:
    """Return the envelope that `message` goes out in."""
    return Envelope.FromString(CODEC.encode_message(message))


def test_the_envelope_is_the_one_clients_know() -> None:
    """Name, field numbers and types are the contract with clients in every language."""
    assert Envelope.DESCRIPTOR.full_name == "velaros.protobuf.Envelope"
    numbers = {field.name: field.number for field in Envelope.DESCRIPTOR.fields}
    assert numbers == {"id": 1, "path": 2, "data": 3, "meta": 4}
    assert Envelope(id="a", path="b", data=b"c", meta={"d": b"e"}).SerializeToString() == (
        b'\x0a\x01a\x12\x01b\x1a\x01c"\x06\x0a\x01d\x12\x01e'
    )


def test_is_chosen_by_its_subprotocol() -> None:
    """The codec says by which name clients ask for it, and that it is binary."""
    assert (CODEC.name, CODEC.subprotocol) == ("protobuf", "velaros-protobuf")
    assert CODEC.message_type is MessageType.BINARY
    assert CODEC.reads("application/x-protobuf")


def test_reads_all_fields() -> None:
    """Every field arrives; metadata is JSON where it parses as such, else bytes."""
    meta = {"n": b"1", "o": b'{"a":[true]}', "text": b"plain", "raw": b"\xff", "deep": b"[" * 5000}
    message = received(id="x", path="/a", data=ADA.SerializeToString(), meta=meta)
    assert (message.id, message.path, message.end) == ("x", "/a", False)
    assert CODEC.decode_data(message, Field) == ADA
    assert message.meta == {**meta, "n": 1, "o": {"a": [True]}}
    assert message.type is MessageType.BINARY


def test_empty_fields_are_absent() -> None:
    """What is empty was not sent, but no bytes are a payload: a message with nothing set."""
    message = received()
    assert (message.id, message.path, dict(message.meta)) == (None, "", {})
    assert CODEC.decode_data(message, Field) == Field()


@pytest.mark.parametrize("meta", [b"1", b"false", b"yes"])
def test_only_true_ends_a_stream(meta: bytes) -> None:
    """A stream's last message is the one whose metadata says `end`."""
    assert received(meta={"end": b"true"}).end is True
    assert received(meta={"end": meta}).end is False


@pytest.mark.parametrize(
    ("fields", "message_id"),
    [({"id": "x" * 129}, None), ({"id": "é" * 65}, None), ({"id": "x", "path": "/" * 2049}, "x")],
    ids=["id", "id in bytes", "path"],
)
def test_fields_past_their_limit_are_refused(fields: Any, message_id: str | None) -> None:
    """An id over 128 bytes or a path over 2,048 is an error, with the id where it fits."""
    with pytest.raises(MessageError) as caught:
        received(**fields)
    assert caught.value.id == message_id


@pytest.mark.parametrize("raw", ["{}", b"\xff", b'{"id":1}', b"\x0a\xff\x01x", b"\x0a\x01\xff"])
def test_what_is_no_envelope_is_refused(raw: str | bytes) -> None:
    """Text frames, other formats and broken bytes are a `MessageError`."""
    with pytest.raises(MessageError, match="protobuf message"):
        CODEC.decode_message(raw, MessageType.TEXT)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_random_frames_are_read_or_refused(raw: bytes) -> None:
    """Whatever a frame holds, the worst is a `MessageError`."""
    with contextlib.suppress(MessageError):
        message = CODEC.decode_message(raw, MessageType.BINARY)
        with contextlib.suppress(UnmarshalError):
            CODEC.decode_data(message, Field)


@settings(deadline=None)
@given(
    st.text(min_size=1, max_size=32),
    st.text(max_size=32),
    st.dictionaries(st.text(), st.integers() | st.text() | st.booleans() | st.none()),
)
def test_messages_come_back(message_id: str, path: str, meta: dict[str, Any]) -> None:
    """What goes out comes in the same."""
    raw = CODEC.encode_message(OutboundMessage(message_id, ADA, path, meta))
    message = CODEC.decode_message(raw, MessageType.BINARY)
    assert (message.id, message.path, message.meta) == (message_id, path, meta)
    assert CODEC.decode_data(message, Field) == ADA


def test_absent_fields_are_left_out() -> None:
    """An envelope holds what was given; a number as id goes out as its digits."""
    assert sent(OutboundMessage(5, ADA)) == Envelope(id="5", data=ADA.SerializeToString())
    assert sent(OutboundMessage("x", None)) == Envelope(id="x")
    assert CODEC.encode_message(OutboundMessage()) == b""


def test_bytes_in_metadata_go_out_as_they_are() -> None:
    """Bytes are not turned into JSON; everything else is."""
    meta = {"raw": b"\xff", "text": "a", "list": [1]}
    assert dict(sent(OutboundMessage(data=ADA, meta=meta)).meta) == {
        "raw": b"\xff",
        "text": b'"a"',
        "list": b"[1]",
    }


@pytest.mark.parametrize(
    ("answer", "meta"),
    [
        (Error("no"), {"error": b'"no"'}),
        (UnmarshalError("bad"), {"error": b'"bad"'}),
        (
            [FieldError("email", "is required")],
            {"error": b'"Validation error"', "fields": b'[{"email":"is required"}]'},
        ),
    ],
    ids=repr,
)
def test_errors_travel_in_the_metadata(answer: Any, meta: dict[str, bytes]) -> None:
    """An error has no message of the application to be in, so the envelope carries it."""
    envelope = sent(OutboundMessage("x", answer, meta={"t": 1}))
    assert envelope == Envelope(id="x", meta={"t": b"1", **meta})


def test_the_end_of_a_stream_travels_in_the_metadata() -> None:
    """The last message says `end` and carries nothing."""
    message = OutboundMessage("x", NO_DATA, end=True)
    assert sent(message) == Envelope(id="x", meta={"end": b"true"})


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (OutboundMessage(data="text"), "^cannot encode str as protobuf: answer with a generated"),
        (
            OutboundMessage(data={"a": 1}),
            "^cannot encode dict as protobuf: answer with a generated",
        ),
        (OutboundMessage(id="\ud800"), "^cannot encode a message as protobuf: .*unicode"),
        (
            OutboundMessage(data=ADA, meta={"a": object()}),
            "^cannot encode Field as protobuf: object",
        ),
        (OutboundMessage(data=ADA, meta={"\ud800": 1}), "^cannot encode Field as protobuf: "),
    ],
    ids=["text", "dict", "id", "meta", "name in meta"],
)
def test_what_cannot_be_sent_is_told(message: OutboundMessage, problem: str) -> None:
    """The `TypeError` says what it was and why."""
    with pytest.raises(TypeError, match=f"(?i){problem}"):
        CODEC.encode_message(message)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library, making the codec says what to install."""
    monkeypatch.setitem(sys.modules, "google.protobuf.message", None)
    with pytest.raises(ImportError, match=r'install the "protobuf" extra.*velaros\[protobuf\]'):
        ProtobufCodec()
