"""Formats that describe themselves: bytes become plain values, and plain values bytes."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, cast

from aros_core.codecs.base import Codec
from aros_core.codecs.envelope import FIELDS, read_message
from aros_core.codecs.messages import NO_DATA, InboundMessage, MessageType, OutboundMessage
from aros_core.errors import MessageError, UnmarshalError
from aros_core.payloads.answers import shape_answer
from aros_core.payloads.conversion import (
    WRITE_FAULTS,
    convert,
    is_readable,
    to_plain,
    write_fault,
)
from aros_core.payloads.faults import reason_of

if TYPE_CHECKING:
    from collections.abc import Callable


class PlainCodec(Codec):
    """The base for users' own formats: say how bytes become plain values and back.

    A subclass sets `name`, `subprotocol`, `message_type` and `content_type` and writes `loads` and
    `dumps`. Envelopes, typed conversion, special answers and errors are here::

        class CborCodec(PlainCodec):
            name = "cbor"
            subprotocol = "velaros-cbor"
            message_type = MessageType.BINARY
            content_type = "application/cbor"
            builtin_types = (bytes,)

            def loads(self, data):
                return cbor2.loads(data)

            def dumps(self, value):
                return cbor2.dumps(value)
    """

    builtin_types: ClassVar[tuple[type, ...]] = ()
    """The types that the format holds beyond those of JSON; `dumps` is given them as they are."""

    @abstractmethod
    def loads(self, data: bytes) -> Any:
        """Return the plain values in `data`; what it raises becomes an `UnmarshalError`."""

    @abstractmethod
    def dumps(self, value: Any) -> bytes:
        """Return the bytes of `value`: `None`, bool, number, str, list, dict, `builtin_types`."""

    def decode(self, data: bytes, into: Any = Any) -> Any:
        """Return the payload `data` as a validated `into`; raise `UnmarshalError` if it is none."""
        try:
            value = self.loads(data)
        except Exception as error:
            raise UnmarshalError(f"unreadable {self.name}: {reason_of(error)}") from error
        return convert(value, into)

    def reads_into(self, into: Any) -> bool:
        """Tell whether payloads can be read as an `into` at all."""
        return is_readable(into)

    def encode(self, value: Any) -> bytes:
        """Return `value` as a payload; raise a `TypeError` that says why it cannot be one."""
        try:
            return self._dump(shape_answer(value))
        except WRITE_FAULTS as error:
            raise write_fault(error, value, self.name) from error

    def decode_message(self, raw: str | bytes, message_type: MessageType) -> InboundMessage:
        """Return the message in `raw`, its payload not converted yet."""
        frame = self._frame(raw)
        try:
            loaded = self.loads(frame)
        except Exception as error:
            raise MessageError(f"unreadable {self.name} message: {reason_of(error)}") from error
        if not isinstance(loaded, dict):
            raise MessageError(f"a {self.name} message is an object with an envelope's fields")
        fields = cast("dict[Any, Any]", loaded)
        return read_message(fields, self._payload(fields), raw, message_type)

    def encode_message(self, message: OutboundMessage) -> bytes:
        """Return the bytes of `message`."""
        try:
            return self._dump(_envelope(message))
        except WRITE_FAULTS as error:
            raise write_fault(error, message.data, self.name) from error

    def decode_data(self, message: InboundMessage, into: Any = Any) -> Any:
        """Return the payload of `message` as `decode` does, without decoding it a second time."""
        payload = message.payload
        if isinstance(payload, _Payload):
            return convert(payload.value, into)
        return super().decode_data(message, into)

    def _frame(self, raw: str | bytes) -> bytes:
        """Return the bytes of a frame; a text frame is nothing for a binary format."""
        if isinstance(raw, bytes):
            return raw
        if self.message_type is MessageType.BINARY:
            raise MessageError(f"{self.name} messages are binary, and this one is text")
        return raw.encode("utf-8", "surrogatepass")

    def _payload(self, fields: dict[Any, Any]) -> _Payload | None:
        if "data" in fields:
            return _Payload(fields["data"], self.dumps)
        others = {key: value for key, value in fields.items() if key not in FIELDS}
        return _Payload(others, self.dumps) if others else None

    def _dump(self, value: Any) -> bytes:
        return self.dumps(to_plain(value, self.builtin_types))


class _Payload:
    """A payload that came decoded with its envelope; its bytes are made if somebody asks."""

    __slots__ = ("_dumps", "value")

    def __init__(self, value: Any, dumps: Callable[[Any], bytes]) -> None:
        self.value = value
        self._dumps = dumps

    def __bytes__(self) -> bytes:
        return self._dumps(self.value)


def _envelope(message: OutboundMessage) -> dict[str, Any]:
    """Return the fields of a message that goes out; those it does not have are left out."""
    envelope: dict[str, Any] = {}
    if message.id is not None:
        envelope["id"] = message.id
    if message.data is not NO_DATA:
        envelope["data"] = shape_answer(message.data)
    if message.path is not None:
        envelope["path"] = message.path
    if message.meta is not None:
        envelope["meta"] = message.meta
    if message.end:
        envelope["end"] = True
    return envelope
