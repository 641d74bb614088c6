"""MessagePack, its wire format done by the `msgpack` library."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from aros_core.codecs.envelope import read_message, recover_id
from aros_core.codecs.messages import MessageType
from aros_core.codecs.plain import PlainCodec
from aros_core.errors import MessageError
from aros_core.extras import import_extra
from aros_core.payloads.conversion import to_plain
from aros_core.payloads.faults import reason_of

if TYPE_CHECKING:
    from aros_core.codecs.messages import InboundMessage

MAX_OTHER_KEYS: Final = 1000
"""How many keys of one map may be neither text nor bytes."""

# Up to this size a payload that lies about its lengths cannot make the decoder reserve much, and
# has no room for too many keys that collide.
_SMALL: Final = 4096

_TRUE: Final = b"\xc3"


class MsgpackCodec(PlainCodec):
    """MessagePack payloads and messages; needs the extra `msgpack`.

    A `datetime` with a time zone goes out as a timestamp and comes in as one in UTC; without a zone
    it is text in ISO 8601. Extension types come in as `msgpack.ExtType`, and go out so.

    Of one map that comes in, at most 1,000 keys may be neither text nor bytes: a client can choose
    numbers whose hashes collide, so that reading them takes long.
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
        unpack = self._msgpack.unpackb
        if len(data) <= _SMALL:
            return unpack(data, timestamp=3, strict_map_key=False)
        # Skipping reserves nothing, and fails where a length promises more than there is.
        self._unpacker(data).skip()
        try:
            return unpack(data, timestamp=3)
        except ValueError:  # Most likely there are other keys than text and bytes.
            return unpack(data, timestamp=3, strict_map_key=False, object_pairs_hook=_to_map)

    def dumps(self, value: Any) -> bytes:
        """Return the bytes of `value`, of any type that can be sent."""
        return self._msgpack.packb(value, datetime=True, default=self._reduce)

    def decode_message(self, raw: str | bytes, message_type: MessageType) -> InboundMessage:
        """Return the message in `raw`, its payload cut out and not decoded yet."""
        frame = self._frame(raw)
        try:
            fields, has_others = self._split(frame)
        except Exception as error:
            raise MessageError(
                f"unreadable {self.name} message: {reason_of(error)}", id=self._salvage_id(frame)
            ) from error
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
            if name in ("id", "path"):
                fields[name] = unpacker.unpack()
                continue
            start = unpacker.tell()
            unpacker.skip()
            value = frame[start : unpacker.tell()]
            if name == "data":
                fields["data"] = value
            elif name == "meta":
                fields["meta"] = self.loads(value)
            else:
                has_others = True
                if name == "end":
                    fields["end"] = value == _TRUE
        if unpacker.tell() != len(frame):
            raise ValueError("there are bytes after the end of the message")
        return fields, has_others

    def _salvage_id(self, frame: bytes) -> str | int | None:
        """Return the id of a message that is refused, if that much can be read."""
        unpacker = self._unpacker(frame)
        try:
            for _ in range(unpacker.read_map_header()):
                if unpacker.unpack() == "id":
                    return recover_id(unpacker.unpack())
                unpacker.skip()
        except Exception:
            return None
        return None

    def _unpacker(self, data: bytes) -> Any:
        """Return what unpacks scalars, and skips everything; a list or map is a `ValueError`."""
        unpacker = self._msgpack.Unpacker(
            max_buffer_size=len(data), timestamp=3, max_array_len=0, max_map_len=0
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


def _to_map(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    if len(pairs) > MAX_OTHER_KEYS:
        others = sum(not isinstance(key, (str, bytes)) for key, _ in pairs)
        if others > MAX_OTHER_KEYS:
            raise ValueError(
                f"a map has {others} keys that are neither text nor bytes, more than "
                f"{MAX_OTHER_KEYS}: send them as text, or as a list of pairs"
            )
    return dict(pairs)
