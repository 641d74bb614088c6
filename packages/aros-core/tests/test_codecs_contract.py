"""What every codec keeps to, ours and a user's own alike."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import time
from typing import Any, NamedTuple

import pydantic
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from hypothesis import given, settings
from hypothesis import strategies as st

from aros_core.codecs import (
    NO_DATA,
    Codec,
    InboundMessage,
    JsonCodec,
    MessageType,
    OutboundMessage,
    PayloadCodec,
    PlainCodec,
    is_for_another,
)
from aros_core.codecs.msgpack import MsgpackCodec
from aros_core.codecs.protobuf import ProtobufCodec
from aros_core.errors import Error, FieldError, MessageError, UnmarshalError


class LiteralCodec(PlainCodec):
    """A user's own codec, whose format is Python's literals."""

    name = "literal"
    subprotocol = "velaros-literal"
    message_type = MessageType.TEXT
    content_type = "application/x-python-literal"
    builtin_types = (bytes,)

    def loads(self, data: bytes) -> Any:
        """Return the literal in `data`."""
        return ast.literal_eval(data.decode())

    def dumps(self, value: Any) -> bytes:
        """Return `value` as a literal."""
        return repr(value).encode()


@dataclasses.dataclass
class User:
    name: str
    age: int = 0


class Pair(NamedTuple):
    left: int
    right: str


class Model(pydantic.BaseModel):
    name: str


class Custom:
    """A class that nobody knows how to send."""


CODECS: list[Codec] = [JsonCodec(), MsgpackCodec(), LiteralCodec()]
EVERY_CODEC = pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
EVERY_PAYLOAD_CODEC = pytest.mark.parametrize(
    "codec", [*CODECS, ProtobufCodec()], ids=lambda codec: codec.name
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=15,
)
IDS = st.text(max_size=32) | st.integers(-(2**63), 2**64 - 1)
UTF8_CODECS = pytest.mark.parametrize("codec", CODECS[:2], ids=lambda codec: codec.name)


def frame(codec: Codec, fields: Any) -> str | bytes:
    """Return `fields` as a client of `codec` would send them."""
    raw = codec.encode(fields)
    return raw.decode() if codec.message_type is MessageType.TEXT else raw


def receive(codec: Codec, fields: Any) -> InboundMessage:
    """Return the message that `codec` reads from an envelope with `fields`."""
    return codec.decode_message(frame(codec, fields), codec.message_type)


def sent(codec: Codec, message: OutboundMessage) -> Any:
    """Return the fields of `message` as they go out."""
    return codec.decode(codec.encode_message(message))


class TestPayload:
    @EVERY_CODEC
    @settings(deadline=None)
    @given(value=VALUES)
    def test_plain_values_come_back(self, codec: Codec, value: Any) -> None:
        """What one side encodes, the other decodes to the same."""
        assert codec.decode(codec.encode(value)) == value

    @EVERY_CODEC
    @pytest.mark.parametrize(
        ("value", "into"),
        [
            (User("ada", 36), User),
            ([User("ada"), User("grace")], list[User]),
            (Pair(1, "a"), Pair),
            ({"a": 1}, dict[str, int]),
            (None, User | None),
            ({1, 2}, set[int]),
            (b"\x00\xff", bytes),
        ],
        ids=repr,
    )
    def test_typed_values_come_back(self, codec: Codec, value: Any, into: Any) -> None:
        """A value read as its own type equals what was sent."""
        result = codec.decode(codec.encode(value), into)
        assert result == value
        assert type(result) is type(value)

    @EVERY_CODEC
    def test_a_misfit_names_its_field(self, codec: Codec) -> None:
        """What does not fit the type asked for says which field and why."""
        with pytest.raises(UnmarshalError) as caught:
            codec.decode(codec.encode({"name": "ada", "age": "old"}), User)
        assert caught.value.fields == [FieldError("age", "Expected `int`, got `str`")]

    @EVERY_CODEC
    def test_an_unreadable_type_is_the_programs_fault(self, codec: Codec) -> None:
        """A type that nothing can be read as is a `TypeError` that names it."""
        with pytest.raises(TypeError, match="cannot unmarshal into Custom"):
            codec.decode(codec.encode({}), Custom)

    @EVERY_CODEC
    @pytest.mark.parametrize(
        ("answer", "shape"),
        [
            (Error("no"), {"error": "no"}),
            (
                FieldError("email", "is required"),
                {"error": "Validation error", "fields": [{"email": "is required"}]},
            ),
            (
                [FieldError("a", "b"), FieldError("c", "d")],
                {"error": "Validation error", "fields": [{"a": "b"}, {"c": "d"}]},
            ),
        ],
        ids=repr,
    )
    def test_special_answers_have_their_shape(self, codec: Codec, answer: Any, shape: Any) -> None:
        """Errors go out in the shape that clients know, as a body and in a message."""
        assert codec.shapes_answers
        assert codec.decode(codec.encode(answer)) == shape
        assert sent(codec, OutboundMessage(1, answer)) == {"id": 1, "data": shape}

    @EVERY_PAYLOAD_CODEC
    @pytest.mark.parametrize("value", [Custom(), {"a": [Custom()]}, ValueError("x")], ids=repr)
    def test_what_cannot_be_sent_is_named(self, codec: PayloadCodec, value: Any) -> None:
        """The `TypeError` names what was given, the codec and what to do."""
        message = f"^cannot encode {type(value).__qualname__} as {codec.name}: .*answer with"
        with pytest.raises(TypeError, match=message):
            codec.encode(value)

    @EVERY_CODEC
    def test_a_value_that_contains_itself_is_refused(self, codec: Codec) -> None:
        """A cycle is told as such, and crashes nothing."""
        cycle: list[Any] = []
        cycle.append(cycle)
        with pytest.raises(TypeError, match=f"^cannot encode list as {codec.name}: .*(self|limit)"):
            codec.encode(cycle)
        with pytest.raises(TypeError, match=f"^cannot encode list as {codec.name}: .*(self|limit)"):
            codec.encode_message(OutboundMessage(data=cycle))

    @UTF8_CODECS
    @pytest.mark.parametrize("value", ["\ud800", {"\ud800": 1}], ids=["value", "key"])
    def test_broken_text_is_refused(self, codec: Codec, value: Any) -> None:
        """Text with lone surrogates is told as such, and crashes nothing."""
        with pytest.raises(TypeError, match=r"a text in it is not valid Unicode"):
            codec.encode({"a": value})
        with pytest.raises(TypeError, match=r"a text in it is not valid Unicode"):
            codec.encode_message(OutboundMessage(data=value))

    @EVERY_PAYLOAD_CODEC
    @settings(deadline=None)
    @given(data=st.binary(max_size=60))
    def test_random_bytes_are_read_or_refused(self, codec: PayloadCodec, data: bytes) -> None:
        """Whatever the bytes say, the worst is an `UnmarshalError`."""
        for into in [StringValue] if isinstance(codec, ProtobufCodec) else [Any, User, set[Any]]:
            with contextlib.suppress(UnmarshalError):
                codec.decode(data, into)


class TestReadsInto:
    @EVERY_CODEC
    @pytest.mark.parametrize("into", [Any, User, list[int], Pair, Model, list[Model], str | None])
    def test_types_of_plain_values(self, codec: PayloadCodec, into: Any) -> None:
        """What is made of plain values can be read from every format but protobuf."""
        assert codec.reads_into(into)
        assert not ProtobufCodec().reads_into(into)
        assert is_for_another(ProtobufCodec(), into, [ProtobufCodec(), codec])
        assert not is_for_another(codec, into, [codec, ProtobufCodec()])

    @EVERY_CODEC
    def test_generated_messages(self, codec: PayloadCodec) -> None:
        """They can be read from protobuf only."""
        assert ProtobufCodec().reads_into(StringValue)
        assert not codec.reads_into(StringValue)
        assert is_for_another(codec, StringValue, [codec, ProtobufCodec()])
        assert not is_for_another(codec, StringValue, [codec])

    @EVERY_PAYLOAD_CODEC
    @pytest.mark.parametrize("into", [Custom, "Nowhere", 5])
    def test_what_nothing_can_be_read_as(self, codec: PayloadCodec, into: Any) -> None:
        """A type for no format at all is not for another one either."""
        assert not codec.reads_into(into)
        assert not is_for_another(codec, into, [*CODECS, ProtobufCodec()])


class TestMediaTypes:
    @EVERY_PAYLOAD_CODEC
    def test_reads_what_it_writes(self, codec: PayloadCodec) -> None:
        """A codec reads its own content type, whatever the case and the parameters."""
        assert codec.reads(codec.content_type)
        assert codec.reads(codec.content_type.upper())
        assert codec.reads(f" {codec.content_type} ; charset=utf-8")

    @EVERY_PAYLOAD_CODEC
    @pytest.mark.parametrize("media_type", ["", "text/plain", "+json", "application/x-unknown"])
    def test_leaves_other_types_alone(self, codec: PayloadCodec, media_type: str) -> None:
        """A type that is not the codec's is not read."""
        assert not codec.reads(media_type)

    @pytest.mark.parametrize("kind", [JsonCodec, MsgpackCodec, LiteralCodec, ProtobufCodec])
    def test_can_be_kept_to_one_direction(self, kind: Any) -> None:
        """Reading requests and writing responses can be switched off one by one."""
        assert (kind().request, kind().response) == (True, True)
        assert kind(request=False).request is False
        assert kind(response=False).response is False


