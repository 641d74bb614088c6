"""Set-Cookie fields: what they say, what they refuse, and that what is set reads back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aros_core.asgi.request_facts import RequestFacts
from navaros.cookies import MAX_COOKIE_SIZE, cookie_header, expired_cookie_header
from navaros.headers import ResponseHeaders

TOKENS = st.text(
    alphabet="!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    min_size=1,
).filter(lambda name: not name.lower().startswith(("__host-", "__secure-")))
"""Names that promise nothing by how they begin."""
PRINTABLE = st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E))

# `SimpleCookie` takes these names for attributes.
RESERVED = {
    "expires",
    "path",
    "comment",
    "domain",
    "max-age",
    "secure",
    "httponly",
    "version",
    "samesite",
    "partitioned",
}

CONTROLS = ["\r\nset-cookie: admin=1", "\r", "\n", "\0", "\t", "\x1f", "\x7f"]


def read_back(pair: str) -> dict[str, str]:
    """Return the cookies of a request that sends this pair of name and value."""
    return dict(RequestFacts({"headers": [(b"cookie", pair.encode())]}).cookies)


def test_a_cookie_is_safe_by_default() -> None:
    """By default scripts cannot read it, other sites do not send it, and all paths see it."""
    assert cookie_header("sid", "abc") == "sid=abc; Path=/; HttpOnly; SameSite=Lax"


def test_every_attribute_is_written() -> None:
    """All attributes together, in the order of RFC 6265's examples."""
    header = cookie_header(
        "sid",
        "abc",
        max_age=60,
        expires=datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC),
        path="/admin",
        domain="example.com",
        secure=True,
        httponly=True,
        samesite="none",
    )
    assert header == (
        "sid=abc; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Max-Age=60; Domain=example.com; "
        "Path=/admin; Secure; HttpOnly; SameSite=None"
    )


def test_attributes_can_be_left_out() -> None:
    """`None` and `False` leave an attribute out."""
    assert cookie_header("a", "b", path=None, httponly=False, samesite=None) == "a=b"


@pytest.mark.parametrize(
    ("max_age", "written"),
    [(0, "0"), (-1, "-1"), (3600, "3600"), (timedelta(days=1, milliseconds=5), "86400")],
)
def test_max_age_is_in_seconds(max_age: int | timedelta, written: str) -> None:
    """`max_age` is a number of seconds or a `timedelta`."""
    assert f"; Max-Age={written};" in cookie_header("a", "b", max_age=max_age)


@pytest.mark.parametrize(
    "expires",
    [
        datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC),
        datetime(1994, 11, 6, 8, 49, 37),
        784111777,
        784111777.5,
        "Sun, 06 Nov 1994 08:49:37 GMT",
    ],
)
def test_expires_takes_any_time(expires: datetime | float | str) -> None:
    """`expires` is a `datetime` (without zone: UTC), a Unix time, or the text of a date."""
    header = cookie_header("a", "b", expires=expires)
    assert header.startswith("a=b; Expires=Sun, 06 Nov 1994 08:49:37 GMT; ")


@pytest.mark.parametrize("samesite", ["lax", "Lax", "STRICT"])
def test_samesite_ignores_case(samesite: Any) -> None:
    """Whatever its case, `samesite` is written as the standard does."""
    assert cookie_header("a", "b", samesite=samesite).endswith(f"SameSite={samesite.title()}")


def test_samesite_none_needs_secure() -> None:
    """Browsers drop such cookies, so setting one is an error that says what to do."""
    with pytest.raises(ValueError, match=r'samesite="none" unless it is set with secure=True'):
        cookie_header("a", "b", samesite="none")


def test_unknown_samesite_is_refused() -> None:
    """Any other word for `samesite` is refused."""
    samesite: Any = "Lax; Secure"
    with pytest.raises(ValueError, match="not 'Lax; Secure'"):
        cookie_header("a", "b", samesite=samesite)


@pytest.mark.parametrize(
    "name", ["", "a b", "a=b", "a;b", "a,b", '"a"', "é", "a\r\nb", "a\0", "[a]"]
)
def test_names_that_are_no_tokens_are_refused(name: str) -> None:
    """The name of a cookie is a token; the error shows it."""
    with pytest.raises(ValueError) as caught:
        cookie_header(name, "value")
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize("bad", [*CONTROLS, "é", "☃", "\x80", "\ud800"])
def test_values_that_no_cookie_carries_are_refused(bad: str) -> None:
    """Control characters and what is not ASCII are refused, with the advice to encode them."""
    with pytest.raises(ValueError, match=r"cookie 'name' cannot carry .*urllib.parse.quote"):
        cookie_header("name", f"value{bad}")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("", "a="),
        ("b", "a=b"),
        ("b=c", "a=b=c"),
        ("(b)", "a=(b)"),
        ("b c", 'a="b c"'),
        (" ", 'a=" "'),
        ("b,c", r'a="b\054c"'),
        ("b;c", r'a="b\073c"'),
        ('"', r'a="\""'),
        ("\\", r'a="\\"'),
    ],
)
def test_values_are_quoted_where_they_have_to_be(value: str, written: str) -> None:
    """What is no plain cookie value goes out in quotes, and nothing ends it early."""
    header = cookie_header("a", value)
    assert header == f"{written}; Path=/; HttpOnly; SameSite=Lax"


def test_a_semicolon_does_not_start_an_attribute() -> None:
    """A value that looks like attributes stays one value."""
    header = cookie_header("a", "b; Domain=evil.com; Max-Age=9")
    parts = [part.strip() for part in header.split(";")]
    assert parts[1:] == ["Path=/", "HttpOnly", "SameSite=Lax"]


