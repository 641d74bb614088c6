"""From frames to messages."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aros_core.codecs import Codec, JsonCodec, MessageType
from aros_core.codecs.msgpack import MsgpackCodec
from velaros.codecs import ProtobufCodec
from velaros.frames import BINARY, TEXT
from velaros.intake import Unreadable, read_frame

JSON, MSGPACK, PROTOBUF = JsonCodec(), MsgpackCodec(), ProtobufCodec()


def kind_of(raw: str | bytes) -> MessageType:
    """Return the kind of frame that this is."""
    return TEXT if isinstance(raw, str) else BINARY


@pytest.mark.parametrize("raw", ["text", b"binary"])
def test_without_codecs_the_message_is_the_frame(raw: str | bytes) -> None:
    """There is no path, no id and no payload, only the bytes."""
    message, codec = read_frame((), raw, kind_of(raw))
    assert codec is None
    assert (message.path, message.id, message.data) == ("", None, None)
    assert message.raw == (raw.encode() if isinstance(raw, str) else raw)
    assert message.type is kind_of(raw)


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
        read_frame((JSON, MSGPACK), raw, kind_of(raw))
    assert unreadable.value.codec is codec
    assert unreadable.value.id == message_id


def test_of_equals_the_first_answers() -> None:
    """Where nothing tells them apart, the order of registration does."""
    with pytest.raises(Unreadable) as unreadable:
        read_frame((PROTOBUF, MSGPACK), "text", MessageType.TEXT)
    assert unreadable.value.codec is PROTOBUF


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10)
    | st.sampled_from(["x" * 128, "é" * 64, "é" * 65, "/" * 2048, "/" * 2049])
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
ENVELOPES = st.dictionaries(
    st.sampled_from(["id", "path", "data", "meta", "end", "other", ""]), ANY_JSON
)


class Wrong(Exception):
    """The naive reader refuses an envelope."""


def read_naively(fields: Any) -> tuple[str, Any, bool, dict[str, Any], bool, Any]:
    """Return path, id, end, meta, whether there is a payload, and the payload."""
    if not isinstance(fields, dict):
        raise Wrong
    envelope = cast("dict[str, Any]", fields)
    message_id, path = envelope.get("id"), envelope.get("path")
    if message_id is not None and (type(message_id) not in (str, int) or _size(message_id) > 128):
        raise Wrong
    if path is not None and (type(path) is not str or _size(path) > 2048):
        raise Wrong
    if type(envelope.get("meta")) not in (type(None), dict):
        raise Wrong
    meta: dict[str, Any] = envelope.get("meta") or {}
    end = envelope.get("end") is True
    others = {k: v for k, v in envelope.items() if k not in ("id", "path", "data", "meta")}
    has_data = "data" in envelope or bool(others)
    data = envelope.get("data", others)
    return path or "", message_id, end, meta, has_data, data


def _size(value: str | int) -> int:
    return len(str(value).encode())


@pytest.mark.parametrize("codec", [JSON, MSGPACK], ids=lambda codec: codec.name)
@given(fields=ENVELOPES | ANY_JSON)
@example(fields={"end": True, "id": 1})
@example(fields={"data": None, "end": 5})
def test_any_json_is_what_a_naive_reader_says(codec: Codec, fields: Any) -> None:
    """Every envelope is read as its fields say, or refused where one of them is wrong."""
    raw = json.dumps(fields) if codec is JSON else codec.encode(fields)
    try:
        expected = read_naively(fields)
    except Wrong:
        with pytest.raises(Unreadable):
            read_frame((codec,), raw, kind_of(raw))
        return
    message, _ = read_frame((codec,), raw, kind_of(raw))
    has_data = message.data is not None
    data = codec.decode_data(message) if has_data else expected[-1]
    found = (message.path, message.id, message.end, dict(message.meta), has_data, data)
    assert found == expected
