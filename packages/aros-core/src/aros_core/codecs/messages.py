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


class InboundMessage:
    """A message that was received, its envelope read and its payload still in bytes.

    `path` is `""` and `id` is `None` where the message names none. `data` are the payload's bytes
    as they are inside the envelope, `None` when there is no payload; `raw` is the whole message as
    UTF-8 or binary. Both are made on first use out of what the codec or transport gave. `end` marks
    the last message of a stream.
    """

    __slots__ = ("_data", "_raw", "end", "id", "meta", "path", "type")

    path: str
    id: str | int | None
    meta: Mapping[str, Any]
    type: MessageType
    end: bool

    def __init__(
        self,
        path: str = "",
        id: str | int | None = None,  # noqa: A002
        data: SupportsBytes | None = None,
        meta: Mapping[str, Any] = NO_META,
        raw: str | bytes = b"",
        type: MessageType = MessageType.TEXT,  # noqa: A002
        end: bool = False,
    ) -> None:
        self.path = path
        self.id = id
        self._data = data
        self.meta = meta
        self._raw = raw
        self.type = type
        self.end = end

    @property
    def data(self) -> bytes | None:
        """The payload's bytes, `None` when the message carries no payload."""
        data = self._data
        if data is not None and data.__class__ is not bytes:
            self._data = data = bytes(data)
        return cast("bytes | None", data)

    @data.setter
    def data(self, data: bytes | None) -> None:
        self._data = data

    @property
    def source(self) -> SupportsBytes | None:
        """What the codec gave as `data`, which it may read faster than the bytes themselves."""
        return self._data

    @property
    def raw(self) -> bytes:
        """The whole message, as bytes."""
        raw = self._raw
        if isinstance(raw, str):
            # A text that is no valid Unicode cannot be read, but looking at it must not fail.
            self._raw = raw = raw.encode("utf-8", "surrogatepass")
        return raw

    @raw.setter
    def raw(self, raw: str | bytes) -> None:
        self._raw = raw

    def __repr__(self) -> str:
        return (
            f"InboundMessage(path={self.path!r}, id={self.id!r}, data={self.data!r}, "
            f"meta={dict(self.meta)!r}, type={self.type}, end={self.end})"
        )


class OutboundMessage(msgspec.Struct):
    """A message to send: its payload a value, still to be encoded.

    `id`, `path` and `meta` are left out of the envelope where they are `None`, `data` where it is
    `NO_DATA`. `end` marks the last message of a stream.
    """

    data: Any = NO_DATA
    id: str | int | None = None
    path: str | None = None
    meta: Mapping[str, Any] | None = None
    type: MessageType = MessageType.TEXT
    end: bool = False
