"""BlackSheep, with its compiled code."""

# The other checks of this project run where BlackSheep is not installed.
# pyright: reportMissingImports=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false

from __future__ import annotations

from collections.abc import Awaitable, Callable

from blacksheep import (
    Application,
    Request,
    Response,
    Router,
    WebSocket,
    WebSocketDisconnectError,
    json,
)
from blacksheep import text as text_response

from .models import TEXT, User, reply_to


async def pass_on(request: Request, handler: Callable[[Request], Awaitable[Response]]) -> Response:
    """Only pass on, as middleware."""
    return await handler(request)


async def say_hello() -> Response:
    """Answer with text."""
    return text_response(TEXT)


async def show(user: str) -> Response:
    """Answer one parameter with JSON."""
    return json({"id": user, "name": "Ada"})


async def create(data: User) -> Response:
    """Read an object and answer with it."""
    return json(data)


async def show_item(item: str) -> Response:
    """Answer with a parameter as text."""
    return text_response(item)


async def converse(websocket: WebSocket) -> None:
    """Answer messages until the client leaves."""
    await websocket.accept()
    try:
        while True:
            await websocket.send_json(reply_to(await websocket.receive_json()))
    except WebSocketDisconnectError:
        return


def text() -> Application:
    """Return the application that answers with text."""
    return behind(0)


def parameter() -> Application:
    """Return the application that answers one parameter with JSON."""
    app = Application(router=Router())
    app.router.add_get("/users/{user}", show)
    return app


def typed() -> Application:
    """Return the application that reads an object and answers with it."""
    app = Application(router=Router())
    app.router.add_post("/users", create)
    return app


def behind(count: int) -> Application:
    """Return the application that answers with text behind middlewares."""
    app = Application(router=Router())
    for _ in range(count):
        app.middlewares.append(pass_on)
    app.router.add_get("/text", say_hello)
    return app


def many(count: int) -> Application:
    """Return the application with many routes."""
    app = Application(router=Router())
    for number in range(count // 2):
        app.router.add_get(f"/api/r{number}/list", say_hello)
        app.router.add_get(f"/api/r{number}/items/{{item}}", show_item)
    return app


def messages() -> Application:
    """Return the application that answers messages."""
    app = Application(router=Router())
    app.router.add_ws("/", converse)
    return app
