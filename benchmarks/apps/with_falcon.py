"""Falcon."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import falcon
from falcon.asgi import App

from .models import TEXT, checked_user, reply_to

if TYPE_CHECKING:
    from falcon.asgi import Request, Response, WebSocket


class PassOn:
    """Only passes on, as middleware."""

    async def process_request(self, req: Request, resp: Response) -> None:
        """Come before the resource."""

    async def process_response(
        self, req: Request, resp: Response, resource: Any, req_succeeded: bool
    ) -> None:
        """Come after the resource."""


class Hello:
    """Answers with text."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer `GET`."""
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = TEXT


class Users:
    """Answers with users."""

    async def on_get(self, req: Request, resp: Response, user: str) -> None:
        """Answer one parameter with JSON."""
        resp.media = {"id": user, "name": "Ada"}

    async def on_post(self, req: Request, resp: Response) -> None:
        """Read an object and answer with it."""
        resp.media = asdict(checked_user(await req.get_media()))


class Items:
    """Answers with a parameter as text."""

    async def on_get(self, req: Request, resp: Response, item: str) -> None:
        """Answer `GET`."""
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = item


async def receive_object(ws: WebSocket) -> Any:
    """Return the next message; Falcon leaves its type open."""
    return await ws.receive_media()


class Messages:
    """Answers messages."""

    async def on_websocket(self, req: Request, ws: WebSocket) -> None:
        """Answer until the client leaves."""
        await ws.accept()
        try:
            while True:
                await ws.send_media(reply_to(await receive_object(ws)))
        except falcon.WebSocketDisconnected:
            return


def text() -> App[Request, Response]:
    """Return the application that answers with text."""
    return behind(0)


def parameter() -> App[Request, Response]:
    """Return the application that answers one parameter with JSON."""
    app = App()
    app.add_route("/users/{user}", Users())
    return app


def typed() -> App[Request, Response]:
    """Return the application that reads an object and answers with it."""
    app = App()
    app.add_route("/users", Users())
    return app


def behind(count: int) -> App[Request, Response]:
    """Return the application that answers with text behind middlewares."""
    app = App(middleware=[PassOn() for _ in range(count)])
    app.add_route("/text", Hello())
    return app


def many(count: int) -> App[Request, Response]:
    """Return the application with many routes."""
    app = App()
    hello, items = Hello(), Items()
    for number in range(count // 2):
        app.add_route(f"/api/r{number}/list", hello)
        app.add_route(f"/api/r{number}/items/{{item}}", items)
    return app


def messages() -> App[Request, Response]:
    """Return the application that answers messages."""
    app = App()
    app.add_route("/", Messages())
    return app
