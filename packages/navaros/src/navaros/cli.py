"""The commands of `python -m navaros`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict, dataclass
from functools import reduce
from importlib import import_module
from typing import TYPE_CHECKING, Any

from aros_core.embedding import Embedding
from aros_core.handlers import describe
from aros_core.router import BaseRouter
from aros_core.routing.table import place
from navaros.asgi import ASGIHandler
from navaros.router import Router

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from aros_core.routing.table import PlacedRoute


class CommandError(Exception):
    """What was asked for on the command line cannot be done."""


@dataclass(frozen=True, slots=True)
class Row:
    """A route as it is listed."""

    method: str
    """The method of HTTP, `*` for all, or `message`."""
    pattern: str
    handler: str
    public: bool
    metadata: Mapping[str, Any] | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        rows = list(list_routes(load_router(options.app)))
        text = _as_json(rows) if options.json else _as_table(rows)
    except CommandError as error:
        print(f"navaros: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print(text)  # noqa: T201
    return 0


def load_router(target: str) -> BaseRouter[Any]:
    """Return the router that `module:attribute` names; the attribute may be a dotted path.

    Raises `CommandError` that says what is not there.
    """
    module_name, colon, path = target.partition(":")
    if not colon or not module_name or not path:
        raise CommandError(f"{target!r} names no router; write module:attribute, as in main:app")
    if os.getcwd() not in sys.path:  # noqa: PTH109
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise CommandError(f"there is no module {error.name!r} from here") from None
    try:
        app = reduce(getattr, path.split("."), module)
    except AttributeError as error:
        raise CommandError(f"{target!r} is not there: {error}") from None
    if not isinstance(app, BaseRouter):
        raise CommandError(f"{target!r} is a {type(app).__qualname__}, not a router")
    return app  # pyright: ignore[reportUnknownVariableType]


def list_routes(router: BaseRouter[Any]) -> Iterator[Row]:
    """Yield the routes of a router and of those that live in it, in the order they are walked.

    Middleware is left out, but for the ASGI applications that are mounted by it.
    """
    embedded: dict[BaseRouter[Any], None] = {}
    for placed in place(router):
        handlers = [handler for handler, _ in placed.route.handlers]
        embedded.update({item.router: None for item in handlers if isinstance(item, Embedding)})
        if placed.route.middleware:
            handlers = [handler for handler in handlers if isinstance(handler, ASGIHandler)]
        if handlers:
            yield _row(router, placed, handlers)
    for other in embedded:
        yield from list_routes(other)


def _row(router: BaseRouter[Any], placed: PlacedRoute, handlers: Sequence[Any]) -> Row:
    route = placed.route
    is_http = router.protocol == Router.protocol
    return Row(
        method=(placed.method or "*") if is_http else "message",
        pattern="/**" if placed.pattern is None else str(placed.pattern),
        handler=", ".join(map(_name, handlers)),
        public=route.public,
        metadata=None if route.metadata is None else dict(route.metadata),
    )


def _name(handler: Any) -> str:
    return repr(handler) if isinstance(handler, ASGIHandler) else describe(handler)


def _as_json(rows: Sequence[Row]) -> str:
    return json.dumps([asdict(row) for row in rows], indent=2, default=str)


def _as_table(rows: Iterable[Row]) -> str:
    lines = [("METHOD", "PATTERN", "HANDLER", "PUBLIC", "METADATA")]
    for row in rows:
        public = "yes" if row.public else ""
        metadata = "" if row.metadata is None else json.dumps(row.metadata, default=str)
        lines.append((row.method, row.pattern, row.handler, public, metadata))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m navaros", description="Look into a router.")
    commands = parser.add_subparsers(required=True, metavar="command")
    routes = commands.add_parser("routes", help="list the routes of a router, messages included")
    routes.add_argument("app", help="where the router is, as in main:app")
    routes.add_argument("--json", action="store_true", help="write JSON, for other programs")
    return parser
