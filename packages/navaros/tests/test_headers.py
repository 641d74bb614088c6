"""Response headers: what they refuse, and when they stop changing."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from navaros.headers import ResponseHeaders, is_token

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

BAD_NAMES = [
    "",
    " ",
    "x y",
    "x:",
    "x\r",
    "x\n",
    "x\0",
    "x\r\nset-cookie",
    "x\t",
    "(x)",
    "x\x7f",
    "é",
    "x\u2028",
]

BAD_VALUES = [
    "a\r\nset-cookie: admin=1",
    "a\r\n\r\n<script>",
    "a\rb",
    "a\nb",
    "a\0b",
    "\n",
    "a\n",
    "a\r\n folded",
    "a\x0bb",
    "a\x0cb",
    "a\x1bb",
    "a\x7fb",
    "snow ☃",
    "a\u560d\u560ab",
    "a\u2028b",
    "\ud800",
]

GOOD_VALUES = ["", "plain", "a\tb", 'W/"tag"', "café", "\xff", "a, b; c=d"]

CHANGES: list[Callable[[ResponseHeaders], Any]] = [
    lambda headers: headers.__setitem__("a", "2"),
    lambda headers: headers.__delitem__("a"),
    lambda headers: headers.add("a", "2"),
    lambda headers: headers.extend({"b": "2"}),
    lambda headers: headers.extend(b="2"),
    lambda headers: headers.update({"a": "2"}),
    lambda headers: headers.merge({"b": "2"}),
    lambda headers: headers.setdefault("b", "2"),
    lambda headers: headers.pop("a"),
    lambda headers: headers.popone("a"),
    lambda headers: headers.popall("a"),
    lambda headers: headers.popitem(),
    lambda headers: headers.clear(),
]

SETTERS: list[Callable[[ResponseHeaders, str, str], Any]] = [
    lambda headers, name, value: headers.__setitem__(name, value),
    lambda headers, name, value: headers.add(name, value),
    lambda headers, name, value: headers.extend({name: value}),
    lambda headers, name, value: headers.extend([("ok", "1"), (name, value)]),
    lambda headers, name, value: headers.extend(CIMultiDict({name: value})),
    lambda headers, name, value: headers.update({name: value}),
    lambda headers, name, value: headers.update([(name, value)]),
    lambda headers, name, value: headers.update(**{name: value}),
    lambda headers, name, value: headers.merge({name: value}),
    lambda headers, name, value: headers.setdefault(name, value),
    lambda _, name, value: ResponseHeaders({name: value}),
    lambda _, name, value: ResponseHeaders(**{name: value}),
]


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("setter", SETTERS)
def test_names_that_are_no_tokens_are_refused(
    setter: Callable[[ResponseHeaders, str, str], Any], name: str
) -> None:
    """Every way to set a field refuses a name that is no token, shows it, and changes nothing."""
    headers = ResponseHeaders({"kept": "1"})
    with pytest.raises(ValueError) as caught:
        setter(headers, name, "value")
    assert repr(name) in str(caught.value)
    assert list(headers.items()) == [("kept", "1")]


@pytest.mark.parametrize("value", BAD_VALUES)
@pytest.mark.parametrize("setter", SETTERS)
def test_values_with_control_characters_are_refused(
    setter: Callable[[ResponseHeaders, str, str], Any], value: str
) -> None:
    """Every way to set a field refuses a value that would break out, and names the field."""
    headers = ResponseHeaders({"kept": "1"})
    with pytest.raises(ValueError, match="'x-name'"):
        setter(headers, "x-name", value)
    assert list(headers.items()) == [("kept", "1")]


@pytest.mark.parametrize("value", GOOD_VALUES)
@pytest.mark.parametrize("setter", SETTERS[:-2])
def test_values_in_latin_1_are_taken(
    setter: Callable[[ResponseHeaders, str, str], Any], value: str
) -> None:
    """Every way to set a field takes Latin-1 text, tabs included."""
    headers = ResponseHeaders()
    setter(headers, "X-Name", value)
    assert headers["x-name"] == value


def test_other_values_than_text_are_refused() -> None:
    """A number is not turned into text by guesswork; the error says what to do."""
    value: Any = 5
    with pytest.raises(TypeError, match="'content-length' takes a str, not 5: convert it first"):
        ResponseHeaders().add("content-length", value)


def test_subclasses_of_str_are_taken() -> None:
    """Text is text, whatever its class."""

    class Text(str):
        __slots__ = ()

    headers = ResponseHeaders()
    headers["a"] = Text("b")
    with pytest.raises(ValueError, match="'a' cannot carry"):
        headers["a"] = Text("b\n")
    assert headers["a"] == "b"


@pytest.mark.parametrize("change", CHANGES)
def test_frozen_headers_raise_on_every_change(change: Callable[[ResponseHeaders], Any]) -> None:
    """Once frozen, every mutator raises the error that was asked for, and changes nothing."""
    headers = ResponseHeaders({"a": "1"})
    headers.freeze(lambda: RuntimeError("too late"))
    with pytest.raises(RuntimeError, match="too late"):
        change(headers)
    assert list(headers.items()) == [("a", "1")]


@pytest.mark.parametrize("change", CHANGES)
def test_ignoring_headers_stay_as_they_are(change: Callable[[ResponseHeaders], Any]) -> None:
    """Once they ignore changes, every mutator does nothing, without an error."""
    headers = ResponseHeaders({"a": "1"})
    headers.ignore()
    change(headers)
    assert list(headers.items()) == [("a", "1")]


def test_ignored_removals_return_what_is_there() -> None:
    """What takes a field away returns it even where the removal is ignored."""
    headers = ResponseHeaders([("a", "1"), ("a", "2")])
    headers.ignore()
    assert headers.pop("a") == "1"
    assert headers.popone("b", None) is None
    assert headers.popall("a") == ["1", "2"]
    assert headers.popall("b", []) == []
    assert headers.popitem() == ("a", "2")
    with pytest.raises(KeyError):
        headers.pop("b")


def test_headers_that_ignore_can_still_be_frozen() -> None:
    """The freeze counts more: use after the end is an error, after a takeover too."""
    headers = ResponseHeaders()
    headers.ignore()
    headers.freeze(lambda: RuntimeError("closed"))
    with pytest.raises(RuntimeError, match="closed"):
        headers["a"] = "1"


def test_they_are_a_multi_mapping_that_ignores_case() -> None:
    """The usual methods of a `CIMultiDict` do what they do there."""
    headers = ResponseHeaders({"Content-Type": "text/plain"}, vary="accept")
    headers.add("set-cookie", "a=1")
    headers.add("Set-Cookie", "b=2")
    headers.merge({"set-cookie": "c=3", "etag": '"1"'})
    headers.setdefault("content-type", "text/html")
    assert headers.setdefault("X-New", "1") == "1"
    headers.update({"VARY": "cookie"})
    assert headers["content-type"] == "text/plain"
    assert headers.getall("set-cookie") == ["a=1", "b=2"]
    assert headers["vary"] == "cookie"
    assert headers.popall("SET-COOKIE") == ["a=1", "b=2"]
    assert headers.pop("etag") == '"1"'
    assert headers.popone("x-new") == "1"
    assert headers.pop("missing", None) is None
    del headers["vary"]
    assert headers.popitem() == ("Content-Type", "text/plain")
    headers["a"] = "1"
    headers.clear()
    assert len(headers) == 0


def test_several_new_fields_of_a_name_are_merged() -> None:
    """`merge` takes every field of a name that was not there before."""
    headers = ResponseHeaders()
    headers.merge([("link", "</a>"), ("link", "</b>")])
    assert headers.getall("link") == ["</a>", "</b>"]


@pytest.mark.parametrize("duplicate", [copy.copy, ResponseHeaders.copy, ResponseHeaders])
def test_copies_of_frozen_headers_can_change(
    duplicate: Callable[[ResponseHeaders], CIMultiDict[str]],
) -> None:
    """A copy has the same fields, checks them, and is not frozen."""
    headers = ResponseHeaders({"a": "1"})
    headers.freeze(RuntimeError)
    twin = duplicate(headers)
    twin["b"] = "2"
    assert list(twin.items()) == [("a", "1"), ("b", "2")]
    with pytest.raises(ValueError):
        twin["c"] = "\n"


def test_encode_gives_what_is_sent() -> None:
    """Fields go out in lower case and Latin-1, without blanks around the value, in order."""
    headers = ResponseHeaders([("X-B", " caf\xe9\t"), ("A", "1"), ("x-b", "")])
    assert headers.encode() == [(b"x-b", b"caf\xe9"), (b"a", b"1"), (b"x-b", b"")]


@given(st.text())
def test_a_token_is_made_of_token_characters(text: str) -> None:
    """A token is one or more of the characters of RFC 9110, section 5.6.2."""
    assert is_token(text) == (bool(text) and set(text) <= set(TOKEN_CHARACTERS))


@given(st.text(), st.text() | st.text(alphabet=st.characters(max_codepoint=0xFF)))
def test_nothing_that_is_taken_breaks_out_of_its_field(name: str, value: str) -> None:
    """Whatever name and value are: refused, or one field on one line that reads the same."""
    headers = ResponseHeaders()
    try:
        headers.add(name, value)
    except ValueError:
        assert len(headers) == 0
        return
    ((raw_name, raw_value),) = headers.encode()
    assert raw_name.decode("latin-1") == name.lower()
    assert raw_value.decode("latin-1") == value.strip(" \t")
    assert not set(raw_name + raw_value) & set(b"\r\n\0")
