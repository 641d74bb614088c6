"""A whole HTTP answer of plain text, for what is refused before any chain runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aros_core.asgi.types import Send

_UNSAFE = re.compile(r"[\r\n\0]")


def text_headers(body: bytes, further: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Return the header fields of a text in UTF-8, where the further ones do not say otherwise.

    Raises `ValueError` for a name or value with CR, LF or NUL (RFC 9110, section 5.5).
    """
    fields = {"content-type": "text/plain; charset=utf-8"}
    for name, value in further.items():
        if _UNSAFE.search(name) or _UNSAFE.search(value):
            raise ValueError(f"a header field has no CR, LF or NUL: {name!r}: {value!r}")
        fields[name.lower()] = value
    fields["content-length"] = str(len(body))
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]


async def answer_with_text(
    send: Send, status: int, text: str, headers: Mapping[str, str] | None = None
) -> None:
    """Answer an HTTP request with a status and a text."""
    body = text.encode()
    fields = text_headers(body, headers or {})
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
