"""The refusal of requests that no handler should see."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Final, Protocol

from aros_core.errors import HTTPError

if TYPE_CHECKING:
    from aros_core.asgi.types import Scope

MAX_PATH_BYTES: Final = 2048

# Python refuses to read numbers of thousands of digits, and no body has a length of so many.
_MAX_DIGITS: Final = 18
# RFC 3986, sections 3.2.2 and 3.2.3; what is percent-encoded as well.
_IN_HOSTS: Final = string.ascii_letters.encode() + b"0123456789-._~%!$&'()*+,;=[]:"
_LOOKED_AT: Final = frozenset(
    {b"content-length", b"content-type", b"host", b"transfer-encoding", b"upgrade"}
)
# Servers have few names. Clients that make some up neither fill the memory nor keep those out.
_MOST_HOSTS: Final = 256
_good_hosts: Final[set[bytes]] = set()

_CLOSE: Final = {"connection": "close"}

# The versions that frame a request by themselves. Servers may let a client call HTTP/1 by any other
# number ("2.0", "9.9").
_FRAMED: Final = frozenset({"2", "3"})
_BEFORE_CHUNKS: Final = frozenset({"0.9", "1.0"})


class HasBody(Protocol):
    """Who takes note of what the header of a request says of its body."""

    def expect_body(self, content_type: bytes | None, length: int) -> None:
        """Take the Content-Type and the Content-Length, 0 where that does not tell."""


def refusal(scope: Scope, request: HasBody) -> HTTPError | None:
    """Return the error that refuses a request, `None` for one that is fine.

    Requests whose end is in doubt are how one request smuggles another past a proxy (RFC 9112,
    section 11.2), so their connection is closed as well. So is that of one with several hosts, or
    with something else in a host's place (RFC 9112, section 3.2).
    """
    raw_path = scope.get("raw_path") or scope["path"].encode()
    if len(raw_path) > MAX_PATH_BYTES:
        return HTTPError(414, f"the path is longer than {MAX_PATH_BYTES} bytes")
    host = length = content_type = upgrade = None
    is_clear = True
    for name, value in scope.get("headers") or ():
        if name in _LOOKED_AT:
            if name == b"host" and host is None:
                host = value
            elif name == b"content-length" and length is None:
                length = value
            elif name == b"content-type":
                content_type = value if content_type is None else content_type
            elif name == b"upgrade":
                upgrade = value
            else:
                is_clear = False
    is_clear = is_clear and (host in _good_hosts or host is None)
    if is_clear and length is None and content_type is None:
        return None
    if is_clear and length is not None:
        is_clear = _is_length(length) and upgrade is None and scope["type"] != "websocket"
    if not is_clear:
        refused = _host_refusal(scope) or _framing_refusal(scope)
        if refused is not None:
            return refused
    request.expect_body(content_type, int(length or 0))
    return None


def _host_refusal(scope: Scope) -> HTTPError | None:
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) > 1 or not all(map(_is_host, hosts)):
        return _bad(scope, "the request's Host is not one host")
    return None


def _is_host(value: bytes) -> bool:
    if value in _good_hosts:
        return True
    if value.translate(None, _IN_HOSTS):
        return False
    if len(_good_hosts) >= _MOST_HOSTS:
        _good_hosts.clear()
    _good_hosts.add(value)
    return True


def _framing_refusal(scope: Scope) -> HTTPError | None:
    lengths = {value for name, value in scope["headers"] if name == b"content-length"}
    codings = [value for name, value in scope["headers"] if name == b"transfer-encoding"]
    if lengths and codings:
        return _bad(scope, "the request has both Content-Length and Transfer-Encoding")
    if len(lengths) > 1 or not all(map(_is_length, lengths)):
        return _bad(scope, "the request's Content-Length is not one number")
    if codings and _version(scope) in _BEFORE_CHUNKS:
        return _bad(scope, "the request has chunks, which its version of HTTP does not know")
    if len(codings) > 1 or any(coding.strip().lower() != b"chunked" for coding in codings):
        # Servers undo no other coding (RFC 9112, section 6.1), so what is read is not the body.
        return _bad(scope, "of all Transfer-Encodings, only chunked is understood")
    if (codings or any(map(int, lengths))) and _is_upgrade(scope):
        return _bad(scope, "the request to upgrade the connection has a body")
    return None


def _is_length(value: bytes) -> bool:
    return value.isdigit() and len(value) <= _MAX_DIGITS


def _is_upgrade(scope: Scope) -> bool:
    if scope["type"] == "websocket":
        return True
    upgrades = [value.lower() for name, value in scope["headers"] if name == b"upgrade"]
    return any(b"websocket" in upgrade for upgrade in upgrades)


def _version(scope: Scope) -> str:
    return str(scope.get("http_version") or "1.1")


def _bad(scope: Scope, message: str) -> HTTPError:
    # Later versions have no field for it (RFC 9113, section 8.2.2).
    return HTTPError(400, message, headers=None if _version(scope) in _FRAMED else _CLOSE)
