"""The last defence against paths that climb out of the folder they were joined to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aros_core.errors import HTTPError

if TYPE_CHECKING:
    from pathlib import PurePath

    from aros_core.asgi.types import Scope

_UP = ".."


def refuse_climbing(path: PurePath, scope: Scope) -> None:
    """Raise `HTTPError` 404 for a path with `..` segments where the request's URL has them too.

    Segments that only the handler wrote are its own affair. It cannot be known which folder was
    meant, so links and absolute paths are for the handler to check.
    """
    if _UP in path.parts:
        from urllib.parse import unquote_to_bytes

        query = unquote_to_bytes(scope.get("query_string") or b"")
        if _UP in scope["path"] or _UP.encode() in query:
            raise HTTPError(404)
