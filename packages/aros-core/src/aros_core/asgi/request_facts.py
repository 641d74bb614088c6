"""The request facts that HTTP requests and WebSocket handshakes share, read from the scope."""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict, CIMultiDictProxy, MultiDict, MultiDictProxy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aros_core.asgi.types import Scope

_ESCAPED = re.compile(r"\\(?:([0-3][0-7]{2})|(.))", re.DOTALL)


@cache
def _query_parser() -> Callable[..., list[tuple[str, str]]]:
    # Kept, since an import statement for each request would take longer.
    from urllib.parse import parse_qsl

    return parse_qsl


class RequestFacts:
    """What a request says of itself; each fact is read when somebody first asks for it."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    @cached_property
    def headers(self) -> CIMultiDictProxy[str]:
        """The header fields; look-ups ignore case (RFC 9110 section 5)."""
        fields = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in self._raw)
        return CIMultiDictProxy(CIMultiDict(fields))

    def header(self, name: bytes) -> str | None:
        """Return the first field of this lower-case name; unlike `headers`, nothing is kept."""
        for key, value in self._raw:
            if key.lower() == name:
                return value.decode("latin-1")
        return None

    @property
    def _raw(self) -> list[tuple[bytes, bytes]]:
        return self.scope.get("headers") or []

    @cached_property
    def query(self) -> MultiDictProxy[str]:
        """The parameters of the query string; bytes that are not UTF-8 are replaced."""
        text = self.scope.get("query_string", b"").decode("utf-8", "replace")
        return MultiDictProxy(MultiDict(_query_parser()(text, keep_blank_values=True)))

    @cached_property
    def cookies(self) -> Mapping[str, str]:
        """The cookies by name (RFC 6265); of equal names the first, malformed ones left out."""
        cookies: dict[str, str] = {}
        for header in self.headers.getall("cookie", ()):
            for pair in header.split(";"):
                name, equals, value = pair.partition("=")
                if equals and name.strip():
                    cookies.setdefault(name.strip(), _unquoted(value.strip()))
        return cookies

    @cached_property
    def remote_address(self) -> str | None:
        """The client as `host:port`, an IPv6 host in brackets; `None` where unknown."""
        client = self.scope.get("client")
        if not client or not client[0]:
            return None
        host, port = client[0], client[1]
        host = f"[{host}]" if ":" in host else host
        return f"{host}:{port}" if port else host

    @property
    def state(self) -> Mapping[str, Any]:
        """What the lifespan yielded."""
        return self.scope.get("state") or {}


def _unquoted(value: str) -> str:
    """Undo the quoting of `http.cookies`, which many servers use for values with odd characters."""
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    return _ESCAPED.sub(lambda found: found[2] or chr(int(found[1], 8)), value[1:-1])
