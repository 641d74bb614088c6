"""Raw ASGI by hand with the standard library's JSON: what everything is measured against."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from .models import TEXT, checked_user, reply_to

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .models import Application, Receive, Send

    Answer: TypeAlias = tuple[int, bytes, bytes]

PLAIN = b"text/plain; charset=utf-8"
JSON = b"application/json"

encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


async def answer(send: Send, status: int, content_type: bytes, body: bytes) -> None:
    """Send a whole response."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", content_type),
                (b"content-length", str(len(body)).encode()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def read(receive: Receive) -> bytes:
    """Return the body of a request."""
    body = b""
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise ConnectionError
        body += event.get("body", b"")
        if not event.get("more_body"):
            return body


async def not_found(send: Send) -> None:
    """Answer a request for which there is no route."""
    await answer(send, 404, PLAIN, b"Not Found")


async def answer_text(scope: Any, receive: Receive, send: Send) -> None:
    """Answer `GET /text`."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/text":
        await not_found(send)
        return
    await answer(send, 200, PLAIN, TEXT.encode())


def text() -> Application:
    """Return the application that answers with text."""
    return answer_text


def parameter() -> Application:
    """Return the application that answers one parameter with JSON."""

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        head, _, user = scope["path"].rpartition("/")
        if scope["type"] != "http" or scope["method"] != "GET" or head != "/users" or not user:
            await not_found(send)
            return
        await answer(send, 200, JSON, encode({"id": user, "name": "Ada"}).encode())

    return app


def typed() -> Application:
    """Return the application that reads an object and answers with it."""

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != "/users":
            await not_found(send)
            return
        if (b"content-type", JSON) not in scope["headers"]:
            await answer(send, 415, PLAIN, b"Unsupported Media Type")
            return
        try:
            user = checked_user(json.loads(await read(receive)))
        except (ValueError, KeyError, TypeError):
            await answer(send, 400, PLAIN, b"Bad Request")
            return
        body = encode({"name": user.name, "email": user.email, "age": user.age}).encode()
        await answer(send, 200, JSON, body)

    return app


def behind(count: int) -> Application:
    """Return the application that answers with text behind middlewares."""

    def wrapped(app: Application) -> Application:
        async def middleware(scope: Any, receive: Receive, send: Send) -> None:
            await app(scope, receive, send)

        return middleware

    app = text()
    for _ in range(count):
        app = wrapped(app)
    return app


def many(count: int) -> Application:
    """Return the application with many routes: two dictionaries."""

    async def list_items(send: Send) -> None:
        await answer(send, 200, PLAIN, TEXT.encode())

    async def show_item(send: Send, item: str) -> None:
        await answer(send, 200, PLAIN, item.encode())

    static: dict[tuple[str, str], Callable[[Send], Awaitable[None]]] = {}
    with_item: dict[tuple[str, str], Callable[[Send, str], Awaitable[None]]] = {}
    for number in range(count // 2):
        static["GET", f"/api/r{number}/list"] = list_items
        with_item["GET", f"/api/r{number}/items"] = show_item

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        if handler := static.get((method, path)):
            await handler(send)
            return
        head, _, item = path.rpartition("/")
        if item and (show := with_item.get((method, head))):
            await show(send, item)
            return
        await not_found(send)

    return app


def reply(text: str) -> dict[str, Any]:
    """Return what answers a message."""
    try:
        return reply_to(json.loads(text))
    except (ValueError, KeyError, TypeError):
        return {"data": {"error": "not understood"}}


def messages() -> Application:
    """Return the application that answers messages."""

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "text": encode(reply(event["text"]))})

    return app
