"""JSON (RFC 8259), read and written by msgspec."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from aros_core.codecs.base import Codec
from aros_core.codecs.envelope import FIELDS, SHORT_ID, SHORT_PATH, check_sizes, recover_id
from aros_core.codecs.messages import NO_META, InboundMessage, MessageType, OutboundMessage
from aros_core.errors import MessageError, UnmarshalError
from aros_core.payloads.answers import MAYBE_SPECIAL, shape_answer
from aros_core.payloads.conversion import (
    WRITE_FAULTS,
    encode_json,
    is_readable,
    json_reader,
    write_fault,
)
from aros_core.payloads.faults import read


class JsonCodec(Codec):
    """JSON payloads and messages.

    Numbers that JSON has no words for (NaN, infinities) go out as `null`, bytes as base64, dates
    in ISO 8601, decimals as strings.
    """

    name = "json"
    subprotocol = "velaros-json"
    message_type = MessageType.TEXT
    content_type = "application/json"
    structured_suffix = "+json"

    def decode(self, data: bytes, into: Any = Any) -> Any:
        """Return the JSON in `data` as a validated `into`; raise `UnmarshalError` if it is none."""
        if not data:
            raise UnmarshalError("the payload is empty")
        return read(json_reader(into), data)

    def reads_into(self, into: Any) -> bool:
        """Tell whether payloads can be read as an `into` at all."""
        return is_readable(into)

    def encode(self, value: Any) -> bytes:
        """Return `value` as JSON; raise a `TypeError` that says why it cannot be."""
        try:
            is_plain = value.__class__ is dict or not isinstance(value, MAYBE_SPECIAL)
            return encode_json(value if is_plain else shape_answer(value))
        except WRITE_FAULTS as error:
            raise write_fault(error, value, self.name) from error

    def decode_message(self, raw: str | bytes, message_type: MessageType) -> InboundMessage:
        """Return the message in `raw`, its payload not decoded yet."""
        try:
            try:
                envelope = _read_short_envelope(raw)
            except msgspec.ValidationError:
                envelope = _read_long_envelope(raw)
            data = envelope.data or _read_loose_data(raw)
        except (ValueError, RecursionError) as error:
            raise MessageError(f"unreadable message: {error}", id=_salvage_id(raw)) from error
        return InboundMessage(
            envelope.path or "",
            envelope.id,
            data,
            envelope.meta or NO_META,
            raw,
            message_type,
            envelope.end is True,
        )

    def encode_message(self, message: OutboundMessage) -> bytes:
        """Return `message` as JSON, envelope and payload in one go."""
        if message.data.__class__ is not dict:
            message.data = shape_answer(message.data)
        try:
            return encode_json(message)
        except WRITE_FAULTS as error:
            raise write_fault(error, message.data, self.name) from error


class _Inbound(msgspec.Struct, gc=False):
    """An envelope as it is read. `end` may be of any type: without `data` it is the client's."""

    path: str | None = None
    id: str | int | None = None
    data: msgspec.Raw = msgspec.Raw()
    meta: dict[str, Any] | None = None
    end: Any = False


class _ShortInbound(_Inbound, gc=False):
    """An envelope whose id and path are within their limits, whatever they are made of.

    Most are, and msgspec tells faster than Python.
    """

    path: Annotated[str, msgspec.Meta(max_length=SHORT_PATH)] | None = None
    id: (
        Annotated[str, msgspec.Meta(max_length=SHORT_ID)]
        | Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
        | None
    ) = None


class _IdOnly(msgspec.Struct):
    id: Any = None


_read_short_envelope: Final = msgspec.json.Decoder(_ShortInbound).decode
_read_envelope: Final = msgspec.json.Decoder(_Inbound).decode
_read_fields: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_read_id_only: Final = msgspec.json.Decoder(_IdOnly).decode


def _read_long_envelope(raw: str | bytes) -> _Inbound:
    """Return an envelope whose id or path are not obviously within their limits."""
    envelope = _read_envelope(raw)
    check_sizes(envelope.id, envelope.path or "")
    return envelope


def _read_loose_data(raw: str | bytes) -> bytes | None:
    """Return the payload of a message without `data`: all its other fields, as an object."""
    others = {name: value for name, value in _read_fields(raw).items() if name not in FIELDS}
    return encode_json(others) if others else None


def _salvage_id(raw: str | bytes) -> str | int | None:
    """Return the id of a message that is refused, if that much can be read."""
    try:
        return recover_id(_read_id_only(raw).id)
    except (ValueError, RecursionError):
        return None
