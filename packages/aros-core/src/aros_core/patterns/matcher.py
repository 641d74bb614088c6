"""Matches paths with chunks, without ever going back.

The chunks at the front that take exactly one segment each, most often all of them, are compared one
by one. For the rest a table is built from the last chunk to the first: for every chunk, the places
in the path from which it and its successors can reach the end. A walk from the first chunk to the
last then lets each one take as much as the table allows.

The places are the bits of one integer per chunk: bit *n* stands for "*n* segments are left". A step
of the table is a few operations on integers, so a match costs at most chunks times segments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aros_core.patterns.tokens import Chunk


def divide(chunks: tuple[Chunk, ...]) -> tuple[tuple[Chunk, ...], tuple[Chunk, ...]]:
    """Split off the chunks at the front that take exactly one segment each."""
    for index, chunk in enumerate(chunks):
        if chunk.modifier.skippable or chunk.modifier.greedy:
            return chunks[:index], chunks[index:]
    return chunks, ()


def match(
    head: Sequence[Chunk], tail: Sequence[Chunk], path: str, *, open_ended: bool = False
) -> list[str] | None:
    """Match a path and return what the parameters captured, in order.

    `head` and `tail` come from `divide`. With `open_ended`, whatever the chunks leave over
    is accepted, empty segments included.
    """
    count = len(head)
    segments = path.split("/", count + 1)
    surplus = len(segments) - count - 1
    if segments[0] or surplus < 0:
        return None
    values: list[str] = []
    for index, chunk in enumerate(head, 1):
        segment = segments[index]
        # What chunk.accepts(segment) says, written out: this is the inner loop of routing.
        if chunk.literal is not None:
            if segment != chunk.literal:
                return None
        elif not segment or (chunk.test is not None and not chunk.test(segment)):
            return None
        elif chunk.name is not None:
            values.append(segment)
    rest = segments[-1] if surplus else ""
    if tail:
        captured = _match_tail(tail, rest, open_ended=open_ended)
        return None if captured is None else values + captured
    return None if rest and not open_ended else values


def _match_tail(chunks: Sequence[Chunk], rest: str, *, open_ended: bool) -> list[str] | None:
    segments = rest.removesuffix("/").split("/") if rest else []
    if "" in segments:
        # No chunk takes an empty segment.
        if not open_ended:
            return None
        segments = segments[: segments.index("")]
    if len(chunks) == 1 and not open_ended:
        return _match_single(chunks[0], segments)
    takes = [_places(chunk, segments) for chunk in chunks]
    reach = [(2 << len(segments)) - 1 if open_ended else 1]
    for chunk, places in zip(reversed(chunks), reversed(takes), strict=True):
        reach.append(_reach(chunk, places, reach[-1]))
    reach.reverse()
    if not reach[0] >> len(segments):
        return None
    return _walk(chunks, segments, takes, reach[1:])


def _match_single(chunk: Chunk, segments: list[str]) -> list[str] | None:
    """Let one chunk take all the segments; the table would say the same, only later."""
    count = len(segments)
    if (not count and not chunk.modifier.skippable) or (count > 1 and not chunk.modifier.greedy):
        return None
    bare = chunk.literal is None and chunk.test is None
    if not bare and not all(map(chunk.accepts, segments)):
        return None
    return [] if chunk.name is None else ["/".join(segments)]


def _places(chunk: Chunk, segments: list[str]) -> int:
    """Find the places at which the chunk accepts the next segment."""
    if chunk.literal is None and chunk.test is None:
        return (2 << len(segments)) - 2
    digits = ["1" if chunk.accepts(segment) else "0" for segment in segments]
    return int("".join(digits) + "0", 2)


def _reach(chunk: Chunk, places: int, after: int) -> int:
    """Find the places from which the chunk can get to one of those in `after`."""
    taken = (after << 1) & places
    if chunk.modifier.greedy:
        # The sum carries from each place up through all the accepted ones that follow on.
        taken |= places & ~(places + taken)
    return taken | after if chunk.modifier.skippable else taken


def _walk(
    chunks: Sequence[Chunk], segments: list[str], takes: list[int], reach: list[int]
) -> list[str]:
    """Let each chunk take as much as it can, and return what the parameters captured."""
    values: list[str] = []
    left = total = len(segments)
    for chunk, places, after in zip(chunks, takes, reach, strict=True):
        if chunk.modifier.greedy:
            # The highest place that is not accepted ends the run of accepted ones.
            lowest = (~places & ((2 << left) - 1)).bit_length() - 1
        else:
            lowest = left - ((places >> left) & 1)
        options = after >> lowest
        remaining = lowest + (options & -options).bit_length() - 1
        if chunk.name is not None:
            values.append("/".join(segments[total - left : total - remaining]))
        left = remaining
    return values
