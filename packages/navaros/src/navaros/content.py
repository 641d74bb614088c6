"""Bodies whose bytes are known at once: texts, bytes, and whatever a codec encodes."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterator
from typing import TYPE_CHECKING, Any, Final, cast

from aros_core.errors import ArosError, Error
from aros_core.memo import Memo
from navaros.failures import is_special, log, special_text
from navaros.negotiation import choose
from navaros.redirects import Redirect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aros_core.codecs import PayloadCodec

TEXT: Final = "text/plain; charset=utf-8"
BINARY: Final = "application/octet-stream"


class NoContent:
    """The body of a response that has a status and nothing to say."""


NO_CONTENT: Final = NoContent()

_BYTES: Final[tuple[type[Any], ...]] = (bytes, bytearray, memoryview)
_NEVER_STREAMED: Final = frozenset({str, bytes, dict, list, tuple, Error, NoContent})

# What msgspec, dataclasses, attrs and pydantic leave on the classes that they make.
_MARKS_OF_DATA: Final = (
    "__struct_fields__",
    "__dataclass_fields__",
    "__attrs_attrs__",
    "__pydantic_serializer__",
)


def is_streamed(body: Any) -> bool:
    """Tell whether a body is sent piece by piece: an iterator of either kind, or a file object."""
    if body.__class__ in _NEVER_STREAMED:
        return False
    return isinstance(body, (AsyncIterable, Iterator)) or is_file_object(body)


def _holds_data(kind: type) -> bool:
    """Tell whether the instances of a class are for a codec, and nothing that is streamed."""
    if kind is dict:
        return True
    if not any(hasattr(kind, mark) for mark in _MARKS_OF_DATA):
        return False
    if hasattr(kind, "read") and hasattr(kind, "close"):
        return False
    return not issubclass(kind, (AsyncIterable, Iterator, ArosError, Redirect))


HOLDS_DATA: Final = Memo(_holds_data)
"""Whether the instances of a class can only be for a codec, by their class alone."""


def is_file_object(body: Any) -> bool:
    """Tell whether a body is a file object, by what can be done with it."""
    return callable(getattr(body, "read", None)) and callable(getattr(body, "close", None))


def encode_body(
    body: Any, accept: str | None, codecs: Sequence[PayloadCodec], read_by: PayloadCodec | None
) -> tuple[str | None, bytes]:
    """Return the content type and the bytes of a body.

    What is neither text nor bytes is for the codec that `accept` prefers, else for the one that
    read the request, else for the first; where that has no way to write it, for the next best one,
    because `accept` is a wish (RFC 9110, section 12.5.1). Raises `TypeError` for what no codec
    encodes.
    """
    if isinstance(body, str):
        return TEXT, body.encode()
    if isinstance(body, _BYTES):
        return BINARY, bytes(cast("Any", body))
    if body is NO_CONTENT:
        return None, b""
    if is_special(body):
        return _encode_special(body, accept, codecs, read_by)
    return _encode(body, accept, codecs, read_by)


def chunk_bytes(chunk: Any) -> bytes:
    """Return a part of a body as bytes; raise `TypeError` for what is neither text nor bytes."""
    if isinstance(chunk, bytes):
        return chunk
    if isinstance(chunk, str):
        return chunk.encode()
    if isinstance(chunk, _BYTES):
        return bytes(cast("Any", chunk))
    raise TypeError(
        f"a response is written in str or bytes, not in {type(chunk).__qualname__}; encode the "
        "chunk first"
    )


def _encode(
    body: Any, accept: str | None, codecs: Sequence[PayloadCodec], read_by: PayloadCodec | None
) -> tuple[str, bytes]:
    failure: TypeError | None = None
    while (codec := _writer(accept, codecs, read_by)) is not None:
        try:
            return codec.content_type, codec.encode(body)
        except TypeError as error:
            failure = failure or error
            codecs = [other for other in codecs if other is not codec]
    raise failure or TypeError(
        f"a body of type {type(body).__qualname__} needs a codec: add one to the router, as in "
        "app.use(middleware.json()), or answer with text or bytes"
    )


def _encode_special(
    body: Any, accept: str | None, codecs: Sequence[PayloadCodec], read_by: PayloadCodec | None
) -> tuple[str, bytes]:
    codec = _writer(accept, [codec for codec in codecs if codec.shapes_answers], read_by)
    if codec is not None:
        try:
            return codec.content_type, codec.encode(body)
        except Exception:
            # The answer to an error must not fail, whatever codecs users write.
            log.exception("the codec %s cannot encode %r; it is sent as text", codec.name, body)
    return TEXT, special_text(body).encode()


def _writer(
    accept: str | None, codecs: Sequence[PayloadCodec], read_by: PayloadCodec | None
) -> PayloadCodec | None:
    """Return the codec that writes an answer, `None` if there is none."""
    if len(codecs) == 1 and codecs[0].response:
        return codecs[0]
    able = [codec for codec in codecs if codec.response]
    if not able:
        return None
    return choose(accept, able, read_by if read_by in able else able[0])
