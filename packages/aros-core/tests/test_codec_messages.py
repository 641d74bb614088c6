"""Messages as codecs see them."""

from __future__ import annotations

from aros_core.codecs import NO_DATA, InboundMessage, MessageType, OutboundMessage
from aros_core.codecs.messages import NO_META


def test_makes_bytes_when_asked() -> None:
    """Text becomes UTF-8 and payloads become bytes on first use, and stay the same object."""
    message = InboundMessage(payload=memoryview(b"x"), frame="é")  # pyright: ignore[reportArgumentType]
    assert message.raw == "é".encode()
    assert message.raw is message.raw
    assert message.data == b"x"
    assert message.data is message.data


def test_broken_text_can_be_looked_at() -> None:
    """Text that is no Unicode has bytes all the same."""
    assert InboundMessage(frame="\ud800").raw == b"\xed\xa0\x80"


def test_middleware_can_replace_everything() -> None:
    """Every field can be set, as codecs written as middleware do."""
    message = InboundMessage()
    message.path, message.id, message.meta = "/a", 1, {"k": 1}
    message.data, message.raw, message.end = b"d", b"r", True
    message.type = MessageType.BINARY
    assert repr(message) == (
        "InboundMessage(path='/a', id=1, data=b'd', meta={'k': 1}, "
        "type=MessageType.BINARY, end=True)"
    )
    assert message.raw == b"r"
    message.data = None
    assert message.data is None


def test_a_payload_is_made_bytes_only_when_somebody_looks() -> None:
    """Until then it is what the codec gave, which that may read faster."""
    given = memoryview(b"x")
    message = InboundMessage(payload=given)  # pyright: ignore[reportArgumentType]
    assert message.payload is given
    assert message.data == b"x"
    assert message.payload == b"x"


def test_an_empty_message_carries_nothing() -> None:
    """Neither way: no path, no id, no payload, no metadata, and it ends no stream."""
    message = InboundMessage()
    assert (message.path, message.id, message.data, message.end) == ("", None, None, False)
    assert message.meta is NO_META
    assert (message.raw, message.type) == (b"", MessageType.TEXT)
    assert OutboundMessage() == OutboundMessage(None, NO_DATA, None, None, False)


def test_a_null_is_a_payload() -> None:
    """`None` goes out, and what carries nothing is another thing."""
    assert OutboundMessage(data=None) != OutboundMessage()
