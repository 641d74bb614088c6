"""Tests of what clients make of payloads: values, and errors that stay errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from pydantic import BaseModel

from aros_core.codecs import Codec, InboundMessage, JsonCodec, OutboundMessage
from aros_core.codecs.msgpack import MsgpackCodec
from velaros import Error, FieldError, UnmarshalError
from velaros.answers import find_error, read_payload
from velaros.codecs import ProtobufCodec
from velaros.errors import ErrorAnswer
from velaros.protobuf.envelope_pb2 import Envelope

PLAIN = [JsonCodec(), MsgpackCodec()]
ALL: list[Codec] = [*PLAIN, ProtobufCodec()]


@dataclass
class Lenient:
    """A type that an error would fit, if nobody looked."""

    title: str = ""


class Strict(BaseModel):
    """A type that no error fits."""

    title: str


class Failure(msgspec.Struct):
    """A type that is made for errors."""

    error: str


def sent(codec: Codec, data: Any, **fields: Any) -> InboundMessage:
    """Return a message as it comes over the wire."""
    frame = codec.encode_message(OutboundMessage(data=data, id="1", **fields))
    return codec.decode_message(frame, codec.message_type)


@pytest.mark.parametrize("codec", PLAIN, ids=lambda codec: codec.name)
class TestPlainFormats:
    """Formats whose payloads have the shapes of errors."""

    def test_values(self, codec: Codec) -> None:
        """A payload is read as what was asked for, and as plain values without a type."""
        assert read_payload(sent(codec, {"title": "Blue"}), codec, Lenient) == Lenient("Blue")
        assert read_payload(sent(codec, [1, None]), codec) == [1, None]
        assert read_payload(sent(codec, None), codec) is None

    def test_no_payload(self, codec: Codec) -> None:
        """No payload is None, but fits no type."""
        message = InboundMessage(id="1")
        assert read_payload(message, codec) is None
        with pytest.raises(UnmarshalError, match="no data"):
            read_payload(message, codec, Lenient)

    @pytest.mark.parametrize("into", [Lenient, Strict, int])
    def test_errors_are_never_values(self, codec: Codec, into: Any) -> None:
        """An error is raised where it would get lost, whether it fits by chance or not."""
        message = sent(codec, Error("not found"))
        with pytest.raises(ErrorAnswer, match="the answer is an error: not found") as failure:
            read_payload(message, codec, into)
        assert (failure.value.error, failure.value.fields) == ("not found", [])

    def test_fields_at_fault_are_kept(self, codec: Codec) -> None:
        """Errors about fields keep their fields."""
        faults = [FieldError("title", "is required"), FieldError("year", "is odd")]
        with pytest.raises(ErrorAnswer, match="title: is required; year: is odd") as failure:
            read_payload(sent(codec, faults), codec, Lenient)
        assert failure.value.error == "Validation error"
        assert failure.value.fields == faults

    def test_errors_are_read_by_who_has_a_place_for_them(self, codec: Codec) -> None:
        """Without a type, or with one that holds the error, it is a value like any other."""
        message = sent(codec, Error("not found"))
        assert read_payload(message, codec) == {"error": "not found"}
        assert read_payload(message, codec, Failure) == Failure("not found")
        assert read_payload(message, codec, dict[str, str]) == {"error": "not found"}
        assert read_payload(message, codec, Any) == {"error": "not found"}

    @pytest.mark.parametrize(
        "data",
        [
            "error",
            ["error"],
            {"error": 1},
            {"error": "x", "title": "Blue"},
            {"error": "x", "fields": 1},
            {"error": "x", "fields": [1]},
            {"title": "error"},
        ],
    )
    def test_what_only_looks_like_an_error(self, codec: Codec, data: Any) -> None:
        """Only the exact shapes count."""
        assert find_error(sent(codec, data), codec) is None

    def test_wrong_values_stay_unmarshal_errors(self, codec: Codec) -> None:
        """What does not fit, and is no error, is told as such."""
        with pytest.raises(UnmarshalError) as failure:
            read_payload(sent(codec, {"title": 1}), codec, Strict)
        assert not isinstance(failure.value, ErrorAnswer)
        assert failure.value.fields[0].field == "title"


def test_unreadable_payloads_are_no_errors_of_the_server() -> None:
    """Bytes that only contain the word are unreadable, and nothing else."""
    message = InboundMessage(id="1", payload=b"error")
    assert find_error(message, JsonCodec()) is None
    with pytest.raises(UnmarshalError):
        read_payload(message, JsonCodec(), Lenient)


def test_protobuf_errors_travel_in_the_metadata() -> None:
    """With protobuf an error is always raised, since no payload can hold it."""
    codec = ProtobufCodec()
    message = sent(codec, [FieldError("title", "is required")])
    for into in (None, Envelope):
        with pytest.raises(ErrorAnswer) as failure:
            read_payload(message, codec, into)
        assert failure.value.fields == [FieldError("title", "is required")]
    value = sent(codec, Envelope(path="/x"), meta={"error": "is the user's own"})
    assert read_payload(value, codec, Envelope) == Envelope(path="/x")
    with pytest.raises(TypeError, match="generated message class"):
        read_payload(value, codec)
