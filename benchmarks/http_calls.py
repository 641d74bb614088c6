"""Calling an ASGI application with HTTP requests, as a server would, and checking its answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from apps.models import Application, Event, Receive, Send
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

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers, as those of a small client."""
        headers = [(b"host", b"127.0.0.1:8000"), (b"user-agent", b"bench"), (b"accept", b"*/*")]
        if self.body:
            length = str(len(self.body)).encode()
            headers += [(b"content-type", b"application/json"), (b"content-length", length)]
        return headers

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


class Cycle:
    """One request and its response, as a server keeps them."""

    __slots__ = ("body", "events")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.events: list[Event] = []

    async def receive(self) -> Event:
        """Return the whole body."""
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def send(self, event: Event) -> None:
        """Take an event of the response."""
        self.events.append(event)


def caller(app: Application, request: Request) -> Callable[[], Awaitable[list[Event]]]:
    """Return a function that makes this request and returns the events of the response.

    What a server makes for each request is made for each call: a scope, `receive` and `send`. That
    is the driver's share of every figure.
    """
    method, path, raw_path = request.method, request.path, request.path.encode()
    body, headers = request.body, request.headers()

    async def call() -> list[Event]:
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 50000),
            "scheme": "http",
            "method": method,
            "root_path": "",
            "path": path,
            "raw_path": raw_path,
            "query_string": b"",
            "headers": headers,
            "state": {},
        }
        cycle = Cycle(body)
        await app(scope, cycle.receive, cycle.send)
        return cycle.events

    return call


async def checked_requests(name: str, app: Application, request: Request) -> Work:
    """Return the work of making this request; raises `WrongAnswer` for an answer that is wrong."""
    call = caller(app, request)
    for _ in range(3):
        request.check(name, await call())
    return repeated(call)


async def nothing(scope: Any, receive: Receive, send: Send) -> None:
    """Do nothing, as an application, which leaves the driver alone."""


def repeated(call: Callable[[], Awaitable[object]]) -> Work:
    """Return the work of calling something."""

    async def work(count: int) -> None:
        for _ in range(count):
            await call()

    return work
