"""What a request says of itself, read from the ASGI scope."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aros_core.asgi.request_facts import RequestFacts


def facts(**scope: Any) -> RequestFacts:
    """Return the facts of a scope."""
    return RequestFacts(scope)


def cookies(*headers: str) -> dict[str, str]:
    """Return the cookies of header fields."""
    fields = [(b"cookie", header.encode("latin-1")) for header in headers]
    return dict(facts(headers=fields).cookies)


def test_headers_ignore_case_and_keep_all_values() -> None:
    """Fields of one name stay apart; bytes are read as Latin-1."""
    headers = facts(headers=[(b"accept", b"a"), (b"x-name", b"\xe9"), (b"accept", b"b")]).headers
    assert headers["ACCEPT"] == "a"
    assert headers.getall("Accept") == ["a", "b"]
    assert headers["X-Name"] == "é"


def test_one_field_is_read_without_keeping_the_others() -> None:
    """The first field of a name, however its case, and nothing is decoded for later."""
    headers = [(b"Origin", b"https://a.test"), (b"origin", b"b"), (b"x-name", b"\xe9")]
    told = facts(headers=headers)
    assert told.header(b"origin") == "https://a.test"
    assert told.header(b"x-name") == "é"
    assert told.header(b"host") is None
    assert facts().header(b"host") is None
    assert "headers" not in vars(told)


@pytest.mark.parametrize(
    ("query_string", "items"),
    [
        (b"a=1&a=2&b=", [("a", "1"), ("a", "2"), ("b", "")]),
        (b"name=J%C3%B6rg+B&flag", [("name", "Jörg B"), ("flag", "")]),
        (b"bad=%FF&raw=\xff&odd=%", [("bad", "�"), ("raw", "�"), ("odd", "%")]),
        (b"", []),
    ],
)
def test_query_parameters_are_decoded(query_string: bytes, items: list[tuple[str, str]]) -> None:
    """All values are kept in order, and what is not UTF-8 is replaced."""
    assert list(facts(query_string=query_string).query.items()) == items


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=5))
def test_what_a_client_encodes_is_what_the_query_says(items: list[tuple[str, str]]) -> None:
    """Names and values of any characters come back in their order, equal names too."""
    query_string = urlencode(items).encode()
    assert list(facts(query_string=query_string).query.items()) == items


@given(st.binary(max_size=40) | st.text("&=%+;afF0", max_size=40).map(str.encode))
def test_no_query_is_an_error(query_string: bytes) -> None:
    """Whatever clients send, what can be read is there, as text that can be sent on."""
    for name, value in facts(query_string=query_string).query.items():
        assert (name + value).encode().decode() == name + value


@given(
    st.lists(st.tuples(st.text("aAzZ-_!09").map(str.encode), st.binary(max_size=20)), max_size=5)
)
def test_headers_are_the_bytes_that_came(fields: list[tuple[bytes, bytes]]) -> None:
    """None is lost, changed or out of order, and all that share a name are found by it."""
    headers = facts(headers=fields).headers
    came = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]
    assert list(headers.items()) == came
    for name, _ in came:
        same = [value for other, value in came if other.lower() == name.lower()]
        assert headers.getall(name.swapcase()) == same


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], {}),
        (["a=1; b=2"], {"a": "1", "b": "2"}),
        (["a=1", "b=2; a=3"], {"a": "1", "b": "2"}),
        (["a=x=y;b="], {"a": "x=y", "b": ""}),
        ([" a = 1 ;; =nameless; bare; c=3"], {"a": "1", "c": "3"}),
        (['a="quoted"; b="\\"in\\" \\054 x"; c="'], {"a": "quoted", "b": '"in" , x', "c": '"'}),
        (['a="b;c"'], {"a": '"b'}),
    ],
)
def test_cookies_are_read(headers: list[str], expected: dict[str, str]) -> None:
    """Of equal names the first counts, quotes are taken off, and what is malformed left out."""
    assert cookies(*headers) == expected


@given(st.text(st.characters(max_codepoint=255)))
@example('a="\\400"; b="\\"')
def test_no_cookie_header_is_an_error(header: str) -> None:
    """Whatever clients send, what can be read is there."""
    assert all(cookies(header))


@pytest.mark.parametrize(
    ("client", "address"),
    [
        (("192.0.2.1", 5000), "192.0.2.1:5000"),
        (["::1", 5000], "[::1]:5000"),
        (("192.0.2.1", 0), "192.0.2.1"),
        (("192.0.2.1", None), "192.0.2.1"),
        (("", 0), None),
        (None, None),
    ],
)
def test_the_remote_address(client: object, address: str | None) -> None:
    """Host and port, IPv6 in brackets; `None` where the server does not tell."""
    assert facts(client=client).remote_address == address


def test_what_servers_leave_out() -> None:
    """A bare scope has facts as well, and each is read once only."""
    bare = facts()
    assert dict(bare.headers) == {}
    assert list(bare.query) == []
    assert bare.cookies == {}
    assert bare.remote_address is None
    assert bare.state == {}
    assert bare.headers is bare.headers


def test_the_state_of_the_lifespan() -> None:
    """It is that of the scope."""
    assert facts(state={"pool": 7}).state == {"pool": 7}
