"""Frames: what goes over the wire, each a text or bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from aros_core.codecs import MessageType

if TYPE_CHECKING:
    from aros_core.codecs import OutboundMessage

TEXT: Final = MessageType.TEXT
BINARY: Final = MessageType.BINARY


class Encoder(Protocol):
    """Turns messages into frames."""

    def encode(self, message: OutboundMessage) -> str | bytes:
        """Return the frame of a message; raises what says that it cannot be sent."""
        ...


def size_of(raw: str | bytes) -> int:
    """Return how many bytes a frame has, a text as UTF-8."""
    if isinstance(raw, bytes) or raw.isascii():
        return len(raw)
    return len(raw.encode("utf-8", "surrogatepass"))


def as_frame(encoded: Any, message_type: MessageType) -> str | bytes:
    """Return encoded bytes as the frame of a type; raises `TypeError` for what are no bytes."""
    if not isinstance(encoded, bytes):
        raise TypeError(f"a marshaller returns bytes, not {type(encoded).__name__}")
    return encoded.decode() if message_type is TEXT else encoded


def bare_frame(data: Any) -> str | bytes:
    """Return data that is a frame by itself; raises `TypeError` for what needs a codec."""
    if isinstance(data, str):
        data.encode()  # Raises here, in the handler, for a text that no frame can carry.
        return data
    if isinstance(data, bytes):
        return data
    raise TypeError(
        f"without a codec only str and bytes can be sent, not {type(data).__name__}; add one "
        "with router.use(middleware.json())"
    )
