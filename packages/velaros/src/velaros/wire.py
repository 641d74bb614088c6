"""A client's end of the wire: messages become frames, and frames messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from aros_core.codecs import MessageType, OutboundMessage
from aros_core.errors import UnmarshalError
from velaros.answers import find_error, read_payload
from velaros.frames import as_frame

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aros_core.codecs import Codec, InboundMessage
    from velaros.errors import ErrorAnswer

V = TypeVar("V")

_BARE_END: Final = {"end": True}


class Wire:
    """A codec, and where its frames go."""

    __slots__ = ("_transmit", "codec")

    def __init__(self, codec: Codec, transmit: Callable[[str | bytes], Awaitable[None]]) -> None:
        self.codec = codec
        self._transmit = transmit

    def encode(self, message: OutboundMessage) -> str | bytes:
        """Return the frame of a message; raise a `TypeError` when its data cannot be sent."""
        return as_frame(self.codec.encode_message(message), self.codec.message_type)

    async def send(self, message: OutboundMessage) -> None:
        """Send a message."""
        await self._transmit(self.encode(message))

    def decode(self, frame: str | bytes) -> ReceivedMessage:
        """Return the message in a frame; raise `MessageError` when there is none."""
        kind = MessageType.TEXT if isinstance(frame, str) else MessageType.BINARY
        message = self.codec.decode_message(frame, kind)
        if message.end and not self._carries_data(message):
            message.data = None
        return ReceivedMessage(self, message)

    def _carries_data(self, message: InboundMessage) -> bool:
        """Tell whether the end of a stream has data; a codec may take the end itself for some."""
        if not message.data:
            return False
        try:
            return not self.codec.shapes_answers or self.codec.decode_data(message) != _BARE_END
        except UnmarshalError:
            return True


class ReceivedMessage:
    """A message from the server."""

    __slots__ = ("_message", "_wire")

    def __init__(self, wire: Wire, message: InboundMessage) -> None:
        self._wire = wire
        self._message = message

    @property
    def path(self) -> str:
        """The path; empty when there is none."""
        return self._message.path

    @property
    def id(self) -> str | int | None:
        """The id; `None` for a message that wants no answer."""
        return self._message.id

    @property
    def meta(self) -> Mapping[str, Any]:
        """The metadata; empty when there is none."""
        return self._message.meta

    @property
    def data(self) -> Any:
        """The payload as plain Python values; `None` when there is none.

        Raises `TypeError` with protobuf, whose payloads need a type: see `unmarshal`.
        """
        return self.unmarshal()

    @property
    def is_last(self) -> bool:
        """Whether this message is the last of a stream."""
        return self._message.end

    @property
    def has_data(self) -> bool:
        """Whether there is a payload; a null is one."""
        return self._message.data is not None

    @property
    def error(self) -> ErrorAnswer | None:
        """The error that the message carries in the shape of `Error` or `FieldError`, if any."""
        return find_error(self._message, self._wire.codec)

    @overload
    def unmarshal(self, T: type[V]) -> V: ...
    @overload
    def unmarshal(self, T: Any = None) -> Any: ...
    def unmarshal(self, T: Any = None) -> Any:
        """Return the payload as a validated `T`; without one, as plain Python values.

        Raises `UnmarshalError` when the payload is missing or does not fit, and its subclass
        `ErrorAnswer` when it is an error that `T` has no place for.
        """
        return read_payload(self._message, self._wire.codec, T)

    async def reply(self, data: Any, *, meta: Mapping[str, Any] | None = None) -> None:
        """Answer a message that has an id; raises `RuntimeError` for one that has none."""
        if self.id is None:
            raise RuntimeError("a message without an id cannot be answered; send one instead")
        await self._wire.send(OutboundMessage(self.id, data, meta=meta))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} path={self.path!r} id={self.id!r}>"


class AnswerStream(AsyncIterator[Any]):
    """The items of a stream of answers, up to the message that says it is the last.

    An error as the only answer, or as the last, raises `ErrorAnswer`; in between it is an item.
    """

    __slots__ = ("_has_begun", "_into", "_is_over", "_next_answer")

    def __init__(self, next_answer: Callable[[], Awaitable[ReceivedMessage]], into: Any) -> None:
        self._next_answer = next_answer
        self._into = into
        self._has_begun = False
        self._is_over = False

    async def __anext__(self) -> Any:
        if self._is_over:
            raise StopAsyncIteration
        answer = await self._next_answer()
        self._is_over = answer.is_last
        if self._is_over or not self._has_begun:
            error = answer.error
            if error is not None:
                self._is_over = True
                raise error
        self._has_begun = True
        if self._is_over and not answer.has_data:
            raise StopAsyncIteration
        return answer.unmarshal(self._into)
