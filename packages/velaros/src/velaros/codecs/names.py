"""The codecs that clients choose by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aros_core.codecs import Codec, JsonCodec
from aros_core.codecs.msgpack import MsgpackCodec
from velaros.codecs.protobuf import ProtobufCodec

if TYPE_CHECKING:
    from collections.abc import Callable

_CODECS: Final[dict[str, Callable[[], Codec]]] = {
    "json": JsonCodec,
    "msgpack": MsgpackCodec,
    "protobuf": ProtobufCodec,
}

_SUBPROTOCOLS: Final = {f"velaros-{name}": name for name in _CODECS}


def codec_named(codec: str | Codec) -> Codec:
    """Return the codec of a name, `json`, `msgpack` or `protobuf`; a codec is returned as it is.

    Raises `ValueError` for other names and `ImportError` when the codec's extra is missing.
    """
    if isinstance(codec, Codec):
        return codec
    if codec not in _CODECS:
        raise ValueError(f"there is no codec {codec!r}: choose one of {', '.join(_CODECS)}")
    return _CODECS[codec]()


def codec_of_subprotocol(subprotocol: str | None) -> Codec:
    """Return the codec that a subprotocol stands for, JSON for none and for unknown ones."""
    return codec_named(_SUBPROTOCOLS.get(subprotocol or "", "json"))
