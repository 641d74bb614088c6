"""The header fields of an answer as they are sent, with those that frame its body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from navaros.content import BINARY, HOLDS_DATA, TEXT
from navaros.failures import is_special

if TYPE_CHECKING:
    from aros_core.asgi.types import Event
    from aros_core.codecs import PayloadCodec
    from navaros.headers import ResponseHeaders
    from navaros.router import Router

    Fields = list[tuple[bytes, bytes]]

# Made ahead, for what is sent most often.
_TYPE_FIELDS: Final = {
    name: (b"content-type", name.encode()) for name in (TEXT, BINARY, "application/json")
}
_TEXT_FIELD: Final = _TYPE_FIELDS[TEXT]
_MANY: Final = 1024
_LENGTH_FIELDS: Final = [(b"content-length", b"%d" % length) for length in range(_MANY)]


def is_bodiless(status: int) -> bool:
    """Tell whether responses of a status have no body (RFC 9110, sections 15.2 to 15.4)."""
    return status in (204, 205, 304) or status < 200


class Writer:
    """The codec of all answers where it is the only one, with its Content-Type made ahead."""

    __slots__ = ("encode", "field")

    def __init__(self, codec: PayloadCodec) -> None:
        self.encode = codec.encode
        self.field = _type_field(codec.content_type)


class ReadyAnswer:
    """An answer that is made ahead, since it is the same each time."""

    __slots__ = ("_data", "_fields", "_status")

    def __init__(self, status: int, content_type: str | None, data: bytes) -> None:
        self._status = status
        self._fields = answer_fields(None, status, content_type, len(data))
        self._data = data

    def events(self) -> tuple[Event, Event]:
        """Return the events of the answer, which are the taker's to change."""
        return finished_events(self._status, self._fields.copy(), self._data)


def plain_events(body: Any, router: Router) -> tuple[Event, Event] | None:
    """Return the events of an answer with status 200 that is nothing but a body.

    `None` is for a body that needs a second look: at its kind, or at what the client accepts.
    """
    kind = body.__class__
    if kind is str:
        field = _TEXT_FIELD
        data = body.encode()
    elif HOLDS_DATA[kind] or (kind is list and not is_special(body)):
        writer = router.sole_writer
        if writer is None:
            return None
        field = writer.field
        data = writer.encode(body)
    else:
        return None
    length = len(data)
    counted = _LENGTH_FIELDS[length] if length < _MANY else _length_field(length)
    return (
        {"type": "http.response.start", "status": 200, "headers": [field, counted]},
        {"type": "http.response.body", "body": data},
    )


def finished_events(status: int, fields: Fields, data: bytes) -> tuple[Event, Event]:
    """Return the events of a response whose bytes are all there."""
    return (
        {"type": "http.response.start", "status": status, "headers": fields},
        {"type": "http.response.body", "body": data},
    )


def answer_fields(
    headers: ResponseHeaders | None, status: int, content_type: str | None, length: int | None
) -> Fields:
    """Return the fields that were set, and those of the body where they were not.

    `length` is `None` where nobody knows it, as of a stream. Raises `ValueError` for a
    Content-Length that is not the body's, which would break the connection.
    """
    if headers is None:
        fields: Fields = []
        declared = None
    else:
        fields = headers.encode()
        declared = declared_length(headers)
        if "transfer-encoding" in headers:
            fields = _without(fields, b"transfer-encoding")
    if content_type is not None and (headers is None or "content-type" not in headers):
        fields.append(_type_field(content_type))
    # RFC 9110, section 8.6: these never have the field, and a 304 tells the length of another body.
    if status < 200 or status == 204:
        return _without(fields, b"content-length") if declared is not None else fields
    if declared is None:
        if length is not None and status != 304:
            fields.append(_length_field(length))
    elif length is not None and declared != length and status != 304:
        raise ValueError(
            f"Content-Length says {declared}, but the body has {length} bytes; leave the field "
            "out, and it will be right"
        )
    return fields


def declared_length(headers: ResponseHeaders) -> int | None:
    """Return the Content-Length that was set by hand, `None` without one.

    Raises `ValueError` for anything but one number.
    """
    values = headers.getall("content-length", ())
    if not values:
        return None
    if len(values) > 1 or not (values[0].isascii() and values[0].isdigit()):
        raise ValueError(f"Content-Length is one number, not {', '.join(values)!r}")
    return int(values[0])


def _type_field(content_type: str) -> tuple[bytes, bytes]:
    return _TYPE_FIELDS.get(content_type) or (b"content-type", content_type.encode())


def _length_field(length: int) -> tuple[bytes, bytes]:
    return _LENGTH_FIELDS[length] if length < _MANY else (b"content-length", b"%d" % length)


def _without(fields: Fields, name: bytes) -> Fields:
    return [field for field in fields if field[0] != name]
