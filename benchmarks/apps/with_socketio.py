"""python-socketio, whose events with acknowledgements are the nearest thing to routed messages."""

# The other checks of this project run where python-socketio is not installed.
# pyright: reportMissingImports=false, reportMissingTypeStubs=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import json
from typing import Any

from socketio import ASGIApp, AsyncServer

from .models import ROUTES


class SocketIO:
    """How Socket.IO 5 over Engine.IO 4 writes messages."""

    path = "/socket.io/"
    query = b"EIO=4&transport=websocket"
    opening = ((None, 2), ("40", 1))

    def frame(self, number: int, path: str, data: Any) -> str:
        """Return an event that asks for an acknowledgement."""
        return f"42{number}{json.dumps([path, data], separators=(',', ':'))}"

    def read(self, frame: str) -> tuple[int, Any]:
        """Return the number and the payload of an acknowledgement."""
        number, _, data = frame.removeprefix("43").partition("[")
        return int(number), json.loads(f"[{data}")[0]


WIRE = SocketIO()


def messages() -> Any:
    """Return the application that answers messages."""
    server = AsyncServer(async_mode="asgi", monitor_clients=False)
    for path, handler in ROUTES.items():
        server.on(path, handler_of(handler))
    return ASGIApp(server)


def handler_of(function: Any) -> Any:
    """Return a handler of events."""

    async def handler(sid: str, data: Any) -> Any:
        return function(data)

    return handler
