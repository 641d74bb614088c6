"""Starlette, with middleware as plain ASGI, which its documentation says is the fast kind."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from .models import TEXT, checked_user, reply_to

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.websockets import WebSocket

    from .models import Application, Receive, Send


class PassOn:
    """Only passes on, as middleware."""

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Call what is behind."""
        await self.app(scope, receive, send)


async def say_hello(request: Request) -> PlainTextResponse:
    """Answer with text."""
    return PlainTextResponse(TEXT)


async def show(request: Request) -> JSONResponse:
    """Answer one parameter with JSON."""
    return JSONResponse({"id": request.path_params["id"], "name": "Ada"})


async def create(request: Request) -> JSONResponse:
    """Read an object and answer with it."""
    user = checked_user(await request.json())
    return JSONResponse(asdict(user))


async def show_item(request: Request) -> PlainTextResponse:
    """Answer with a parameter as text."""
    return PlainTextResponse(request.path_params["id"])


async def converse(websocket: WebSocket) -> None:
    """Answer messages until the client leaves."""
    await websocket.accept()
    try:
        while True:
            await websocket.send_json(reply_to(await websocket.receive_json()))
    except WebSocketDisconnect:
        return


def text() -> Starlette:
    """Return the application that answers with text."""
    return behind(0)


def parameter() -> Starlette:
    """Return the application that answers one parameter with JSON."""
    return Starlette(routes=[Route("/users/{id}", show)])


def typed() -> Starlette:
    """Return the application that reads an object and answers with it."""
    return Starlette(routes=[Route("/users", create, methods=["POST"])])


def behind(count: int) -> Starlette:
    """Return the application that answers with text behind middlewares."""
    middleware = [Middleware(PassOn) for _ in range(count)]
    return Starlette(routes=[Route("/text", say_hello)], middleware=middleware)


def many(count: int) -> Starlette:
    """Return the application with many routes."""
    routes: list[Route] = []
    for number in range(count // 2):
        routes.append(Route(f"/api/r{number}/list", say_hello))
        routes.append(Route(f"/api/r{number}/items/{{id}}", show_item))
    return Starlette(routes=routes)


def messages() -> Starlette:
    """Return the application that answers messages."""
    return Starlette(routes=[WebSocketRoute("/", converse)])
