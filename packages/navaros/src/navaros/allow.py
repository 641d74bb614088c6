"""Which methods a path answers to: for `OPTIONS`, and for the refusal of all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aros_core.errors import Error
from navaros.content import NO_CONTENT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aros_core.steps import Link

NOT_FOUND: Final = Error("Not Found")


def answer_unhandled(method: str, routes: Sequence[Link]) -> tuple[int, Any, Mapping[str, str]]:
    """Return status, body and headers for what no handler answered (RFC 9110, section 15.5.6).

    `routes` are those of the path, whatever their method. A route of this method that ran and gave
    no answer makes a 404, as a missing one does.
    """
    methods = {route.method for route in routes}
    if "GET" in methods:
        methods.add("HEAD")
    if not methods or None in methods or method in methods:
        return 404, NOT_FOUND, {}
    allow = {"allow": ", ".join(sorted({"OPTIONS", *filter(None, methods)}))}
    if method == "OPTIONS":
        return 204, NO_CONTENT, allow
    return 405, Error("Method Not Allowed"), allow
