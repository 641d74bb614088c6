"""What is decided about a socket before its handshake is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aros_core.asgi.denial import deny, deny_with_text
from aros_core.errors import Error, FieldError, HTTPError, UnmarshalError
from velaros.logs import logger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aros_core.asgi.types import Scope, Send
    from aros_core.codecs import Codec


def negotiate(
    offered: Sequence[str], codecs: tuple[Codec, ...], further: Sequence[str]
) -> tuple[str | None, tuple[Codec, ...]]:
    """Return the subprotocol and the codecs that read under it (RFC 6455 section 4.2.2).

    The client's first that is known is chosen. `further` are names that codecs written as
    middleware know. Raises `HTTPError` 400 when the client offers only unknown ones.
    """
    if not offered:
        return None, codecs
    for name in offered:
        for codec in codecs:
            if codec.subprotocol == name:
                return name, (codec,)
        if name in further:
            return name, ()
    known = [*dict.fromkeys([codec.subprotocol for codec in codecs]), *further]
    raise HTTPError(400, f"unknown subprotocols; this server knows {', '.join(known) or 'none'}")


async def refuse(scope: Scope, send: Send, error: Exception, codecs: tuple[Codec, ...]) -> None:
    """Refuse a handshake with the status and body of what was raised, 500 where it has none.

    An `Error`, `FieldError` or `UnmarshalError` is a 400, in the shape of the first codec.
    """
    try:
        if isinstance(error, HTTPError):
            await deny_with_text(scope, send, error.status, error.message, error.headers)
        elif isinstance(error, Error | FieldError | UnmarshalError):
            content_type, body = _answer(error, codecs)
            await deny(scope, send, 400, [(b"content-type", content_type.encode())], body)
        else:
            logger.error("unhandled error in a handshake", exc_info=error)
            await deny_with_text(scope, send, 500, "")
    except Exception as failure:
        logger.debug("the client left before its handshake was refused: %r", failure)


def _answer(error: Exception, codecs: tuple[Codec, ...]) -> tuple[str, bytes]:
    for codec in codecs:
        if codec.shapes_answers:
            return codec.content_type, codec.encode(error)
    return "text/plain; charset=utf-8", str(error).encode()
