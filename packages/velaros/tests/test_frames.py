"""What goes over the wire."""

from __future__ import annotations

from typing import Any

import pytest

from aros_core.codecs import MessageType
from velaros.frames import as_frame, bare_frame, size_of


@pytest.mark.parametrize(
    ("raw", "size"), [("", 0), ("text", 4), ("é€😀", 9), ("\ud800", 3), (b"\xff", 1), (b"", 0)]
)
def test_counts_bytes(raw: str | bytes, size: int) -> None:
    """A text has the bytes of its UTF-8, broken characters included."""
    assert size_of(raw) == size


def test_text_goes_out_as_text() -> None:
    """The message's type decides between text and bytes."""
    assert as_frame("é".encode(), MessageType.TEXT) == "é"
    assert as_frame(b"\xff", MessageType.BINARY) == b"\xff"


@pytest.mark.parametrize("encoded", ["text", None, 5])
def test_what_is_no_bytes_is_an_error(encoded: Any) -> None:
    """A marshaller that returns something else is told so."""
    with pytest.raises(TypeError, match="a marshaller returns bytes, not "):
        as_frame(encoded, MessageType.TEXT)


def test_bytes_that_are_no_text_cannot_go_out_as_text() -> None:
    """The sender gets the error, not the connection."""
    with pytest.raises(UnicodeDecodeError):
        as_frame(b"\xff", MessageType.TEXT)


def test_bare_frames_are_texts_and_bytes() -> None:
    """All else needs a codec, and the error says how to get one."""
    assert bare_frame("é") == "é"
    assert bare_frame(b"\xff") == b"\xff"
    with pytest.raises(TypeError, match="only str and bytes can be sent, not dict; add one with"):
        bare_frame({})
    with pytest.raises(UnicodeEncodeError):
        bare_frame("\ud800")
