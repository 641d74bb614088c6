"""FastAPI, with models of pydantic and middleware as its documentation shows it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from .models import TEXT, reply_to


class Posted(BaseModel):
    """The typed object of `POST /users`."""

    name: str
    email: str
    age: int


async def pass_on(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Only pass on, as middleware."""
    return await call_next(request)


async def say_hello() -> str:
    """Answer with text."""
    return TEXT


async def show(user: str) -> dict[str, str]:
    """Answer one parameter with JSON."""
    return {"id": user, "name": "Ada"}


async def create(user: Posted) -> Posted:
    """Read an object and answer with it."""
    return user


async def show_item(item: str) -> str:
    """Answer with a parameter as text."""
    return item


async def converse(websocket: WebSocket) -> None:
    """Answer messages until the client leaves."""
    await websocket.accept()
    try:
        while True:
            await websocket.send_json(reply_to(await websocket.receive_json()))
    except WebSocketDisconnect:
        return


def text() -> FastAPI:
    """Return the application that answers with text."""
    return behind(0)


def parameter() -> FastAPI:
    """Return the application that answers one parameter with JSON."""
    app = FastAPI(openapi_url=None)
    app.get("/users/{user}")(show)
    return app


def typed() -> FastAPI:
    """Return the application that reads an object and answers with it."""
    app = FastAPI(openapi_url=None)
    app.post("/users")(create)
    return app


def behind(count: int) -> FastAPI:
    """Return the application that answers with text behind middlewares."""
    app = FastAPI(openapi_url=None)
    for _ in range(count):
        app.middleware("http")(pass_on)
    app.get("/text", response_class=PlainTextResponse)(say_hello)
    return app


def many(count: int) -> FastAPI:
    """Return the application with many routes."""
    app = FastAPI(openapi_url=None)
    for number in range(count // 2):
        app.get(f"/api/r{number}/list", response_class=PlainTextResponse)(say_hello)
        app.get(f"/api/r{number}/items/{{item}}", response_class=PlainTextResponse)(show_item)
    return app


def messages() -> FastAPI:
    """Return the application that answers messages."""
    app = FastAPI(openapi_url=None)
    app.websocket("/")(converse)
    return app
