"""The applications that are measured: raw ASGI, ours, and the same work in other frameworks.

A module has a function for each kind of application that its framework can be.

| function | the application |
|---|---|
| `text()` | answers `GET /text` with text |
| `parameter()` | answers `GET /users/<id>` with a small JSON object |
| `typed()` | reads `POST /users`, JSON, into a `User` and answers with it |
| `behind(count)` | answers `GET /text` behind so many middlewares, which only pass on |
| `many(count)` | has so many routes: `/api/r<n>/list` and `/api/r<n>/items/<id>`, in turn |
| `messages()` | answers WebSocket messages, see `wire.py` |
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = "ours"
RAW = "raw"
MODULES = {
    RAW: ("raw", ()),
    "raw, msgspec": ("raw_msgspec", ("msgspec",)),
    OURS: ("ours", ("navaros", "velaros")),
    "BlackSheep": ("with_blacksheep", ("blacksheep",)),
    "Falcon": ("with_falcon", ("falcon",)),
    "Starlette": ("with_starlette", ("starlette",)),
    "Litestar": ("with_litestar", ("litestar",)),
    "FastAPI": ("with_fastapi", ("fastapi",)),
    "python-socketio": ("with_socketio", ("python-socketio",)),
}
"""By the name in the tables: the module here, and the distributions that it is about."""


class Missing(Exception):
    """The framework is not installed, or does not work with this Python; the text says why."""


def load(name: str) -> Any:
    """Return the module of this name in the tables; raises `Missing`."""
    module, _ = MODULES[name]
    try:
        return import_module(f"apps.{module}")
    except ImportError as error:
        raise Missing(f"{name} is left out: {error}") from error


def versions(name: str) -> dict[str, str]:
    """Return the versions of the distributions that an application is about."""
    return {distribution: version(distribution) for distribution in MODULES[name][1]}


def maker(module: Any, kind: str) -> Callable[..., Any] | None:
    """Return the function of a module that makes this kind of application, if there is one."""
    return getattr(module, kind, None)
