"""What a codec is: the base of ours and of users' own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from aros_core.errors import UnmarshalError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aros_core.codecs.messages import InboundMessage, MessageType, OutboundMessage


class PayloadCodec(ABC):
    """A format of payloads: a body, or the data of a message.

    A subclass sets `name` and `content_type`, and `media_types` if it reads more than the latter.
    `request=False` keeps it from reading the bodies of HTTP requests, `response=False` from
    writing those of responses.
    """

    name: ClassVar[str]
    """The name of the format, as in `"json"`."""

    content_type: ClassVar[str]
    """The `Content-Type` of what the codec writes."""

    media_types: ClassVar[tuple[str, ...]] = ()
    """The media types that the codec reads beside `content_type`, in lower case."""

    structured_suffix: ClassVar[str | None] = None
    """The suffix of further media types that it reads, `"+json"` (RFC 6839)."""

    shapes_answers: ClassVar[bool] = True
    """Whether `Error`, `FieldError` and a plain `str` can go out in the shapes made for them."""

    request: bool
    response: bool

    def __init__(self, *, request: bool = True, response: bool = True) -> None:
        self.request = request
        self.response = response

    def reads(self, media_type: str) -> bool:
        """Tell whether the codec reads bodies of `media_type`, the value of a `Content-Type`.

        Parameters and case are ignored.
        """
        essence = media_type.partition(";")[0].strip().lower()
        if essence == self.content_type or essence in self.media_types:
            return True
        suffix = self.structured_suffix
        return suffix is not None and essence.endswith(suffix) and "/" in essence

    @abstractmethod
    def decode(self, data: bytes, into: Any = Any) -> Any:
        """Return the payload `data` as a validated `into`, by default as plain values.

        Whatever the bytes say, the worst is an `UnmarshalError`. A type that nothing can be read
        as is a `TypeError`.
        """

    def reads_into(self, into: Any) -> bool:
        """Tell whether payloads can be read as an `into` at all; by default always."""
        del into
        return True

    @abstractmethod
    def encode(self, value: Any) -> bytes:
        """Return `value` as a payload; raise a `TypeError` that says why it cannot be one."""


def is_for_another(codec: PayloadCodec, into: Any, codecs: Iterable[PayloadCodec]) -> bool:
    """Tell whether not this codec, but another one of these reads payloads as an `into`.

    Then it is the client who chose the wrong format, and not the program that asks for a type that
    nothing can be read as.
    """
    return not codec.reads_into(into) and any(other.reads_into(into) for other in codecs)


class Codec(PayloadCodec):
    """A format of messages: the envelope as well as the payload.

    Most formats turn bytes into plain values and back; `PlainCodec` is the base for those. This
    one is for the others, which read and write their envelopes themselves.
    """

    subprotocol: ClassVar[str]
    """The WebSocket subprotocol that chooses the codec, as in `"velaros-json"`."""

    message_type: ClassVar[MessageType]
    """The kind of frame that the codec writes by itself; a binary codec always writes binary."""

    @abstractmethod
    def decode_message(self, raw: str | bytes, message_type: MessageType) -> InboundMessage:
        """Return the message in the frame `raw`; raise `MessageError` if it cannot be read."""

    @abstractmethod
    def encode_message(self, message: OutboundMessage) -> bytes:
        """Return the bytes of `message`; raise a `TypeError` that says why it cannot be sent."""

    def decode_data(self, message: InboundMessage, into: Any = Any) -> Any:
        """Return the payload of `message` as `decode` does; none is an `UnmarshalError` too."""
        data = message.data
        if data is None:
            raise UnmarshalError("the message has no data")
        return self.decode(data, into)
