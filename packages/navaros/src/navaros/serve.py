"""The server, for development and production alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aros_core.router import BaseRouter

if TYPE_CHECKING:
    from aros_core.asgi.types import ASGIApp

_DEFAULTS = {
    "http": "h11",
    "ws": "wsproto",
    "timeout_graceful_shutdown": 10,
    "ws_per_message_deflate": False,
}


def serve(app: ASGIApp, host: str = "127.0.0.1", port: int = 8080, **uvicorn_options: Any) -> None:
    """Run an application until the process is told to stop.

    Needs the extra `server`: uvicorn, here with h11 and wsproto, up to 10 s for requests to end at
    shutdown, no compression of messages, and a limit for messages that lets the largest of the
    routers' own limits decide. Every option of uvicorn may be given, these too.
    """
    from aros_core.extras import import_extra

    uvicorn = import_extra("uvicorn", "server")
    options = {**_DEFAULTS, **_message_limit(app), **uvicorn_options}
    uvicorn.run(app, host=host, port=port, **options)


def _message_limit(app: ASGIApp) -> dict[str, int]:
    """Return the server's limit for messages: the largest among the routers that have one."""
    routers = app.family() if isinstance(app, BaseRouter) else ()
    limits: list[int] = [getattr(router, "max_message_size", 0) for router in routers]
    return {"ws_max_size": max(limits)} if any(limits) else {}
