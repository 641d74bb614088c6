"""MessagePack, its wire format done by the `msgpack` library."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from aros_core.codecs.envelope import read_message
from aros_core.codecs.messages import MessageType
from aros_core.codecs.plain import PlainCodec
from aros_core.errors import MessageError
from aros_core.extras import import_extra
from aros_core.payloads.conversion import to_plain
from aros_core.payloads.faults import reason_of

if TYPE_CHECKING:
    from aros_core.codecs.messages import InboundMessage

# Up to this size a payload that lies about its lengths cannot make the decoder reserve much.
_SMALL: Final = 4096

_ENVELOPE: Final = ("id", "path", "meta", "end")


class MsgpackCodec(PlainCodec):
    """MessagePack payloads and messages; needs the extra `msgpack`.

    A `datetime` with a time zone goes out as a timestamp and comes in as one in UTC; without a zone
    it is text in ISO 8601. Extension types come in as `msgpack.ExtType`, and go out so.
    """

    name = "msgpack"
    subprotocol = "velaros-msgpack"
    message_type = MessageType.BINARY
    content_type = "application/msgpack"
    media_types = ("application/x-msgpack", "application/vnd.msgpack")
    builtin_types = (bytes, bytearray, memoryview, datetime)

    def __init__(self, *, request: bool = True, response: bool = True) -> None:
        super().__init__(request=request, response=response)
        self._msgpack = import_extra("msgpack", "msgpack")

    def loads(self, data: bytes) -> Any:
        """Return the plain values in `data`."""
        if len(data) > _SMALL:
            # Skipping reserves nothing, and fails where a length promises more than there is.
            self._unpacker(data).skip()
        return self._msgpack.unpackb(data, timestamp=3, strict_map_key=False)

    def dumps(self, value: Any) -> bytes:
        """Return the bytes of `value`, of any type that can be sent."""
        return self._msgpack.packb(value, datetime=True, default=self._reduce)

    def decode_message(self, raw: str | bytes, message_type: MessageType) -> InboundMessage:
        """Return the message in `raw`, its payload cut out and not decoded yet."""
        frame = self._frame(raw)
        try:
            fields, has_others = self._split(frame)
        except Exception as error:
            raise MessageError(f"unreadable {self.name} message: {reason_of(error)}") from error
        data = fields.get("data")
        if has_others and data is None:
            return super().decode_message(frame, message_type)
        return read_message(fields, data, frame, message_type)

    def _split(self, frame: bytes) -> tuple[dict[str, Any], bool]:
        """Return the fields of an envelope, `data` as bytes, and whether there are others."""
        unpacker = self._unpacker(frame)
        fields: dict[str, Any] = {}
        has_others = False
        for _ in range(unpacker.read_map_header()):
            name = unpacker.unpack()
            if name == "data":
                start = unpacker.tell()
                unpacker.skip()
                fields["data"] = frame[start : unpacker.tell()]
            elif name in _ENVELOPE:
                fields[name] = unpacker.unpack()
                has_others = has_others or name == "end"
            else:
                unpacker.skip()
                has_others = True
        if unpacker.tell() != len(frame):
            raise ValueError("there are bytes after the end of the message")
        return fields, has_others

    def _unpacker(self, data: bytes) -> Any:
        unpacker = self._msgpack.Unpacker(
            max_buffer_size=len(data), timestamp=3, strict_map_key=False
        )
        unpacker.feed(data)
        return unpacker

    def _dump(self, value: Any) -> bytes:
        return self.dumps(value)

    def _reduce(self, value: Any) -> Any:
        """Return, for what the library cannot pack, something that it can."""
        if isinstance(value, datetime):
            return value.isoformat()
        return to_plain(value, self.builtin_types)
