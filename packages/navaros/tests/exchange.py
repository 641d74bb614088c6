"""One ASGI exchange in memory: a server that keeps what it is sent, and minds its rules."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from multidict import CIMultiDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aros_core.asgi.types import ASGIApp, Event, Scope


def http_scope(
    method: str = "GET",
    path: str = "/",
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    **changes: Any,
) -> Scope:
    """Return the scope of a request, as servers make it."""
    fields = CIMultiDict(headers)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in fields.items()],
        "client": ("192.0.2.1", 5000),
        "server": ("testserver", 80),
        "state": {},
        **changes,
    }


def upgrade_scope(path: str = "/", *, denial: bool = True, **changes: Any) -> Scope:
    """Return the scope of a WebSocket handshake, as servers make it."""
    scope = http_scope(path=path, type="websocket", scheme="ws", subprotocols=[])
    del scope["method"]
    scope["extensions"] = {"websocket.http.response": {}} if denial else {}
    return {**scope, **changes}


class Exchange:
    """Runs an application for one scope; `async with` makes sure that it comes to its end."""

    def __init__(self, app: ASGIApp, scope: Scope, *body: bytes, is_whole: bool = True) -> None:
        """Take the chunks of the request body; without `is_whole` more of them will follow."""
        self.sent: list[Event] = []
        self.send_error: Exception | None = None
        self._app = app
        self._scope = scope
        self._incoming: asyncio.Queue[Event] = asyncio.Queue()
        self._news = asyncio.Event()
        self._receiving = False
        self._task: asyncio.Task[None] | None = None
        if scope["type"] == "websocket":
            self.push({"type": "websocket.connect"})
            return
        for chunk in body:
            self.push({"type": "http.request", "body": chunk, "more_body": True})
        if is_whole:
            self.push({"type": "http.request", "body": b"", "more_body": False})

    def push(self, event: Event) -> None:
        """Have the server receive an event."""
        self._incoming.put_nowait(event)

    def leave(self) -> None:
        """Have the client leave."""
        kind = self._scope["type"]
        self.push({"type": f"{kind}.disconnect", "code": 1006})

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        await asyncio.wait((self._task,))
        if not self.is_cancelled:
            self._task.result()

    @property
    def is_cancelled(self) -> bool:
        """Whether the application gave in to its cancellation."""
        return self._task is not None and self._task.cancelled()

    def cancel(self) -> None:
        """Have the server give the request up."""
        assert self._task is not None
        self._task.cancel()

    async def run(self) -> Self:
        """Run the application to its end."""
        async with self:
            pass
        return self

    async def wait_sent(self, count: int) -> None:
        """Return when so many events were sent."""
        while len(self.sent) < count:
            self._news.clear()
            await self._news.wait()

    @property
    def status(self) -> int:
        """The status of the response."""
        return self.sent[0]["status"]

    @property
    def headers(self) -> CIMultiDict[str]:
        """The header fields of the response."""
        fields = self.sent[0]["headers"]
        return CIMultiDict((name.decode(), value.decode("latin-1")) for name, value in fields)

    @property
    def body(self) -> bytes:
        """What arrived of the response body."""
        return b"".join(event.get("body", b"") for event in self.sent[1:])

    @property
    def is_complete(self) -> bool:
        """Whether the client can take the response for complete."""
        return len(self.sent) > 1 and not self.sent[-1].get("more_body", False)

    async def _run(self) -> None:
        await self._app(self._scope, self._receive, self._send)

    async def _receive(self) -> Event:
        assert not self._receiving, "servers take one call of receive at a time"
        self._receiving = True
        try:
            return await self._incoming.get()
        finally:
            self._receiving = False

    async def _send(self, event: Event) -> None:
        if self.send_error is not None:
            raise self.send_error
        self._check(event)
        self.sent.append(event)
        self._news.set()
        if event["type"] == "http.response.body" and not event.get("more_body", False):
            self.leave()

    def _check(self, event: Event) -> None:
        """Refuse what servers refuse."""
        kind = event["type"]
        if kind == "http.response.start":
            assert not self.sent, "a response begins once"
            assert all(name == name.lower() for name, _ in event["headers"])
        elif kind == "http.response.body":
            assert self.sent, "a response begins with its head"
            assert not self.is_complete, "nothing follows a complete response"


async def ask(
    app: ASGIApp,
    method: str = "GET",
    path: str = "/",
    *body: bytes,
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    **changes: Any,
) -> Exchange:
    """Ask an application for something, and return the exchange when it is over."""
    return await Exchange(app, http_scope(method, path, headers, **changes), *body).run()
