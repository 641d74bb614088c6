"""The header fields of an answer: what was set, what comes with the body, and what frames it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aros_core import Error, FieldError
from navaros import Redirect, Router, middleware
from navaros.content import TEXT
from navaros.fields import answer_fields, declared_length, is_bodiless, plain_events
from navaros.headers import ResponseHeaders

TYPE = (b"content-type", TEXT.encode())

BARE = Router()
JSON = Router()
JSON.use(middleware.json())


def test_plain_events() -> None:
    """A text of any length has its type and length."""
    for text in ("", "hello", "x" * 1023, "x" * 1024, "x" * 5000):
        events = plain_events(text, BARE)
        assert events is not None
        start, body = events
        assert start["status"] == 200
        assert start["headers"] == [TYPE, (b"content-length", str(len(text)).encode())]
        assert body["body"] == text.encode()


@dataclass
class Point:
    """What only a codec can send."""

    x: int


class Streamed(Point):
    """Data by its declaration, and an iterator all the same."""

    def __iter__(self) -> Streamed:
        return self

    def __next__(self) -> str:
        raise StopIteration


@pytest.mark.parametrize(
    ("body", "data"),
    [({"x": 1}, b'{"x":1}'), ([1], b"[1]"), ([], b"[]"), (Point(1), b'{"x":1}')],
)
def test_plain_events_of_data(body: Any, data: bytes) -> None:
    """What can only be for a codec is written by the only one there is, else looked at again."""
    assert plain_events(body, BARE) is None
    events = plain_events(body, JSON)
    assert events is not None
    assert events[0]["headers"][0] == (b"content-type", b"application/json")
    assert events[1]["body"] == data


@pytest.mark.parametrize(
    "body",
    [
        None,
        b"bytes",
        Error("no"),
        [FieldError("a", "b")],
        Redirect("/"),
        Path("x"),
        iter("x"),
        Streamed(1),
        object(),
    ],
)
def test_what_needs_a_second_look_has_no_plain_events(body: Any) -> None:
    """Whatever has a meaning of its own, or may have."""
    assert plain_events(body, JSON) is None


@pytest.mark.parametrize("status", [100, 101, 199, 204, 205, 304])
def test_statuses_without_a_body(status: int) -> None:
    """These have none (RFC 9110)."""
    assert is_bodiless(status)


@pytest.mark.parametrize("status", [200, 201, 206, 301, 400, 404, 500, 599])
def test_statuses_with_a_body(status: int) -> None:
    """All others may have one."""
    assert not is_bodiless(status)


def test_type_and_length_come_with_the_body() -> None:
    """They are added where they were not set; a stream has no length."""
    assert answer_fields(None, 200, TEXT, 5) == [TYPE, (b"content-length", b"5")]
    assert answer_fields(None, 200, TEXT, None) == [TYPE]
    assert answer_fields(None, 200, None, 0) == [(b"content-length", b"0")]
    assert answer_fields(None, 200, "a/b", 2000) == [
        (b"content-type", b"a/b"),
        (b"content-length", b"2000"),
    ]


def test_the_handlers_own_fields_win() -> None:
    """A type that was set is sent once; a length that was set right as well."""
    headers = ResponseHeaders({"Content-Type": "text/html", "Content-Length": "5", "X-A": "b"})
    assert answer_fields(headers, 200, TEXT, 5) == [
        (b"content-type", b"text/html"),
        (b"content-length", b"5"),
        (b"x-a", b"b"),
    ]


def test_a_wrong_length_is_an_error() -> None:
    """A length that is not the body's would break the connection, so it is never sent."""
    headers = ResponseHeaders({"content-length": "6"})
    with pytest.raises(ValueError, match="says 6, but the body has 5 bytes; leave the field out"):
        answer_fields(headers, 200, TEXT, 5)
    assert declared_length(headers) == 6
    assert answer_fields(headers, 200, None, None) == [(b"content-length", b"6")]


@pytest.mark.parametrize("values", [["five"], ["-5"], ["5", "5"], ["²"], [""]])
def test_a_length_is_one_number(values: list[str]) -> None:
    """Anything else is refused before it is sent."""
    headers = ResponseHeaders([("content-length", value) for value in values])
    with pytest.raises(ValueError, match="Content-Length is one number"):
        declared_length(headers)


def test_the_framing_is_the_servers() -> None:
    """Transfer-Encoding is hop by hop, so a handler's own is not sent."""
    headers = ResponseHeaders({"transfer-encoding": "chunked", "x": "y"})
    assert answer_fields(headers, 200, None, None) == [(b"x", b"y")]


@pytest.mark.parametrize("status", [100, 204])
def test_no_length_where_there_can_be_no_body(status: int) -> None:
    """1xx and 204 never have the field, even if it was set (RFC 9110, section 8.6)."""
    assert answer_fields(None, status, None, 0) == []
    headers = ResponseHeaders({"content-length": "5", "x": "y"})
    assert answer_fields(headers, status, None, 0) == [(b"x", b"y")]
    assert answer_fields(ResponseHeaders({"x": "y"}), status, None, 0) == [(b"x", b"y")]


def test_a_304_tells_the_length_of_another_body() -> None:
    """It keeps a length that was set, and has none of its own."""
    assert answer_fields(None, 304, None, 0) == []
    headers = ResponseHeaders({"content-length": "5"})
    assert answer_fields(headers, 304, None, 0) == [(b"content-length", b"5")]
    assert answer_fields(None, 205, None, 0) == [(b"content-length", b"0")]
