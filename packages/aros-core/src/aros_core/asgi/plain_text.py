"""A whole HTTP answer of plain text, for what is refused before any chain runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aros_core.asgi.types import Send


def text_headers(body: bytes, further: Mapping[str, str]) -> Iterable[tuple[bytes, bytes]]:
    """Yield the header fields of a text in UTF-8."""
    yield b"content-type", b"text/plain; charset=utf-8"
    yield b"content-length", str(len(body)).encode()
    for name, value in further.items():
        yield name.lower().encode("latin-1"), value.encode("latin-1")


async def answer_with_text(
    send: Send, status: int, text: str, headers: Mapping[str, str] | None = None
) -> None:
    """Answer an HTTP request with a status and a text."""
    body = text.encode()
    fields = list(text_headers(body, headers or {}))
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
