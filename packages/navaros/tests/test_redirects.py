"""Redirect targets: where they lead, and that none leaves the host by stealth."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from navaros.headers import ResponseHeaders
from navaros.redirects import Redirect, check_redirect_status, location

HOST = "app.example"

# Addresses that send a browser elsewhere although they look like paths, or do worse.
OPEN_REDIRECTS = [
    "//evil.com",
    "///evil.com",
    "////evil.com/%2e%2e",
    "//evil.com:80/path",
    "//user@evil.com",
    "//app.example@evil.com",
    "//evil%2ecom",
    r"/\evil.com",
    r"\\evil.com",
    r"\/evil.com",
    r"/\/evil.com",
    r"\evil.com",
    r"/x\..\\evil.com",
    "/\t/evil.com",
    "/\n/evil.com",
    "/\r/evil.com",
    "\t//evil.com",
    "\x00//evil.com",
    "\x1f//evil.com",
    "/\0/evil.com",
    "/x/..//evil.com",
    "/x/y/../..//evil.com",
    "/.//evil.com",
    "/././/evil.com",
    "/..//evil.com",
    "/%2e//evil.com",
    "/x/%2E%2e//evil.com",
    "/x/.%2e//evil.com",
    "/..///evil.com",
    "..//evil.com",
    "javascript:alert(1)",
    "JavaScript://%0aalert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "ftp://evil.com",
    "mailto:a@evil.com",
    "http:evil.com",
    "https:evil.com",
    "http:/evil.com",
    "http:///evil.com",
    "https:///evil.com",
    r"http:\\evil.com",
    r"https:/\evil.com",
    r"https://\evil.com",
    "http://",
    "https://?x",
    "https:// evil.com",
    "x:y",
    "/ok\r\nset-cookie: admin=1",
    "https://app.example/\r\nx: y",
    "/ok\n",
    "/\x7f",
    "/\ud800",
]

# What looks like trouble and is a path all the same, with what is sent for it.
HARMLESS = [
    (" //evil.com", "/dir/%20//evil.com"),
    (" javascript:alert(1)", "/dir/%20javascript:alert(1)"),
    ("/%5cevil.com", "/%5cevil.com"),
    ("/%2f/evil.com", "/%2f/evil.com"),
    ("/%09/evil.com", "/%09/evil.com"),
    ("/x//evil.com", "/x//evil.com"),
    ("/https://evil.com", "/https://evil.com"),
    ("./https://evil.com", "/dir/https://evil.com"),
    ("@evil.com", "/dir/@evil.com"),
    ("evil.com", "/dir/evil.com"),
    ("?next=//evil.com", "/dir/page?next=//evil.com"),
    (r"?next=\\evil.com", r"/dir/page?next=\\evil.com"),
    ("#//evil.com", "/dir/page?q=1#//evil.com"),
    ("/\uff0fevil.com", "/%EF%BC%8Fevil.com"),
    ("/\x85/evil.com", "/%C2%85/evil.com"),
    ("/\u2028", "/%E2%80%A8"),
]

# RFC 3986, section 5.4, as far as the references are paths.
RFC_3986 = [
    ("g", "/b/c/g"),
    ("./g", "/b/c/g"),
    ("g/", "/b/c/g/"),
    ("/g", "/g"),
    ("?y", "/b/c/d;p?y"),
    ("g?y", "/b/c/g?y"),
    ("#s", "/b/c/d;p?q#s"),
    ("g#s", "/b/c/g#s"),
    ("g?y#s", "/b/c/g?y#s"),
    (";x", "/b/c/;x"),
    ("g;x", "/b/c/g;x"),
    ("g;x?y#s", "/b/c/g;x?y#s"),
    ("", "/b/c/d;p?q"),
    (".", "/b/c/"),
    ("./", "/b/c/"),
    ("..", "/b/"),
    ("../", "/b/"),
    ("../g", "/b/g"),
    ("../..", "/"),
    ("../../", "/"),
    ("../../g", "/g"),
    ("../../../g", "/g"),
    ("../../../../g", "/g"),
    ("/./g", "/g"),
    ("/../g", "/g"),
    ("g.", "/b/c/g."),
    (".g", "/b/c/.g"),
    ("g..", "/b/c/g.."),
    ("..g", "/b/c/..g"),
    ("./../g", "/b/g"),
    ("./g/.", "/b/c/g/"),
    ("g/./h", "/b/c/g/h"),
    ("g/../h", "/b/c/h"),
    ("g;x=1/./y", "/b/c/g;x=1/y"),
    ("g;x=1/../y", "/b/c/y"),
    ("g?y/./x", "/b/c/g?y/./x"),
    ("g?y/../x", "/b/c/g?y/../x"),
    ("g#s/./x", "/b/c/g#s/./x"),
    ("g#s/../x", "/b/c/g#s/../x"),
]


def host_in_browser(address: str) -> str:
    """Return the host that a browser on `HOST` goes to, by the rules of the WHATWG URL parser."""
    address = re.sub(r"[\t\r\n]", "", address.strip("".join(map(chr, range(0x21)))))
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.\-]*):", address)
    rest = address[scheme.end() :] if scheme else address
    if scheme and scheme[1].lower() not in {"http", "https"}:
        return f"{scheme[1]}:"
    slashes = re.match(r"[/\\]{2,}" if scheme is None else r"[/\\]*", rest)
    if slashes is None:
        return HOST
    return re.split(r"[/\\?#]", rest[slashes.end() :])[0].rpartition("@")[2]


@pytest.mark.parametrize("target", OPEN_REDIRECTS)
def test_open_redirects_are_refused(target: str) -> None:
    """Every known way to leave the host by stealth is refused, with the target in the message."""
    with pytest.raises(ValueError) as caught:
        location(target, "/dir/page")
    assert f"cannot redirect to {target!r}: " in str(caught.value)


@pytest.mark.parametrize("target", OPEN_REDIRECTS)
def test_a_redirect_is_refused_when_it_is_made(target: str) -> None:
    """The mistake shows in the handler that made it."""
    with pytest.raises(ValueError, match="cannot redirect to"):
        Redirect(target)


@pytest.mark.parametrize("target", [".//evil.com", "..//evil.com", "x/..//evil.com"])
def test_relative_targets_do_not_leave_the_host_at_its_root(target: str) -> None:
    """What would be another host once its dots are gone is refused."""
    with pytest.raises(ValueError, match="without its dots it is an address that leaves this host"):
        location(target, "/page")


@pytest.mark.parametrize(("target", "sent"), HARMLESS)
def test_what_only_looks_like_trouble_stays_a_path(target: str, sent: str) -> None:
    """A path stays a path on this host, however odd it is."""
    assert location(target, "/dir/page?q=1") == sent
    assert host_in_browser(sent) == HOST


@pytest.mark.parametrize(("target", "sent"), RFC_3986)
def test_relative_targets_resolve_as_the_standard_says(target: str, sent: str) -> None:
    """The examples of RFC 3986, section 5.4, resolve against the path of the request."""
    assert location(target, "/b/c/d;p?q") == sent


@pytest.mark.parametrize(
    ("target", "sent"),
    [
        ("https://example.com", "https://example.com"),
        ("http://example.com/a/../b?c=d#e", "http://example.com/a/../b?c=d#e"),
        ("HTTPS://Example.com//x", "HTTPS://Example.com//x"),
        ("https://exämple.com/ü?q=ö", "https://ex%C3%A4mple.com/%C3%BC?q=%C3%B6"),
        ("https://example.com/a b", "https://example.com/a%20b"),
        ("https://[::1]:8080/{x}", "https://[::1]:8080/{x}"),
        ("/é?x=☃#ü", "/%C3%A9?x=%E2%98%83#%C3%BC"),
        ("/already%20encoded%", "/already%20encoded%"),
    ],
)
def test_addresses_and_paths_are_sent_in_ascii(target: str, sent: str) -> None:
    """Whole addresses go out as they are; what is not printable ASCII is percent-encoded."""
    assert location(target, "/") == sent


@pytest.mark.parametrize(
    ("request_path", "target", "sent"),
    [
        ("//evil.com/x", "y", "/evil.com/y"),
        ("//evil.com/x", "?y", "/evil.com/x?y"),
        ("//evil.com", "", "/evil.com"),
        ("/..//evil.com/x", "y", "/evil.com/y"),
        ("/x/..//evil.com", "", "/evil.com"),
        (r"/\evil.com/x", "y", "/%5Cevil.com/y"),
        (r"\\evil.com/x", "y", "/%5C%5Cevil.com/y"),
        ("", "y", "/y"),
        ("*", "", "/*"),
        ("/caf\xe9/\r\n/x", "y", "/caf%C3%A9/%0D%0A/y"),
        ("/a/b", "x//y", "/a/x//y"),
    ],
)
def test_odd_request_paths_do_not_leave_the_host(request_path: str, target: str, sent: str) -> None:
    """The client chooses the path of its request, but not where a relative target leads."""
    assert location(target, request_path) == sent


def test_a_redirect_has_a_redirecting_status() -> None:
    """Five statuses redirect with a `Location`; others are refused with the list of those."""
    for status in (301, 302, 303, 307, 308):
        assert Redirect("/x", status).status == status
        check_redirect_status(status)
    assert Redirect("/x").status is None
    for status in (200, 300, 304, 305, 306, 404):
        with pytest.raises(ValueError, match=f"301, 302, 303, 307, 308, not {status}"):
            Redirect("/x", status)


@given(
    st.text() | st.text(alphabet="/\\.:?#@%2efhtps \t\n0") | st.from_regex(r"https?:.*"),
    st.text(alphabet="/\\.abc%2e?") | st.text(),
)
@example("..//evil.com", "/x")
@example("x", "//evil.com/")
@example("", "/.//evil.com")
def test_no_target_leaves_the_host_unless_it_says_so(target: str, request_path: str) -> None:
    """Whatever target and path of the request are, browsers end where the target openly says."""
    try:
        sent = location(target, request_path)
    except ValueError:
        return
    ResponseHeaders().add("location", sent)
    if re.match(r"https?://", target, re.IGNORECASE):
        assert host_in_browser(sent) == host_in_browser(re.sub(r"[^!-~]+", _escape, target))
    else:
        assert sent.startswith("/")
        assert host_in_browser(sent) == HOST


def _escape(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())
