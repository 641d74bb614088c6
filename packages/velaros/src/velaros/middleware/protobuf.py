"""The Protocol Buffers codec as middleware, with the envelope for messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from velaros.codecs import ProtobufCodec


def protobuf(*, request: bool = True, response: bool = True) -> ProtobufCodec:
    """Read and write Protocol Buffers in a `velaros.protobuf.Envelope`.

    Handlers work with their own generated messages. Raises `ImportError` without the extra
    `protobuf`. The options are those of the HTTP codec and change nothing for messages.
    """
    from velaros.codecs import ProtobufCodec

    return ProtobufCodec(request=request, response=response)
