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

from functools import cache
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container

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


def load_all(names: Container[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the modules of these, by name, and a sentence for each that does not work here."""
    modules: dict[str, Any] = {}
    missing: list[str] = []
    for name, (module, _) in MODULES.items():
        if name in names:
            try:
                modules[name] = import_module(f"apps.{module}")
            except ImportError as error:
                missing.append(f"{name} is left out: {error}.")
    return modules, missing


@cache
def made(name: str, kind: str, size: int | None) -> Any:
    """Return an application of this kind, made once."""
    make = getattr(import_module(f"apps.{MODULES[name][0]}"), kind)
    return make() if size is None else make(size)


def versions(*names: str) -> dict[str, str]:
    """Return the versions of the distributions that applications are about."""
    return {item: version(item) for name in names for item in MODULES[name][1]}
