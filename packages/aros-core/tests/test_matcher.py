"""Tests of matching paths with chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from aros_core.patterns import Chunk, Modifier, Wildcard
from aros_core.patterns.matcher import divide, match
from aros_core.patterns.parser import parse

from .pattern_cases import MATCHES, MatchCase
from .pattern_strategies import matches, odd_paths, paths, patterns

if TYPE_CHECKING:
    from collections.abc import Sequence


def match_slowly(
    chunks: Sequence[Chunk], segments: list[str], *, open_ended: bool
) -> list[str] | None:
    """Try all ways for the chunks to share the segments, the longest ones first."""
    if not chunks:
        return [] if open_ended or not segments else None
    chunk = chunks[0]
    most = len(segments) if chunk.modifier.greedy else min(1, len(segments))
    for count in range(most, -1 if chunk.modifier.skippable else 0, -1):
        if all(map(chunk.accepts, segments[:count])):
            captured = match_slowly(chunks[1:], segments[count:], open_ended=open_ended)
            if captured is not None:
                own = [] if chunk.name is None else ["/".join(segments[:count])]
                return own + captured
    return None


def reference(text: str, path: str, *, open_ended: bool = False) -> list[str] | None:
    """Say what a match has to find, by trying everything."""
    if path and not path.startswith("/"):
        return None
    segments = path.split("/")[1:]
    if segments and not segments[-1]:
        segments.pop()
    return match_slowly(parse(text), segments, open_ended=open_ended)


@pytest.mark.parametrize("case", MATCHES, ids=lambda case: f"{case.pattern} {case.path}")
def test_match(case: MatchCase) -> None:
    """A path matches, and the parameters capture, as the table of cases says."""
    captured = match(*divide(parse(case.pattern)), case.path)
    assert captured == (None if case.params is None else list(case.params.values()))


@given(patterns(), paths)
def test_agrees_with_the_reference(text: str, path: str) -> None:
    """On small inputs the table finds what trying everything finds."""
    assert match(*divide(parse(text)), path) == reference(text, path)


@given(matches())
def test_captures_what_the_reference_captures(case: tuple[str, str]) -> None:
    """A path made for the pattern matches, and is shared out as trying everything would."""
    text, path = case
    captured = match(*divide(parse(text)), path)
    assert captured is not None
    assert captured == reference(text, path)


@given(patterns(), odd_paths)
def test_agrees_with_the_reference_on_odd_paths(text: str, path: str) -> None:
    """Paths with empty segments, or without a slash at the start, are no exception."""
    assert match(*divide(parse(text)), path) == reference(text, path)


@given(patterns(), odd_paths)
def test_open_ended_agrees_with_the_reference(text: str, path: str) -> None:
    """An open end changes only what may follow, not what the chunks take."""
    found = match(*divide(parse(text)), path, open_ended=True)
    assert found == reference(text, path, open_ended=True)


def test_divide_keeps_whole_patterns_whole() -> None:
    """Without modifiers there is nothing to split off."""
    chunks = parse("/a/:b/*")
    assert divide(chunks) == (chunks, ())
    assert divide(parse("/a/:b?/c")) == (parse("/a"), parse("/:b?/c"))


def test_never_asks_about_a_segment_twice() -> None:
    """Each chunk looks at each segment once at most, whatever the path."""
    asked: list[str] = []

    def accept(segment: str) -> bool:
        asked.append(segment)
        return True

    chunks = [Wildcard("(x)*", "x", Modifier.STAR, accept) for _ in range(5)]
    chunks.append(Wildcard("(y)", "y", Modifier.ONE, lambda segment: segment == "y"))
    assert match((), chunks, "/a" * 200) is None
    assert len(asked) == 5 * 200


def test_long_paths() -> None:
    """A path of very many segments is matched like any other."""
    count = 200_000
    captured = match(*divide(parse("/:a*/x/:b+/:c?")), "/s" * count + "/x" + "/t" * count)
    assert captured == ["/".join("s" * count), "/".join("t" * count), ""]
