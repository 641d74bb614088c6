"""Range requests: which bytes a field asks for, and how several parts are sent."""

from __future__ import annotations

import email
import email.policy
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from navaros.ranges import ByteRange, frame_parts, parse_ranges

SIZE = 100


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-9", [(0, 10)]),
        ("bytes=0-0", [(0, 1)]),
        ("bytes=90-", [(90, 100)]),
        ("bytes=0-", [(0, 100)]),
        ("bytes=-1", [(99, 100)]),
        ("bytes=-1000", [(0, 100)]),
        ("bytes=50-1000", [(50, 100)]),
        ("Bytes = 0-9", [(0, 10)]),
        ("bytes=0-9,20-29", [(0, 10), (20, 30)]),
        ("bytes= 20-29 ,\t0-9 ", [(20, 30), (0, 10)]),
        ("bytes=0-9,,20-29,", [(0, 10), (20, 30)]),
        ("bytes=0-9,200-300", [(0, 10)]),
        ("bytes=0-9,10-19", [(0, 10), (10, 20)]),
        ("bytes=" + "9" * 100 + "-", []),
        ("bytes=0-" + "9" * 100, [(0, 100)]),
    ],
)
def test_what_is_asked_for(header: str, expected: list[tuple[int, int]]) -> None:
    """RFC 9110, section 14.1.2: from, to, from on, and the last so many; as far as there are."""
    assert parse_ranges(header, SIZE) == [ByteRange(*bounds) for bounds in expected]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-9,5-14", [(0, 15)]),
        ("bytes=50-59,0-9,5-14", [(0, 15), (50, 60)]),
        ("bytes=0-,-1", [(0, 100)]),
        ("bytes=" + ",".join(["0-"] * 16), [(0, 100)]),
        ("bytes=0-50,10-20,30-40", [(0, 51)]),
    ],
)
def test_ranges_that_overlap_are_joined(header: str, expected: list[tuple[int, int]]) -> None:
    """Asking for the same bytes many times over does not multiply them."""
    assert parse_ranges(header, SIZE) == [ByteRange(*bounds) for bounds in expected]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=a-b",
        "bytes=1",
        "bytes=9-1",
        "bytes=0-9,9-1",
        "bytes=0-9,x",
        "bytes=--1",
        "bytes=0--1",
        "bytes=+1-2",
        "bytes=1-2-3",
        "bytes=0x0-9",
        "bytes=0-9;10-19",
        "bytes=1 - 2",
        "bytes=\u0661-\u0662",
        "bytes=" + "9" * 101 + "-",
        "pages=1-2",
        "=0-9",
        "0-9",
    ],
)
def test_malformed_fields_are_ignored(header: str) -> None:
    """What is malformed, or counts something else than bytes, asks for nothing in particular."""
    assert parse_ranges(header, SIZE) is None


@pytest.mark.parametrize(
    "header",
    [
        "bytes=100-",
        "bytes=100-200,300-",
        "bytes=-0",
        "bytes=" + ",".join(f"{start}-{start}" for start in range(17)),
        "bytes=" + ",".join(["0-0"] * 1000),
    ],
)
def test_what_cannot_be_satisfied(header: str) -> None:
    """Past the end there is nothing, and more than 16 ranges are not served."""
    assert parse_ranges(header, SIZE) == []


def test_sixteen_ranges_are_served() -> None:
    """The limit itself is fine."""
    header = "bytes=" + ",".join(f"{start}-{start}" for start in range(0, 32, 2))
    assert len(parse_ranges(header, SIZE) or []) == 16


@given(
    st.lists(st.tuples(st.none() | st.integers(0, 200), st.none() | st.integers(0, 200))),
    st.integers(1, 150),
)
def test_nobody_gets_more_bytes_than_there_are(
    specs: list[tuple[int | None, int | None]], size: int
) -> None:
    """Ranges lie within the bytes there are and do not overlap."""
    texts = [f"{'' if a is None else a}-{'' if b is None else b}" for a, b in specs]
    ranges = sorted(parse_ranges("bytes=" + ",".join(texts), size) or [])
    assert all(0 <= part.start < part.stop <= size for part in ranges)
    assert all(one.stop <= other.start for one, other in pairwise(ranges))


@given(st.text(), st.integers(1, 150))
def test_no_text_breaks_the_parser(text: str, size: int) -> None:
    """Whatever the field says, it asks for ranges, or is ignored."""
    for header in (text, f"bytes={text}"):
        assert isinstance(parse_ranges(header, size), list | None)


def test_content_range() -> None:
    """The field counts from 0, and names the last byte (RFC 9110, section 14.4)."""
    assert ByteRange(0, 10).content_range(100) == "bytes 0-9/100"
    assert len(ByteRange(90, 100)) == 10


def test_parts_are_framed_as_multipart() -> None:
    """A MIME parser finds every part with its type, its place and its bytes."""
    content = bytes(range(48, 58))
    ranges = [ByteRange(7, 10), ByteRange(0, 2)]
    pieces = frame_parts(ranges, len(content), "text/plain; charset=utf-8", "limit")
    body = b"".join(
        piece if isinstance(piece, bytes) else content[piece.start : piece.stop] for piece in pieces
    )
    assert len(body) == sum(map(len, pieces))
    head = b"Content-Type: multipart/byteranges; boundary=limit\r\n\r\n"
    message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    parts = list(message.iter_parts())
    assert [part["content-type"] for part in parts] == ['text/plain; charset="utf-8"'] * 2
    assert [part["content-range"] for part in parts] == ["bytes 7-9/10", "bytes 0-1/10"]
    assert [part.get_payload(decode=True) for part in parts] == [b"789", b"01"]
    assert not message.defects
