"""Which web origins may open a socket."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velaros.origins import OriginRules, is_foreign


def allows(
    patterns: list[str], origin: str | None, host: str | None = "api.test", secure: bool = True
) -> bool:
    """Tell whether an origin may open a socket."""
    return OriginRules(patterns).allow(origin, host, secure=secure)


@pytest.mark.parametrize(
    ("pattern", "origin", "allowed"),
    [
        # An exact origin.
        ("https://myapp.com", "https://myapp.com", True),
        ("https://myapp.com", "HTTPS://MyApp.COM", True),
        ("HTTPS://MyApp.COM", "https://myapp.com", True),
        ("https://myapp.com", "https://myapp.com:443", True),
        ("https://myapp.com:443", "https://myapp.com", True),
        ("https://myapp.com", "http://myapp.com", False),
        ("https://myapp.com", "https://myapp.com:8443", False),
        ("https://myapp.com:8443", "https://myapp.com:8443", True),
        ("https://myapp.com:8443", "https://myapp.com", False),
        ("https://myapp.com", "https://evilmyapp.com", False),
        ("https://myapp.com", "https://myapp.com.evil.com", False),
        ("https://myapp.com", "https://a.myapp.com", False),
        ("https://myapp.com", "https://myapp.com@evil.com", False),
        ("https://myapp.com", "https://evil.com/myapp.com", False),
        ("https://myapp.com", "https://myapp.com/", False),
        # Any depth below a domain.
        ("https://*.myapp.com", "https://a.myapp.com", True),
        ("https://*.myapp.com", "https://a.b.c.myapp.com", True),
        ("https://*.myapp.com", "https://myapp.com", False),
        ("https://*.myapp.com", "https://.myapp.com", False),
        ("https://*.myapp.com", "https://evilmyapp.com", False),
        ("https://*.myapp.com", "http://a.myapp.com", False),
        ("https://*.myapp.com", "https://a.myapp.com:444", False),
        ("https://*.myapp.com:444", "https://a.myapp.com:444", True),
        ("*.myapp.com", "http://a.myapp.com", True),
        ("*.myapp.com", "https://a.myapp.com", True),
        # A host alone.
        ("myapp.com", "https://myapp.com", True),
        ("myapp.com", "http://myapp.com", True),
        ("myapp.com", "http://myapp.com:80", True),
        ("myapp.com", "capacitor://myapp.com", True),
        ("myapp.com", "http://myapp.com:3000", False),
        ("localhost:3000", "http://localhost:3000", True),
        ("localhost:3000", "https://localhost:3000", True),
        ("localhost:3000", "http://localhost", False),
        ("localhost:80", "http://localhost", True),
        ("[::1]:3000", "http://[::1]:3000", True),
        ("chrome-extension://abcdef", "chrome-extension://abcdef", True),
        ("chrome-extension://abcdef", "chrome-extension://abcdeg", False),
        # Any, and what only any allows.
        ("*", "https://anything.example:1234", True),
        ("*", "null", True),
        ("*", "nonsense", True),
        ("https://myapp.com", "null", False),
        ("https://myapp.com", "", False),
        ("https://myapp.com", "myapp.com", False),
        ("https://myapp.com", "https://", False),
        ("https://myapp.com", "https://myapp.com:99999", False),
        ("https://myapp.com", "https://myapp.com:", False),
        ("https://myapp.com", "https://my app.com", False),
        ("https://myapp.com", "https://myapp.com?x", False),
        ("https://myapp.com", "https://myapp.com#x", False),
    ],
)
def test_matches(pattern: str, origin: str, allowed: bool) -> None:
    """Scheme, host and port decide; case does not."""
    assert allows([pattern], origin) is allowed


@pytest.mark.parametrize(
    ("origin", "host", "secure", "allowed"),
    [
        ("https://api.test", "api.test", True, True),
        ("https://API.test", "api.TEST", True, True),
        ("https://api.test:443", "api.test", True, True),
        ("https://api.test", "api.test:443", True, True),
        ("http://api.test", "api.test", True, False),
        ("http://api.test", "api.test", False, True),
        ("http://api.test:8080", "api.test:8080", False, True),
        ("http://api.test:8080", "api.test", False, False),
        ("http://api.test", "api.test:8080", False, False),
        ("http://api.test:8081", "api.test:8080", False, False),
        # TLS may have ended at a proxy, which passes the name on.
        ("https://api.test", "api.test", False, True),
        ("https://api.test:8443", "api.test", False, False),
        ("https://other.test", "api.test", False, False),
        ("https://api.test", None, True, False),
        ("https://api.test", "", True, False),
        ("https://api.test", "api.test/x", True, False),
        ("null", "null", True, False),
    ],
)
def test_the_requests_own_host_is_always_allowed(
    origin: str, host: str | None, secure: bool, allowed: bool
) -> None:
    """An empty list allows the own host and port only."""
    assert allows([], origin, host, secure) is allowed
    assert is_foreign(origin, host, secure=secure) is not allowed


def test_a_missing_origin_is_no_browsers() -> None:
    """Programs send no origin, and may come in whatever the list says."""
    assert allows([], None)
    assert not is_foreign(None, "api.test", secure=True)


def test_one_of_several_patterns_suffices() -> None:
    """The list is walked to its end."""
    patterns = ["https://a.com", "b.com", "*.c.com"]
    assert all(allows(patterns, f"https://{host}") for host in ("a.com", "b.com", "x.c.com"))
    assert not allows(patterns, "https://c.com")


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        " ",
        "https://",
        "://myapp.com",
        "*://myapp.com",
        "htt ps://myapp.com",
        "https://*",
        "https://my*app.com",
        "https://a.*.myapp.com",
        "https://**.myapp.com",
        "*.",
        "*.*",
        "**",
        "https://myapp.com/",
        "https://myapp.com/ws",
        "https://myapp.com?x=1",
        "https://myapp.com#x",
        "https://user@myapp.com",
        "https://myapp.com:port",
        "https://myapp.com:",
        "https://myapp.com:99999",
        "my app.com",
        ":8080",
        ".myapp.com",
        "https://*..myapp.com",
        "https:myapp.com",
        "null",
        "NULL",
        "https://müller.de",
    ],
)
def test_refuses_what_cannot_match_anything(pattern: str) -> None:
    """A pattern that would silently match nothing is an error that says what to write."""
    with pytest.raises(ValueError, match="cannot match anything; write https://example"):
        OriginRules([pattern])


@given(st.text(max_size=40), st.text(max_size=40), st.booleans())
def test_never_fails_on_what_clients_send(origin: str, host: str, secure: bool) -> None:
    """Whatever the headers hold, the answer is yes or no."""
    rules = OriginRules(["https://myapp.com", "*.myapp.com"])
    assert rules.allow(origin, host, secure=secure) in (True, False)


@given(st.text(max_size=40))
def test_reads_a_pattern_or_refuses_it(pattern: str) -> None:
    """Whatever is configured is a rule or a ValueError that names it."""
    with contextlib.suppress(ValueError):
        OriginRules([pattern])