@pytest.mark.parametrize("attribute", ["path", "domain", "expires"])
@pytest.mark.parametrize("bad", [*CONTROLS, "; Secure", "é"])
def test_attributes_that_break_out_are_refused(attribute: str, bad: str) -> None:
    """Path, domain and the text of a date end neither the attribute nor the field."""
    arguments: dict[str, Any] = {attribute: f"/x{bad}"}
    with pytest.raises(ValueError) as caught:
        cookie_header("name", "value", **arguments)
    assert "cookie 'name'" in str(caught.value)
    assert repr(f"/x{bad}") in str(caught.value)


@pytest.mark.parametrize("path", ["", "admin", "./"])
def test_paths_start_with_a_slash(path: str) -> None:
    """Browsers would take another path instead."""
    with pytest.raises(ValueError, match="has to start with a slash"):
        cookie_header("a", "b", path=path)


@pytest.mark.parametrize(
    "domain", ["", "example.com:80", "https://example.com", "exämple.com", "a..b"]
)
def test_domains_are_names_of_hosts(domain: str) -> None:
    """A domain has no scheme and no port."""
    with pytest.raises(ValueError, match="is no domain"):
        cookie_header("a", "b", domain=domain)


@pytest.mark.parametrize(
    "domain", ["localhost", ".example.com", "xn--exmple-cua.com", "a_b.example"]
)
def test_hosts_are_domains(domain: str) -> None:
    """Names of hosts go out as they are, an old-fashioned leading dot too."""
    assert f"; Domain={domain};" in cookie_header("a", "b", domain=domain)


@pytest.mark.parametrize("expires", [1e18, float("nan")])
def test_times_outside_the_calendar_are_refused(expires: float) -> None:
    """A Unix time that is no date raises a `ValueError`."""
    with pytest.raises(ValueError, match="not a time"):
        cookie_header("a", "b", expires=expires)


@pytest.mark.parametrize(
    ("name", "attributes", "message"),
    [
        ("__Secure-a", {}, "secure=True"),
        ("__secure-a", {}, "secure=True"),
        ("__Host-a", {}, "secure=True"),
        ("__Host-a", {"secure": True, "path": "/x"}, "path"),
        ("__Host-a", {"secure": True, "path": None}, "path"),
        ("__HOST-a", {"secure": True, "domain": "example.com"}, "domain"),
    ],
)
def test_prefixes_are_kept(name: str, attributes: dict[str, Any], message: str) -> None:
    """A name that promises something is refused without it; browsers would drop the cookie."""
    with pytest.raises(ValueError, match=f"browsers drop cookie '{name}' unless .*{message}"):
        cookie_header(name, "b", **attributes)


def test_prefixed_names_are_taken_with_what_they_promise() -> None:
    """The two prefixes work with the attributes that belong to them."""
    assert cookie_header("__Host-a", "b", secure=True).startswith("__Host-a=b; Path=/; Secure;")
    header = cookie_header("__Secure-a", "b", secure=True, path="/x", domain="example.com")
    assert header.startswith("__Secure-a=b; Domain=example.com; Path=/x; Secure;")


def test_cookies_that_browsers_drop_for_their_size_are_refused() -> None:
    """Name and value have 4,096 octets together at most (RFC 6265bis, section 5.6)."""
    cookie_header("a", "b" * (MAX_COOKIE_SIZE - 1))
    with pytest.raises(ValueError, match="cookie 'a' has 4097 octets"):
        cookie_header("a", "b" * MAX_COOKIE_SIZE)


def test_a_deleted_cookie_is_expired() -> None:
    """The field that deletes a cookie has no value, and is over by both clocks."""
    header = expired_cookie_header("a", path="/x", domain="example.com")
    assert header == (
        "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Domain=example.com; Path=/x; "
        "HttpOnly"
    )


@pytest.mark.parametrize("name", ["__Host-a", "__secure-a"])
def test_prefixed_cookies_can_be_deleted(name: str) -> None:
    """Browsers take the deletion of such a cookie only if it is secure itself."""
    assert "; Secure" in expired_cookie_header(name)
    assert "; Secure" not in expired_cookie_header("a")
    assert "; Secure" in expired_cookie_header("a", secure=True)


@given(TOKENS, PRINTABLE)
def test_what_is_set_reads_back(name: str, value: str) -> None:
    """Every printable value comes back as it was, and is a header field that can be sent."""
    pair = cookie_header(name, value, path=None, httponly=False, samesite=None)
    assert read_back(pair) == {name: value}
    ResponseHeaders().add("set-cookie", pair)


@given(TOKENS, PRINTABLE)
def test_the_standard_library_reads_it_too(name: str, value: str) -> None:
    """What is set means the same to `http.cookies`, attributes and all."""
    assume(name.lower() not in RESERVED and not name.startswith("$"))
    morsel = SimpleCookie(cookie_header(name, value, max_age=5))[name]
    assert (morsel.value, morsel["max-age"], morsel["path"]) == (value, "5", "/")


@given(st.text(), st.text(), st.none() | st.text(), st.none() | st.text(), st.none() | st.text())
def test_nothing_breaks_out(
    name: str, value: str, path: str | None, domain: str | None, expires: str | None
) -> None:
    """Whatever is given, it is refused or stays in its place in a field that can be sent."""
    try:
        header = cookie_header(name, value, path=path, domain=domain, expires=expires)
    except ValueError:
        return
    ResponseHeaders().add("set-cookie", header)
    attributes = [part.strip().partition("=")[0] for part in header.split(";")[1:]]
    given_ones = [("Expires", expires), ("Domain", domain), ("Path", path)]
    expected = [attribute for attribute, value in given_ones if value is not None]
    assert attributes == [*expected, "HttpOnly", "SameSite"]
