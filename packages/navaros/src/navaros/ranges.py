"""Parts of a representation (RFC 9110, section 14): which are asked for, and how they are sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MAX_RANGES: Final = 16
"""How many ranges one request may ask for."""

# Longer numbers, which no file reaches, would only be costly to read.
_match_spec: Final = re.compile(r"([0-9]{0,100})-([0-9]{0,100})").fullmatch


@dataclass(frozen=True, slots=True, order=True)
class ByteRange:
    """The bytes from `start` on, up to `stop` and without it."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def content_range(self, size: int) -> str:
        """Return the value of the `Content-Range` field for these of `size` bytes."""
        return f"bytes {self.start}-{self.stop - 1}/{size}"


def parse_ranges(header: str, size: int) -> list[ByteRange] | None:
    """Return what a `Range` field asks for of `size` bytes, ranges that overlap joined.

    `None` is for a field to be ignored, malformed or of another unit; an empty list for one that
    cannot be satisfied: past the end, or more than 16 ranges.
    """
    unit, _, specs = header.partition("=")
    asked = [spec for spec in map(str.strip, specs.split(",")) if spec]
    if unit.strip().lower() != "bytes" or not asked:
        return None
    ranges: list[ByteRange] = []
    for spec in asked:
        bounds = _parse_spec(spec, size)
        if bounds is None:
            return None
        if bounds[0] < bounds[1]:
            ranges.append(ByteRange(*bounds))
    return _join_overlapping(ranges) if len(asked) <= MAX_RANGES else []


def frame_parts(
    ranges: list[ByteRange], size: int, content_type: str, boundary: str
) -> list[bytes | ByteRange]:
    """Return the pieces of a `multipart/byteranges` body, bytes as they are and ranges to fill in.

    RFC 9110, section 14.6. The boundary must not occur in the bytes.
    """
    pieces: list[bytes | ByteRange] = []
    for part in ranges:
        head = (
            f"--{boundary}\r\n"
            f"Content-Type: {content_type}\r\n"
            f"Content-Range: {part.content_range(size)}\r\n\r\n"
        )
        pieces += [head.encode("latin-1"), part, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode("latin-1"))
    return pieces


def _parse_spec(spec: str, size: int) -> tuple[int, int] | None:
    """Return start and stop, which may be past the end or the same; `None` if malformed."""
    match = _match_spec(spec)
    if match is None or spec == "-":
        return None
    first, last = match.groups()
    if not first:
        return max(size - int(last), 0), size
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size) if last else size


def _join_overlapping(ranges: list[ByteRange]) -> list[ByteRange]:
    """Return the ranges as they are; where some overlap, joined and in order."""
    joined: list[ByteRange] = []
    for part in sorted(ranges):
        if joined and part.start < joined[-1].stop:
            joined[-1] = ByteRange(joined[-1].start, max(joined[-1].stop, part.stop))
        else:
            joined.append(part)
    return ranges if len(joined) == len(ranges) else joined
