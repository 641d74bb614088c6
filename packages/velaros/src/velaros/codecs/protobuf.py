"""Protocol Buffers messages: the envelope of `velaros/protobuf/envelope.proto`."""

from __future__ import annotations

from typing import Any, Final

from aros_core.codecs import NO_DATA, Codec, InboundMessage, MessageType, OutboundMessage
from aros_core.codecs.envelope import check_sizes
from aros_core.codecs.messages import NO_META
from aros_core.codecs.protobuf import ProtobufCodec as ProtobufPayloads
from aros_core.errors import MessageError
from aros_core.extras import import_extra
from aros_core.payloads.answers import shape_answer
from aros_core.payloads.conversion import WRITE_FAULTS, encode_json, json_reader, write_fault
from aros_core.payloads.faults import reason_of

_read_json: Final = json_reader(Any)


class ProtobufCodec(ProtobufPayloads, Codec):
    """Protocol Buffers messages; needs the extra `protobuf`.

    The payload is the user's own generated message. What it cannot hold travels in the metadata:
    errors as `error` and `fields`, the end of a stream as `end`, all of them JSON. An id or path
    that is empty counts as absent; ids are strings.
    """

    subprotocol = "velaros-protobuf"
    message_type = MessageType.BINARY

    def __init__(self, *, request: bool = True, response: bool = True) -> None:
        super().__init__(request=request, response=response)
        generated = import_extra("velaros.protobuf.envelope_pb2", "protobuf")
        self._envelope_class: Any = generated.Envelope

    def decode_message(self, raw: str | bytes, message_type: MessageType) -> InboundMessage:
        """Return the message in `raw`; a payload of no bytes is a message with nothing set."""
        if isinstance(raw, str):
            raise MessageError("protobuf messages are binary, and this one is text")
        try:
            envelope = self._envelope_class.FromString(raw)
        except Exception as error:
            raise MessageError(f"unreadable protobuf message: {reason_of(error)}") from error
        message_id = envelope.id or None
        path = envelope.path
        check_sizes(message_id, path)
        meta = {name: _read_meta(value) for name, value in envelope.meta.items()} or NO_META
        end = meta.get("end") is True
        return InboundMessage(path, message_id, envelope.data, meta, raw, message_type, end)

    def encode_message(self, message: OutboundMessage) -> bytes:
        """Return the bytes of `message`; errors go out as metadata, `None` as no payload at all."""
        data = message.data
        shaped = shape_answer(data)
        is_answer = shaped is not data
        payload = None if data is None or data is NO_DATA or is_answer else self.encode(data)
        try:
            meta = {name: _write_meta(value) for name, value in (message.meta or {}).items()}
            if is_answer:
                meta.update((name, encode_json(value)) for name, value in shaped.items())
            if message.end:
                meta["end"] = b"true"
            envelope = self._envelope_class(
                id=None if message.id is None else str(message.id),
                path=message.path,
                data=payload,
                meta=meta,
            )
            return envelope.SerializeToString()
        except WRITE_FAULTS as error:
            raise write_fault(error, data, self.name) from error


def _read_meta(value: bytes) -> Any:
    try:
        return _read_json(value)
    except (ValueError, RecursionError):
        return value


def _write_meta(value: Any) -> bytes:
    return value if isinstance(value, bytes) else encode_json(value)
