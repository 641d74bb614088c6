"""`Set-Cookie` header fields (RFC 6265bis)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final, Literal

from navaros.dates import format_date, to_timestamp
from navaros.headers import is_token

SameSite = Literal["lax", "strict", "none"]

MAX_COOKIE_SIZE: Final = 4096
"""How many octets name and value have together at most; browsers drop larger cookies."""

_SAME_SITE: Final = {"lax": "Lax", "strict": "Strict", "none": "None"}

# RFC 6265, section 4.1.1: what a value holds as it is, what it holds in quotes, and an attribute.
_is_plain: Final = re.compile(r"[!#-+\--:<-\[\]-~]*").fullmatch
_is_printable: Final = re.compile(r"[ -~]*").fullmatch
_is_attribute: Final = re.compile(r"[ -:<-~]*").fullmatch
_is_domain: Final = re.compile(r"\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*").fullmatch

# What the standard library's `http.cookies` writes inside quotes, and everybody reads.
_QUOTED: Final = str.maketrans({'"': r"\"", "\\": r"\\", ",": r"\054", ";": r"\073"})


def cookie_header(
    name: str,
    value: str,
    *,
    max_age: int | timedelta | None = None,
    expires: datetime | float | str | None = None,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    httponly: bool = True,
    samesite: SameSite | None = "lax",
) -> str:
    """Return the value of the `Set-Cookie` field that sets a cookie.

    `max_age` is in seconds, 0 or less deletes the cookie. `expires` is a `datetime` (in UTC unless
    it says otherwise), a Unix time or the text of a date. `None` leaves an attribute out. A value
    with blanks, commas, semicolons, quotes or backslashes goes out in double quotes.

    Raises `ValueError` for what a cookie cannot carry or browsers would drop: control characters
    or anything but ASCII, more than 4,096 octets, `samesite="none"` without `secure`, and a
    `__Secure-` or `__Host-` name without what it promises.
    """
    parts = [f"{_checked_name(name)}={_encode_value(name, value)}"]
    _check_promises(name, path, domain, secure)
    if expires is not None:
        parts.append(f"Expires={_format_expires(name, expires)}")
    if max_age is not None:
        parts.append(f"Max-Age={_seconds(max_age)}")
    if domain is not None:
        parts.append(f"Domain={_checked_domain(name, domain)}")
    if path is not None:
        parts.append(f"Path={_checked_path(name, path)}")
    if secure:
        parts.append("Secure")
    if httponly:
        parts.append("HttpOnly")
    if samesite is not None:
        parts.append(f"SameSite={_same_site(name, samesite, secure)}")
    return "; ".join(parts)


def expired_cookie_header(
    name: str, *, path: str | None = "/", domain: str | None = None, secure: bool = False
) -> str:
    """Return the value of the `Set-Cookie` field that deletes a cookie.

    `path` and `domain` have to be those that it was set with. Cookies of `__Secure-` and `__Host-`
    names are secure by themselves.
    """
    return cookie_header(
        name,
        "",
        max_age=0,
        expires=0,
        path=path,
        domain=domain,
        secure=secure or name.lower().startswith(("__secure-", "__host-")),
        samesite=None,
    )


def _checked_name(name: str) -> str:
    if not is_token(name):
        raise ValueError(
            f"{name!r} cannot be the name of a cookie: letters, digits and !#$%&'*+-.^_`|~ only"
        )
    return name


def _encode_value(name: str, value: str) -> str:
    if not _is_printable(value):
        raise ValueError(
            f"cookie {name!r} cannot carry {value!r}: printable ASCII only; encode the value, e.g. "
            f"with urllib.parse.quote"
        )
    encoded = value if _is_plain(value) else f'"{value.translate(_QUOTED)}"'
    size = len(name) + len(encoded)
    if size > MAX_COOKIE_SIZE:
        raise ValueError(
            f"cookie {name!r} has {size} octets: browsers drop cookies of more than "
            f"{MAX_COOKIE_SIZE}; keep the data on the server, and its id in the cookie"
        )
    return encoded


def _check_promises(name: str, path: str | None, domain: str | None, secure: bool) -> None:
    """Check what the prefix of a name promises (RFC 6265bis, section 4.1.3)."""
    prefix = name.lower()
    if prefix.startswith(("__secure-", "__host-")) and not secure:
        raise ValueError(f"browsers drop cookie {name!r} unless it is set with secure=True")
    if prefix.startswith("__host-") and (path != "/" or domain is not None):
        raise ValueError(f'browsers drop cookie {name!r} unless its path is "/", without a domain')


def _format_expires(name: str, expires: datetime | float | str) -> str:
    if isinstance(expires, datetime):
        expires = to_timestamp(expires)
    if not isinstance(expires, str):
        return format_date(expires)
    return _checked_attribute(name, "expires", expires)


def _seconds(max_age: int | timedelta) -> int:
    return int(max_age.total_seconds() if isinstance(max_age, timedelta) else max_age)


def _checked_path(name: str, path: str) -> str:
    if not path.startswith("/"):
        raise ValueError(f"cookie {name!r}: the path {path!r} has to start with a slash")
    return _checked_attribute(name, "path", path)


def _checked_domain(name: str, domain: str) -> str:
    if not _is_domain(domain):
        raise ValueError(
            f"cookie {name!r}: {domain!r} is no domain; write it without port, and in ASCII "
            f"(xn--...) where it is international"
        )
    return domain


def _checked_attribute(name: str, attribute: str, value: str) -> str:
    if not _is_attribute(value):
        raise ValueError(
            f"cookie {name!r}: {attribute} cannot be {value!r}: printable ASCII without "
            f"semicolons only; percent-encode the rest"
        )
    return value


def _same_site(name: str, samesite: str, secure: bool) -> str:
    written = _SAME_SITE.get(samesite.lower())
    if written is None:
        raise ValueError(
            f'cookie {name!r}: samesite is "lax", "strict", "none" or None, not {samesite!r}'
        )
    if written == "None" and not secure:
        raise ValueError(
            f'browsers drop cookie {name!r} with samesite="none" unless it is set with secure=True'
        )
    return written