class TestInbound:
    @EVERY_CODEC
    def test_reads_all_fields(self, codec: Codec) -> None:
        """Every field of the envelope arrives, and the frame with it."""
        fields = {"path": "/a", "id": "x", "data": {"n": 1}, "meta": {"t": [1]}}
        raw = frame(codec, fields)
        message = codec.decode_message(raw, MessageType.BINARY)
        assert (message.path, message.id, message.meta) == ("/a", "x", {"t": [1]})
        assert message.data == codec.encode({"n": 1})
        assert message.raw == codec.encode(fields)
        assert message.type is MessageType.BINARY
        assert message.end is False

    @EVERY_CODEC
    @pytest.mark.parametrize(
        "fields",
        [{}, {"id": None, "path": None, "meta": None}],
        ids=["absent", "null"],
    )
    def test_absent_and_null_fields_are_the_same(self, codec: Codec, fields: Any) -> None:
        """Without fields a message has no path, no id, no metadata and no payload."""
        message = receive(codec, fields)
        assert (message.path, message.id, message.data, dict(message.meta)) == ("", None, None, {})
        with pytest.raises(UnmarshalError, match="no data"):
            codec.decode_data(message)

    @EVERY_CODEC
    def test_a_null_payload_is_a_payload(self, codec: Codec) -> None:
        """`"data": null` is the payload null, which is not the same as none."""
        message = receive(codec, {"data": None, "other": 1})
        assert message.data == codec.encode(None)
        assert codec.decode_data(message) is None

    @EVERY_CODEC
    def test_other_keys_are_the_payload_where_data_is_absent(self, codec: Codec) -> None:
        """Clients may put their fields beside those of the envelope."""
        message = receive(codec, {"path": "/a", "name": "ada", "id": 1, "age": 36})
        assert codec.decode_data(message, User) == User("ada", 36)
        assert codec.decode(message.data or b"") == {"name": "ada", "age": 36}
        assert (message.path, message.id) == ("/a", 1)

    @EVERY_CODEC
    def test_other_keys_beside_data_are_ignored(self, codec: Codec) -> None:
        """Where there is `data`, it is the payload and nothing else is."""
        assert codec.decode_data(receive(codec, {"data": 1, "name": "ada"})) == 1
        assert codec.decode_data(receive(codec, {"name": "ada", "data": 1})) == 1

    @EVERY_CODEC
    def test_the_end_of_a_stream_is_told(self, codec: Codec) -> None:
        """Only `true` marks the end; what else is called `end` is the client's own field."""
        assert receive(codec, {"id": 1, "end": True}).end is True
        assert receive(codec, {"id": 1, "end": 1}).end is False
        own = receive(codec, {"start": 0, "end": "now"})
        assert codec.decode_data(own) == {"start": 0, "end": "now"}

    @EVERY_CODEC
    @settings(deadline=None)
    @given(message_id=IDS, data=VALUES)
    def test_messages_come_back(self, codec: Codec, message_id: str | int, data: Any) -> None:
        """An id comes back exactly, and so does the payload."""
        meta = {"k": "v"}
        raw = codec.encode_message(OutboundMessage(message_id, data, "/p", meta))
        message = codec.decode_message(raw, MessageType.BINARY)
        assert (message.id, message.path, message.meta) == (message_id, "/p", meta)
        assert type(message.id) is type(message_id)
        assert codec.decode_data(message) == data
        assert codec.decode(message.data or b"") == data

    @EVERY_CODEC
    @pytest.mark.parametrize(
        ("fields", "message_id"),
        [
            ([], None),
            (5, None),
            ({"id": True}, None),
            ({"id": 1.5}, None),
            ({"id": []}, None),
            ({"id": {}, "path": 5}, None),
            ({"id": "x", "path": 5}, "x"),
            ({"path": ["/"], "id": 7}, 7),
            ({"id": "x", "meta": "m"}, "x"),
            ({"id": "x", "meta": []}, "x"),
            ({"id": "x" * 129}, None),
            ({"id": "é" * 65}, None),
            ({"id": "x" * 129, "path": 5}, None),
            ({"id": "x", "path": "/" * 2049}, "x"),
            ({"id": "x", "path": "é" * 1025}, "x"),
        ],
        ids=lambda value: repr(value)[:40],
    )
    def test_wrong_envelopes_are_refused(self, codec: Codec, fields: Any, message_id: Any) -> None:
        """A field of a wrong type or size is an error, with the id where that could be read."""
        with pytest.raises(MessageError) as caught:
            receive(codec, fields)
        assert caught.value.id == message_id

    @EVERY_CODEC
    @pytest.mark.parametrize(
        "fields",
        [{"id": "x" * 128}, {"id": "é" * 64}, {"path": "/" * 2048}, {"path": "é" * 1024}],
        ids=lambda value: repr(value)[:20],
    )
    def test_fields_may_be_as_long_as_their_limit(self, codec: Codec, fields: Any) -> None:
        """128 bytes of id and 2,048 bytes of path are fine."""
        message = receive(codec, fields)
        assert message.id == fields.get("id")
        assert message.path == fields.get("path", "")

    @EVERY_CODEC
    @settings(deadline=None)
    @given(raw=st.binary(max_size=60) | st.text(st.characters(), max_size=60))
    def test_random_frames_are_read_or_refused(self, codec: Codec, raw: str | bytes) -> None:
        """Whatever a frame holds, the worst is a `MessageError`."""
        with contextlib.suppress(MessageError):
            message = codec.decode_message(raw, MessageType.TEXT)
            with contextlib.suppress(UnmarshalError):
                codec.decode_data(message, User)

    @EVERY_CODEC
    @settings(deadline=None)
    @given(
        fields=st.dictionaries(
            st.sampled_from(["id", "path", "data", "meta", "end", "other"]), VALUES
        )
    )
    def test_random_envelopes_are_read_or_refused(self, codec: Codec, fields: Any) -> None:
        """Whatever an envelope's fields are, the worst is a `MessageError`."""
        with contextlib.suppress(MessageError):
            message = receive(codec, fields)
            assert isinstance(message.path, str)
            assert isinstance(message.id, str | int | None)
            assert all(isinstance(key, str) for key in message.meta)
            with contextlib.suppress(UnmarshalError):
                codec.decode_data(message, User)

    @EVERY_CODEC
    def test_what_is_not_the_format_is_refused_quickly(self, codec: Codec) -> None:
        """A megabyte of nonsense costs no time to speak of."""
        for raw in (b"[" * 1_000_000, b"{" * 1_000_000, b"\x91" * 1_000_000, b"\xff" * 1_000_000):
            start = time.process_time()
            with pytest.raises(MessageError):
                codec.decode_message(raw, codec.message_type)
            with pytest.raises(UnmarshalError):
                codec.decode(raw)
            assert time.process_time() - start < 1


