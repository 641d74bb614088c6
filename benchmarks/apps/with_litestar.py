"""Litestar, without its pages about OpenAPI.

There is no application with many routes: making 5,000 takes it half a minute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Litestar, MediaType, WebSocket, get, post, websocket
from litestar.exceptions import WebSocketDisconnect

from .models import TEXT, User, reply_to

if TYPE_CHECKING:
    from .models import Application, Receive, Send


def passing_on(app: Application) -> Application:
    """Return middleware that only passes on."""

    async def pass_on(scope: Any, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)

    return pass_on


@get("/text", media_type=MediaType.TEXT)
async def say_hello() -> str:
    """Answer with text."""
    return TEXT


@get("/users/{user:str}")
async def show(user: str) -> dict[str, str]:
    """Answer one parameter with JSON."""
    return {"id": user, "name": "Ada"}


@post("/users", status_code=200)
async def create(data: User) -> User:
    """Read an object and answer with it."""
    return data


@websocket("/")
async def converse(socket: WebSocket[Any, Any, Any]) -> None:
    """Answer messages until the client leaves."""
    await socket.accept()
    try:
        while True:
            await socket.send_json(reply_to(await socket.receive_json()))
    except WebSocketDisconnect:
        return


def application(*handlers: Any, **options: Any) -> Litestar:
    """Return an application with these handlers."""
    return Litestar(handlers, openapi_config=None, **options)


def text() -> Litestar:
    """Return the application that answers with text."""
    return application(say_hello)


def parameter() -> Litestar:
    """Return the application that answers one parameter with JSON."""
    return application(show)


def typed() -> Litestar:
    """Return the application that reads an object and answers with it."""
    return application(create)


def behind(count: int) -> Litestar:
    """Return the application that answers with text behind middlewares."""
    return application(say_hello, middleware=[passing_on] * count)


def messages() -> Litestar:
    """Return the application that answers messages."""
    return application(converse)
