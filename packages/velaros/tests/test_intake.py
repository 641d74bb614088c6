"""From frames to messages."""

from __future__ import annotations

import pytest

from aros_core.codecs import JsonCodec, MessageType, MsgpackCodec
from velaros.codecs import ProtobufCodec
from velaros.frames import type_of
from velaros.intake import Unreadable, read_frame

JSON, MSGPACK, PROTOBUF = JsonCodec(), MsgpackCodec(), ProtobufCodec()


@pytest.mark.parametrize("raw", ["text", b"binary"])
def test_without_codecs_the_message_is_the_frame(raw: str | bytes) -> None:
    """There is no path, no id and no payload, only the bytes."""
    message, codec = read_frame((), raw, type_of(raw))
    assert codec is None
    assert (message.path, message.id, message.data) == ("", None, None)
    assert message.raw == (raw.encode() if isinstance(raw, str) else raw)
    assert message.type is type_of(raw)


def test_the_first_codec_that_can_reads() -> None:
    """The order of registration decides between those that can."""
    frame = b'{"path":"/x"}'
    assert read_frame((JSON, MSGPACK), frame, MessageType.BINARY)[1] is JSON
    assert read_frame((MSGPACK, JSON), frame, MessageType.BINARY)[1] is JSON
    packed = MSGPACK.encode({"path": "/x"})
    message, codec = read_frame((JSON, MSGPACK), packed, MessageType.BINARY)
    assert codec is MSGPACK
    assert message.path == "/x"


@pytest.mark.parametrize(
    ("raw", "codec", "message_id"),
    [
        ("nonsense", JSON, None),
        (b"\xc1", MSGPACK, None),
        ('{"id":7,"path":7}', JSON, 7),
        (b'{"id":7,"path":7}', JSON, 7),
    ],
)
def test_the_codec_that_knows_most_answers(
    raw: str | bytes, codec: object, message_id: int | None
) -> None:
    """Who read an id, else who writes that kind of frame, else the first."""
    with pytest.raises(Unreadable) as unreadable:
        read_frame((JSON, MSGPACK), raw, type_of(raw))
    assert unreadable.value.codec is codec
    assert unreadable.value.id == message_id


def test_of_equals_the_first_answers() -> None:
    """Where nothing tells them apart, the order of registration does."""
    with pytest.raises(Unreadable) as unreadable:
        read_frame((PROTOBUF, MSGPACK), "text", MessageType.TEXT)
    assert unreadable.value.codec is PROTOBUF
