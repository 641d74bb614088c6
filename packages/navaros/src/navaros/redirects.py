"""Where redirects go, and where they may not."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

REDIRECT_STATUSES: Final = frozenset({301, 302, 303, 307, 308})
"""The statuses that send a client elsewhere (RFC 9110, section 15.4)."""

# Browsers drop some control characters before they read an address, so it becomes another one.
_find_control: Final = re.compile(r"[\x00-\x1f\x7f]|[\ud800-\udfff]").search
_match_web_address: Final = re.compile(r"https?://[^/\\?# ]", re.IGNORECASE).match
_match_scheme: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:").match
_replace_unprintable: Final = re.compile(r"[^!-~]+").sub

# Browsers take the encoded dots for dots.
_DOT: Final = frozenset({".", "%2e"})
_DOT_DOT: Final = frozenset({"..", ".%2e", "%2e.", "%2e%2e"})


class Redirect(Struct, frozen=True):
    """A response body that sends the client elsewhere.

    `to` is a path, absolute or relative to that of the request, and stays on this host whatever it
    says; or a whole `http` or `https` address. `status` is 301, 302, 303, 307 or 308; without one
    it is the context's, and without that 302. Anything else raises `ValueError`.
    """

    to: str
    status: int | None = None

    def __post_init__(self) -> None:
        if self.status is not None:
            check_redirect_status(self.status)
        location(self.to, "/")


def check_redirect_status(status: int) -> None:
    """Raise `ValueError` for a status that does not redirect."""
    if status not in REDIRECT_STATUSES:
        known = ", ".join(map(str, sorted(REDIRECT_STATUSES)))
        raise ValueError(f"a redirect has one of the statuses {known}, not {status!r}")


def location(to: str, request_path: str) -> str:
    """Return the value of the `Location` field for a redirect to `to`.

    A relative `to` is resolved against `request_path`, the path as it was sent, percent-encoded,
    with or without its query (RFC 3986, section 5.2). What is not ASCII is percent-encoded. Raises
    `ValueError` for what is neither a path on this host nor an `http` or `https` address.
    """
    if (control := _find_control(to)) is not None:
        raise _refused(to, f"the character {control[0]!r} has no place in it")
    if _match_web_address(to):
        return _percent_encode(to)
    if _match_scheme(to):
        raise _refused(to, "an address starts with http:// or https:// and a host")
    return _percent_encode(_resolve(to, request_path))


def _resolve(to: str, request_path: str) -> str:
    path, query, fragment = _split(to)
    if "\\" in path:
        raise _refused(to, "browsers take a backslash for a slash; write %5C if you mean it")
    if path.startswith("//"):
        raise _refused(to, "it leaves this host; to do so, write the whole address with https://")
    if path.startswith("/"):
        resolved = path
    else:
        base, base_query, _ = _split(request_path)
        # A request for //evil.com must not take the relative targets of its handler there.
        base = "/" + _without_dots("/" + base.replace("\\", "%5C")).lstrip("/")
        if not path:
            return base + (query or base_query) + fragment
        resolved = base[: base.rindex("/") + 1] + path
    resolved = _without_dots(resolved)
    if resolved.startswith("//"):
        raise _refused(to, "without its dots it is an address that leaves this host")
    return resolved + query + fragment


def _split(reference: str) -> tuple[str, str, str]:
    """Return the path, the query with its question mark and the fragment with its hash."""
    rest, number_sign, fragment = reference.partition("#")
    path, question_mark, query = rest.partition("?")
    return path, question_mark + query, number_sign + fragment


def _without_dots(path: str) -> str:
    """Return an absolute path without the segments `.` and `..` (RFC 3986, section 5.2.4)."""
    kept = [""]
    segments = path.split("/")[1:]
    for segment in segments:
        if segment.lower() in _DOT_DOT:
            kept = kept[:-1] or kept
        elif segment.lower() not in _DOT:
            kept.append(segment)
    if segments[-1].lower() in _DOT | _DOT_DOT:
        kept.append("")
    return "/".join(kept)


def _percent_encode(address: str) -> str:
    return _replace_unprintable(_quoted, address)


def _quoted(found: re.Match[str]) -> str:
    from urllib.parse import quote

    return quote(found[0], safe="")


def _refused(to: str, reason: str) -> ValueError:
    return ValueError(f"cannot redirect to {to!r}: {reason}")
