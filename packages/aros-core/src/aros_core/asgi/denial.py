"""The refusal of a WebSocket handshake, with a status and a body where the server can send them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aros_core.asgi.plain_text import text_headers
from aros_core.errors import HTTPError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aros_core.asgi.types import Scope, Send

_REFUSED = 1008
"""RFC 6455 section 7.4.1; servers answer a close before the handshake with 403."""


async def deny(
    scope: Scope,
    send: Send,
    status: int,
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
) -> None:
    """Refuse the handshake of a `websocket` scope.

    Status, headers and body are sent where the server offers the ASGI extension
    `websocket.http.response`, else the handshake is closed without them.
    """
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": _REFUSED, "reason": ""})
        return
    await send(
        {"type": "websocket.http.response.start", "status": status, "headers": list(headers)}
    )
    await send({"type": "websocket.http.response.body", "body": body})


async def deny_with_text(
    scope: Scope, send: Send, status: int, text: str, headers: Mapping[str, str] | None = None
) -> None:
    """Refuse the handshake with a plain text; an empty one gives the status's own phrase."""
    body = (text or HTTPError(status).message).encode()
    await deny(scope, send, status, text_headers(body, headers or {}), body)
