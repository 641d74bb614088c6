"""Calling an ASGI application with HTTP requests, as a server would, and checking its answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apps.models import Application, Event
    from rounds import Work


class WrongAnswer(Exception):
    """An application does not do the work that is measured."""


@dataclass(frozen=True)
class Request:
    """A request, and the answer that every application has to give."""

    method: str
    path: str
    answer: object = None
    """The text, or what the JSON says; `None` for anything."""
    status: int = 200
    body: bytes = b""

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers, as those of a small client."""
        headers = [(b"host", b"127.0.0.1:8000"), (b"user-agent", b"bench"), (b"accept", b"*/*")]
        if self.body:
            length = str(len(self.body)).encode()
            headers += [(b"content-type", b"application/json"), (b"content-length", length)]
        return headers

    def scope(self) -> dict[str, Any]:
        """Return the ASGI scope of the request, as uvicorn makes it."""
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 50000),
            "scheme": "http",
            "method": self.method,
            "root_path": "",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": b"",
            "headers": self.headers,
            "state": {},
        }

    def check(self, name: str, events: list[Event]) -> None:
        """Raise `WrongAnswer` unless these events are the answer."""
        start = events[0]
        body = b"".join(event.get("body", b"") for event in events[1:])
        headers = {bytes(key).lower(): bytes(value) for key, value in start["headers"]}
        content_type, length = headers.get(b"content-type", b""), headers.get(b"content-length")
        is_right = start["status"] == self.status and length == str(len(body)).encode()
        if isinstance(self.answer, str):
            is_right = is_right and content_type.startswith(b"text/plain")
            is_right = is_right and body.decode() == self.answer
        elif self.answer is not None:
            is_right = is_right and content_type.startswith(b"application/json")
            is_right = is_right and json.loads(body) == self.answer
        if not is_right:
            raise WrongAnswer(f"{name} answers {self.method} {self.path} with {events}")


async def checked_requests(name: str, app: Application, request: Request) -> Work:
    """Return the work of making this request; raises `WrongAnswer` if it is not answered as asked.

    Each call has a scope of its own, for applications write into it; the rest is shared.
    """
    scope = request.scope()
    body = {"type": "http.request", "body": request.body, "more_body": False}

    async def receive() -> Event:
        return body

    async def send(event: Event) -> None:
        pass

    async def work(count: int) -> None:
        for _ in range(count):
            await app(scope.copy(), receive, send)

    for _ in range(3):
        events: list[Event] = []

        async def record(event: Event, events: list[Event] = events) -> None:
            events.append(event)

        await app(request.scope(), receive, record)
        request.check(name, events)
    return work
