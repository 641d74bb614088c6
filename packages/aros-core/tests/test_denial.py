"""Refused handshakes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aros_core.asgi.denial import deny, deny_with_text

if TYPE_CHECKING:
    from aros_core.asgi.types import Event, Scope

PLAIN: Scope = {"type": "websocket"}
EXTENDED: Scope = {"type": "websocket", "extensions": {"websocket.http.response": {}}}


class Server:
    """Keeps what it is told to send."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def send(self, event: Event) -> None:
        """Take an event."""
        self.events.append(event)


def response(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> list[dict[str, Any]]:
    """Return the events of a refusal with status and body."""
    return [
        {"type": "websocket.http.response.start", "status": status, "headers": headers},
        {"type": "websocket.http.response.body", "body": body},
    ]


async def test_status_headers_and_body_are_sent_where_the_server_can() -> None:
    """By the denial extension of ASGI."""
    server = Server()
    await deny(EXTENDED, server.send, 403, iter([(b"x-why", b"test")]), b"no")
    assert server.events == response(403, [(b"x-why", b"test")], b"no")


async def test_else_the_handshake_is_closed() -> None:
    """Servers answer that with 403, whatever the status."""
    scopes: list[Scope] = [PLAIN, {**PLAIN, "extensions": None}, {**PLAIN, "extensions": {}}]
    for scope in scopes:
        server = Server()
        await deny(scope, server.send, 401, [], b"no")
        assert server.events == [{"type": "websocket.close", "code": 1008, "reason": ""}]


async def test_a_refusal_with_a_text() -> None:
    """Further headers go along; an empty text is the status's own phrase, if it has one."""
    text = (b"content-type", b"text/plain; charset=utf-8")
    server = Server()
    await deny_with_text(EXTENDED, server.send, 401, "who?", {"WWW-Authenticate": "Basic"})
    fields = [text, (b"www-authenticate", b"Basic"), (b"content-length", b"4")]
    assert server.events == response(401, fields, b"who?")
    for status, phrase in ((404, b"Not Found"), (499, b"Client Error"), (599, b"Server Error")):
        server = Server()
        await deny_with_text(EXTENDED, server.send, status, "")
        length = (b"content-length", str(len(phrase)).encode())
        assert server.events == response(status, [text, length], phrase)
