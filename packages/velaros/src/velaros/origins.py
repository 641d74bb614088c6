"""Which web origins may open a socket (RFC 6455 section 10.2, RFC 6454)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aros_core.errors import HTTPError
from velaros.logs import logger

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aros_core.asgi.request_facts import RequestFacts

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
_SECURE_SCHEMES = ("wss", "https")
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class _Origin(Struct, frozen=True):
    scheme: str
    host: str
    port: int | None


class OriginRules:
    """A list of allowed origins: exact ones, hosts alone, `*.` for any depth below, `*` for all."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """Read the patterns; raises `ValueError` for one that cannot match anything."""
        self._any = False
        self._rules: list[_Origin] = []
        for pattern in patterns:
            if pattern == "*":
                self._any = True
            else:
                self._rules.append(_parse_rule(pattern))

    def allow(self, origin: str | None, host: str | None, *, secure: bool) -> bool:
        """Tell whether an `Origin` header may open a socket on the `Host` it asked.

        A missing origin is no browser's and allowed, so is the request's own host. `null` is
        allowed by `*` only.
        """
        if origin is None or self._any:
            return True
        given = _parse_origin(origin)
        return given is not None and (
            is_own(given, host, secure=secure) or any(_fits(rule, given) for rule in self._rules)
        )


class OriginGuard:
    """Refuses foreign origins; while none were set it only warns of the first."""

    def __init__(self) -> None:
        self._rules: OriginRules | None = None
        self._warned = False
        self._patterns: tuple[str, ...] = ("*",)

    @property
    def patterns(self) -> list[str]:
        """The allowed origins."""
        return list(self._patterns)

    @patterns.setter
    def patterns(self, patterns: Sequence[str]) -> None:
        if isinstance(patterns, str):
            raise ValueError(f"origins is a list; write [{patterns!r}]")
        self._rules = OriginRules(patterns)
        self._patterns = tuple(patterns)

    def check(self, facts: RequestFacts) -> None:
        """Raise `HTTPError` 403 for an origin that is not allowed."""
        origin = facts.header(b"origin")
        host = facts.header(b"host")
        secure = facts.scope.get("scheme") in _SECURE_SCHEMES
        if self._rules is None:
            if not self._warned and is_foreign(origin, host, secure=secure):
                self._warned = True
                logger.warning(
                    "a page of %r opened a socket; any may, until Router(origins=[…]) says which",
                    origin,
                )
        elif not self._rules.allow(origin, host, secure=secure):
            raise HTTPError(403, "this origin may not open a socket here")


def is_foreign(origin: str | None, host: str | None, *, secure: bool) -> bool:
    """Tell whether an `Origin` header names another host than the request's own."""
    if origin is None:
        return False
    given = _parse_origin(origin)
    return given is None or not is_own(given, host, secure=secure)


def is_own(origin: _Origin, host: str | None, *, secure: bool) -> bool:
    """Tell whether an origin is the host and port that the request asked.

    Where the request did not come over TLS, a proxy may have ended that, so a host without a port
    then stands for the default port of either scheme.
    """
    asked = _split_host(host.lower()) if host else None
    if asked is None:
        return False
    name, port = asked
    expected = port or (443 if secure else _DEFAULT_PORTS.get(origin.scheme))
    return origin.host == name and _port(origin) == expected


def _fits(rule: _Origin, origin: _Origin) -> bool:
    if rule.scheme and rule.scheme != origin.scheme:
        return False
    if rule.scheme or rule.port is not None:
        port = rule.port or _DEFAULT_PORTS.get(rule.scheme)
        if port != _port(origin):
            return False
    elif origin.port is not None and origin.port != _DEFAULT_PORTS.get(origin.scheme):
        return False
    if rule.host.startswith("*."):
        return origin.host.endswith(rule.host[1:]) and len(origin.host) > len(rule.host) - 1
    return origin.host == rule.host


def _port(origin: _Origin) -> int | None:
    return origin.port or _DEFAULT_PORTS.get(origin.scheme)


def _parse_origin(origin: str) -> _Origin | None:
    scheme, separator, rest = origin.strip().lower().partition("://")
    split = _split_host(rest) if separator else None
    return None if split is None else _Origin(scheme, *split)


def _parse_rule(pattern: str) -> _Origin:
    text = pattern.strip().lower()
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "", text
    split = _split_host(rest)
    bare = rest.removeprefix("*.")
    if (
        split is None
        or (separator and not _SCHEME.fullmatch(scheme))
        or text == "null"
        or not text.isascii()
        or "*" in bare
        or not bare
        or bare.startswith((":", "."))
        or ".." in bare
    ):
        raise ValueError(
            f"the origin {pattern!r} cannot match anything; write https://example.com, "
            "https://*.example.com, example.com or *, names in ASCII (xn--…)"
        )
    return _Origin(scheme, *split)


def _split_host(text: str) -> tuple[str, int | None] | None:
    """Split `host:port`; `None` when it is none, a path or user information included."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(f"//{text}")
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or parts.path or parts.query or parts.fragment or "@" in text:
        return None
    if any(character.isspace() for character in text) or text.endswith(":"):
        return None
    return parts.hostname, port
