"""Protocol Buffers payloads."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.struct_pb2 import Value
from google.protobuf.type_pb2 import Field
from google.protobuf.wrappers_pb2 import BytesValue, StringValue
from hypothesis import given, settings
from hypothesis import strategies as st

from aros_core.codecs.protobuf import ProtobufCodec
from aros_core.errors import Error, FieldError, UnmarshalError

CODEC = ProtobufCodec()


def nested(depth: int) -> bytes:
    """Return the bytes of a `Value` that is a list with a list in it, and so on."""
    data = Value(bool_value=True).SerializeToString()
    for _ in range(depth):
        values = BytesValue(value=data).SerializeToString()
        data = b"\x32" + BytesValue(value=values).SerializeToString()[1:]
    return data


def with_a_required_field() -> Any:
    """Return a generated class as of proto2, whose field `name` is required."""
    file = descriptor_pb2.FileDescriptorProto(name="old.proto", package="old", syntax="proto2")
    field = file.message_type.add(name="Named").field.add(name="name", number=1)
    field.type = descriptor_pb2.FieldDescriptorProto.TYPE_STRING
    field.label = descriptor_pb2.FieldDescriptorProto.LABEL_REQUIRED
    pool = DescriptorPool()
    pool.Add(file)  # pyright: ignore[reportUnknownMemberType]
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("old.Named"))


@pytest.mark.parametrize("media_type", ["application/protobuf", "Application/X-Protobuf; a=b"])
def test_reads_both_names_of_the_format(media_type: str) -> None:
    """The format has had two media types."""
    assert CODEC.reads(media_type)


@settings(deadline=None)
@given(st.text(max_size=20), st.integers(0, 2**31 - 1))
def test_messages_come_back(name: str, number: int) -> None:
    """A generated message is read as the class it was."""
    message = Field(name=name, number=number)
    result = CODEC.decode(CODEC.encode(message), Field)
    assert result == message
    assert type(result) is Field


def test_no_bytes_are_a_message_with_nothing_set() -> None:
    """An empty message takes no bytes, so no bytes are one."""
    assert CODEC.decode(b"", StringValue) == StringValue()


@pytest.mark.parametrize("into", [Any, dict, int, "Field", None], ids=repr)
def test_only_generated_classes_can_be_asked_for(into: Any) -> None:
    """Anything else is the program's mistake, and the error says what to ask for."""
    with pytest.raises(TypeError, match=r"into its generated message class, as in unmarshal"):
        CODEC.decode(b"", into)


@pytest.mark.parametrize(
    "value", ["text", b"bytes", {}, None, Error("x"), FieldError("a", "b"), Field], ids=repr
)
def test_only_generated_messages_can_be_sent(value: Any) -> None:
    """Anything else, special answers included, is a `TypeError` that names it."""
    assert not CODEC.shapes_answers
    message = rf"^cannot encode {type(value).__qualname__} as protobuf: .*generated message"
    with pytest.raises(TypeError, match=message):
        CODEC.encode(value)


@pytest.mark.parametrize(
    ("data", "into"),
    [
        (b"\xff", Field),
        (b"\x0a\x05ab", StringValue),
        (b"\x0a\xff\xff\xff\xff\x0f", StringValue),
        (b"\x0a\x01\xff", StringValue),
        (b"\x0b" * 1_000_000, StringValue),
        (nested(300), Value),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_broken_payloads_are_refused_quickly(data: bytes, into: Any) -> None:
    """Lying lengths, depth and text that is no Unicode: one error, and at once."""
    start = time.process_time()
    with pytest.raises(UnmarshalError, match=r"^unreadable protobuf: .+"):
        CODEC.decode(data, into)
    assert time.process_time() - start < 0.5


def test_a_payload_may_be_nested() -> None:
    """Depth is refused only where there is too much of it."""
    assert CODEC.decode(nested(10), Value).list_value.values[0].HasField("list_value")


def test_a_missing_required_field_is_named() -> None:
    """What proto2 calls required has to be there on the way in and on the way out."""
    named = with_a_required_field()
    with pytest.raises(UnmarshalError) as caught:
        CODEC.decode(b"", named)
    assert caught.value.fields == [FieldError("name", "is required")]
    assert CODEC.decode(CODEC.encode(named(name="x")), named).name == "x"
    with pytest.raises(TypeError, match=r"^cannot encode Named as protobuf: .*name"):
        CODEC.encode(named())


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library, making the codec says what to install."""
    monkeypatch.setitem(sys.modules, "google.protobuf.message", None)
    with pytest.raises(ImportError, match=r'install the "protobuf" extra.*navaros\[protobuf\]'):
        ProtobufCodec()
