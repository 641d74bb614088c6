"""Protocol Buffers payloads: the user's own generated messages."""

from __future__ import annotations

from typing import Any

from aros_core.codecs.base import PayloadCodec
from aros_core.errors import FieldError, UnmarshalError
from aros_core.extras import import_extra
from aros_core.payloads.faults import reason_of


class ProtobufCodec(PayloadCodec):
    """Protocol Buffers payloads; needs the extra `protobuf`.

    Reads into and writes from generated message classes only. What such a message cannot hold,
    special answers included, has to be a message of the user's own.
    """

    name = "protobuf"
    content_type = "application/protobuf"
    media_types = ("application/x-protobuf",)
    shapes_answers = False

    def __init__(self, *, request: bool = True, response: bool = True) -> None:
        super().__init__(request=request, response=response)
        self._message_class: type = import_extra("google.protobuf.message", "protobuf").Message

    def decode(self, data: bytes, into: Any = Any) -> Any:
        """Return `data` as a message of the generated class `into`.

        Raises `UnmarshalError` for bytes that are no such message, and `TypeError` for anything
        that is not a generated class.
        """
        if not self.reads_into(into):
            raise TypeError(
                f"a protobuf payload is unmarshalled into its generated message class, "
                f"as in unmarshal(UserRequest), not into {into!r}"
            )
        message: Any = into()
        try:
            message.ParseFromString(data)
        except Exception as error:
            raise UnmarshalError(f"unreadable protobuf: {reason_of(error)}") from error
        if not message.IsInitialized():
            missing = message.FindInitializationErrors()
            raise UnmarshalError(None, [FieldError(field, "is required") for field in missing])
        return message

    def reads_into(self, into: Any) -> bool:
        """Tell whether `into` is a generated message class."""
        return isinstance(into, type) and issubclass(into, self._message_class)

    def encode(self, value: Any) -> bytes:
        """Return the generated message `value` as bytes; anything else is a `TypeError`."""
        if not isinstance(value, self._message_class):
            raise TypeError(
                f"cannot encode {type(value).__qualname__} as protobuf: answer with a generated "
                f"message (Error, FieldError, text and plain values have no place in one)"
            )
        message: Any = value
        try:
            return message.SerializeToString()
        except Exception as error:
            raise TypeError(
                f"cannot encode {type(value).__qualname__} as protobuf: {reason_of(error)}"
            ) from error