class TestOutbound:
    @EVERY_CODEC
    def test_absent_fields_are_left_out(self, codec: Codec) -> None:
        """An envelope holds what was given and nothing else."""
        assert sent(codec, OutboundMessage(data=5)) == {"data": 5}
        assert sent(codec, OutboundMessage("x", None)) == {"id": "x", "data": None}
        assert sent(codec, OutboundMessage()) == {}

    @EVERY_CODEC
    def test_fields_go_out_in_one_order(self, codec: Codec) -> None:
        """`id` and `data` come first, then what is given beside them."""
        fields = sent(codec, OutboundMessage(0, User("ada"), "", {}))
        assert list(fields.items()) == [
            ("id", 0),
            ("data", {"name": "ada", "age": 0}),
            ("path", ""),
            ("meta", {}),
        ]

    @EVERY_CODEC
    def test_the_end_of_a_stream_has_no_data(self, codec: Codec) -> None:
        """The last message of a stream says so and carries nothing."""
        message = OutboundMessage("x", NO_DATA, end=True)
        assert sent(codec, message) == {"id": "x", "end": True}
        received = codec.decode_message(codec.encode_message(message), codec.message_type)
        assert (received.id, received.end) == ("x", True)

    @EVERY_CODEC
    def test_a_payload_that_cannot_be_sent_is_named(self, codec: Codec) -> None:
        """A payload that cannot be encoded is a `TypeError` that names it."""
        with pytest.raises(
            TypeError, match=f"^cannot encode Custom as {codec.name}: Custom cannot"
        ):
            codec.encode_message(OutboundMessage("x", Custom(), meta={}))

    @UTF8_CODECS
    def test_a_message_without_data_that_cannot_be_sent_is_told(self, codec: Codec) -> None:
        """Where it is the envelope that is broken, the error is about the message."""
        with pytest.raises(TypeError, match=f"^cannot encode a message as {codec.name}: "):
            codec.encode_message(OutboundMessage(id="\ud800"))


def test_replaced_data_is_what_is_decoded() -> None:
    """A payload that was replaced is decoded anew, though the old one came decoded."""
    codec = LiteralCodec()
    message = receive(codec, {"data": 1})
    assert codec.decode_data(message) == 1
    message.data = b"2"
    assert codec.decode_data(message) == 2
