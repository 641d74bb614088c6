"""Raw ASGI by hand with msgspec: for information, how far JSON alone can go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from .models import Numbers, User
from .raw import JSON, PLAIN, answer, not_found, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from .models import Application, Receive, Send

encode = msgspec.json.Encoder().encode
read_user = msgspec.json.Decoder(User).decode


class Message(msgspec.Struct):
    """The envelope of a message."""

    path: str
    id: str
    data: msgspec.Raw = msgspec.Raw(b"null")


read_message = msgspec.json.Decoder(Message).decode
read_numbers = msgspec.json.Decoder(Numbers).decode


def parameter() -> Application:
    """Return the application that answers one parameter with JSON."""

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        head, _, user = scope["path"].rpartition("/")
        if scope["type"] != "http" or scope["method"] != "GET" or head != "/users" or not user:
            await not_found(send)
            return
        await answer(send, 200, JSON, encode({"id": user, "name": "Ada"}))

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
            user = read_user(await read(receive))
        except msgspec.MsgspecError:
            await answer(send, 400, PLAIN, b"Bad Request")
            return
        await answer(send, 200, JSON, encode(user))

    return app


def add(message: Message) -> dict[str, int]:
    """Answer `/add`."""
    numbers = read_numbers(message.data)
    return {"sum": numbers.a + numbers.b}


def messages() -> Application:
    """Return the application that answers messages."""
    routes: dict[str, Callable[[Message], Any]] = {
        "/ping": lambda message: {"pong": True},
        "/add": add,
    }

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] != "websocket.disconnect":
            try:
                message = read_message(event["text"])
                reply = {"id": message.id, "data": routes[message.path](message)}
            except (msgspec.MsgspecError, KeyError):
                reply = {"id": None, "data": {"error": "not understood"}}
            await send({"type": "websocket.send", "text": encode(reply).decode()})

    return app
