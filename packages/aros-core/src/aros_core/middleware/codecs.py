"""The codecs as middleware, one function each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aros_core.codecs import JsonCodec

if TYPE_CHECKING:
    from aros_core.codecs.msgpack import MsgpackCodec
    from aros_core.codecs.protobuf import ProtobufCodec


def json(*, request: bool = True, response: bool = True) -> JsonCodec:
    """Read and write JSON (RFC 8259).

    With `request=False` it reads no HTTP request body, with `response=False` it writes no answer.
    """
    return JsonCodec(request=request, response=response)


def msgpack(*, request: bool = True, response: bool = True) -> MsgpackCodec:
    """Read and write MessagePack; raises `ImportError` without the extra `msgpack`.

    With `request=False` it reads no HTTP request body, with `response=False` it writes no answer.
    """
    from aros_core.codecs.msgpack import MsgpackCodec

    return MsgpackCodec(request=request, response=response)


def protobuf(*, request: bool = True, response: bool = True) -> ProtobufCodec:
    """Read and write Protocol Buffers; raises `ImportError` without the extra `protobuf`.

    With `request=False` it reads no HTTP request body, with `response=False` it writes no answer.
    """
    from aros_core.codecs.protobuf import ProtobufCodec

    return ProtobufCodec(request=request, response=response)
