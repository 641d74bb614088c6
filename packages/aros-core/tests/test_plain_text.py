"""Whole answers of plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aros_core.asgi.plain_text import answer_with_text, text_headers

if TYPE_CHECKING:
    from aros_core.asgi.types import Event


async def test_an_answer_is_two_events() -> None:
    """Status and headers, then the text in UTF-8."""
    events: list[Event] = []

    async def send(event: Event) -> None:
        events.append(event)

    await answer_with_text(send, 400, "nö", {"X-Why": "test"})
    assert events == [
        {
            "type": "http.response.start",
            "status": 400,
            "headers": [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"x-why", b"test"),
                (b"content-length", b"3"),
            ],
        },
        {"type": "http.response.body", "body": "nö".encode()},
    ]


def test_other_headers_may_say_otherwise() -> None:
    """But not how long the text is."""
    headers = text_headers(b"{}", {"Content-Type": "application/json", "Content-Length": "9"})
    assert headers == [(b"content-type", b"application/json"), (b"content-length", b"2")]


@pytest.mark.parametrize("header", [{"x\n": "a"}, {"x": "a\r\nset-cookie: b=1"}, {"x": "\0"}])
def test_line_breaks_in_headers_are_refused(header: dict[str, str]) -> None:
    """They are never sent."""
    with pytest.raises(ValueError, match="no CR, LF or NUL"):
        text_headers(b"", header)
