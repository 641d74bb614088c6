"""Tests of building paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aros_core.patterns import Chunk, Modifier, PatternError
from aros_core.patterns.builder import build
from aros_core.patterns.matcher import divide, match
from aros_core.patterns.parser import parse

from .pattern_cases import BUILDS, MATCHES, REFUSED, BuildCase, RefusedCase
from .pattern_strategies import SEGMENTS, matches, patterns


def names_of(text: str) -> list[str]:
    """List the names of a pattern's parameters."""
    return [chunk.name for chunk in parse(text) if chunk.name is not None]


def adds_to_the_path(chunk: Chunk) -> bool:
    """Tell whether the path gets something that the parameters say nothing about."""
    return chunk.name is None and (chunk.literal is None or chunk.modifier is not Modifier.ONE)


@pytest.mark.parametrize("case", BUILDS, ids=lambda case: f"{case.pattern} {case.path}")
def test_build(case: BuildCase) -> None:
    """A path is built from the values, and the pattern matches it."""
    chunks = parse(case.pattern)
    assert build(case.pattern, chunks, case.params, case.wildcards) == case.path
    if not any("/" in str(value) for value in case.wildcards):
        assert match(*divide(chunks), case.path) is not None


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case.pattern} {case.expected}")
def test_refused_values(case: RefusedCase) -> None:
    """Values that are missing, or that a match would not find again, are refused."""
    with pytest.raises(PatternError) as caught:
        build(case.pattern, parse(case.pattern), case.params, case.wildcards)
    assert caught.value.expected == case.expected


def test_error_points_at_the_chunk() -> None:
    """The error shows the pattern, and the chunk that has no value."""
    text = r"//ab//a/:a(\d+)/b"
    with pytest.raises(PatternError) as caught:
        build(text, parse(text), {"a": "x"}, ())
    assert str(caught.value) == (
        "cannot build a path from '//ab//a/:a(\\\\d+)/b': expected a value for 'a' that \\d+ "
        "matches, got 'x'\n"
        "    //ab//a/:a(\\d+)/b\n"
        "            ^"
    )


def test_one_string_is_no_sequence_of_wildcards() -> None:
    """A string given for the wildcards is refused, its characters are not the values."""
    with pytest.raises(TypeError, match="got the string 'abc'"):
        build("/*", parse("/*"), {}, "abc")


def test_what_was_captured_builds_the_path_again() -> None:
    """The parameters of a match make a path with the same parameters."""
    for case in MATCHES:
        chunks = parse(case.pattern)
        if case.params is not None and not any(map(adds_to_the_path, chunks)):
            path = build(case.pattern, chunks, case.params, ())
            assert match(*divide(chunks), path) == list(case.params.values())


@given(matches(named_only=True))
def test_builds_from_what_was_captured(case: tuple[str, str]) -> None:
    """What a match captures can always be built, and the same pattern matches it."""
    text, path = case
    chunks = parse(text)
    captured = match(*divide(chunks), path)
    assert captured is not None
    built = build(text, chunks, dict(zip(names_of(text), captured, strict=True)), ())
    again = match(*divide(chunks), built)
    assert again is not None
    if all(chunk.literal is None or chunk.modifier is Modifier.ONE for chunk in chunks):
        assert again == captured


@given(patterns(), st.lists(st.lists(SEGMENTS, min_size=1, max_size=2).map("/".join)), st.data())
def test_what_is_built_is_read_back(text: str, values: list[str], data: st.DataObject) -> None:
    """Whatever the values, a path that is built matches, and all given names come back."""
    chunks = parse(text)
    params = dict(zip(names_of(text), values, strict=False))
    wildcards = data.draw(st.lists(SEGMENTS, max_size=5))
    try:
        path = build(text, chunks, params, wildcards)
    except PatternError:
        return
    captured = match(*divide(chunks), path)
    assert captured is not None
    blurred = any(chunk.literal and chunk.modifier is not Modifier.ONE for chunk in chunks)
    if not blurred and len(params) == len(captured):
        assert captured == list(params.values())
