"""Messages as codecs see them: what came in, and what goes out."""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, SupportsBytes, cast

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_DATA: Final = msgspec.UNSET
"""The `data` of an outbound message that carries none; `None` is a payload, a null."""

NO_META: Final[Mapping[str, Any]] = MappingProxyType({})
"""The `meta` of an inbound message that came without."""


class MessageType(Enum):
    """The kind of frame that a message travels in."""

    TEXT = "text"
    BINARY = "binary"


class InboundMessage(msgspec.Struct):
    """A message that was received, its envelope read and its payload still in bytes.

    `path` is `""` and `id` is `None` where the message names none. `payload` is what the codec
    found as payload, `None` where there is none, and `frame` the whole message as it came; `data`
    and `raw` are the bytes of these two. `end` marks the last message of a stream.
    """

    path: str = ""
    id: str | int | None = None
    payload: SupportsBytes | None = None
    meta: Mapping[str, Any] = NO_META
    frame: str | bytes = b""
    type: MessageType = MessageType.TEXT
    end: bool = False

    @property
    def data(self) -> bytes | None:
        """The payload's bytes as they are inside the envelope; `None` without a payload."""
        payload = self.payload
        if payload is not None and payload.__class__ is not bytes:
            self.payload = payload = bytes(payload)
        return cast("bytes | None", payload)

    @data.setter
    def data(self, data: bytes | None) -> None:
        self.payload = data

    @property
    def raw(self) -> bytes:
        """The whole message, as UTF-8 or binary."""
        frame = self.frame
        if isinstance(frame, str):
            # A text that is no valid Unicode cannot be read, but looking at it must not fail.
            self.frame = frame = frame.encode("utf-8", "surrogatepass")
        return frame

    @raw.setter
    def raw(self, raw: bytes) -> None:
        self.frame = raw

    def __repr__(self) -> str:
        return (
            f"InboundMessage(path={self.path!r}, id={self.id!r}, data={self.data!r}, "
            f"meta={dict(self.meta)!r}, type={self.type}, end={self.end})"
        )


class OutboundMessage(msgspec.Struct, omit_defaults=True):
    """A message to send: its payload a value, still to be encoded.

    `id`, `path` and `meta` are left out of the envelope where they are `None`, `data` where it is
    `NO_DATA`. `end` marks the last message of a stream. The fields are in the order in which JSON
    writes them.
    """

    id: str | int | None = None
    data: Any = NO_DATA
    path: str | None = None
    meta: Mapping[str, Any] | None = None
    end: bool = False
