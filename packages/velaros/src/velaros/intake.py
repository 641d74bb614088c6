"""From frames to messages: of the codecs of a socket, the first that can read a frame does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aros_core.codecs import InboundMessage, MessageType
from aros_core.errors import MessageError
from velaros.logs import logger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aros_core.codecs import Codec


class Unreadable(Exception):
    """No codec can read a frame: `codec` is the one to answer in, `id` what was read of it."""

    def __init__(self, error: MessageError, codec: Codec) -> None:
        super().__init__(str(error))
        self.codec = codec
        self.id = error.id


def read_frame(
    codecs: Sequence[Codec], raw: str | bytes, message_type: MessageType
) -> tuple[InboundMessage, Codec | None]:
    """Return the message in a frame and the codec that read it.

    Without codecs the message is the bare frame. Raises `Unreadable`.
    """
    failures: list[Unreadable] | None = None
    for codec in codecs:
        try:
            return codec.decode_message(raw, message_type), codec
        except Exception as error:
            failures = [*(failures or ()), _failure(error, codec)]
    if failures is None:
        return InboundMessage(frame=raw, type=message_type), None
    raise max(failures, key=lambda it: (it.id is not None, it.codec.message_type is message_type))


def _failure(error: Exception, codec: Codec) -> Unreadable:
    if isinstance(error, MessageError):
        return Unreadable(error, codec)
    logger.error("the codec %r failed to read a message", codec.name, exc_info=error)
    return Unreadable(MessageError(repr(error)), codec)
