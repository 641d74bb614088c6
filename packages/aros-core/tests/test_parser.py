"""Tests of reading patterns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from aros_core.patterns import (
    Chunk,
    Literal,
    Modifier,
    Parameter,
    PatternError,
    Wildcard,
)
from aros_core.patterns.parser import parse

from .pattern_cases import INVALID, MATCHES, InvalidCase


def untested(chunk: Chunk) -> Chunk:
    """Return a chunk without the test of its constraint, as the expected ones are written."""
    return chunk if isinstance(chunk, Literal) else structs.replace(chunk, test=None)


@pytest.mark.parametrize(
    ("text", "chunks"),
    [
        ("/", ()),
        ("//", ()),
        ("/users", (Literal("users", "users"),)),
        ("/users/", (Literal("users", "users"),)),
        ("//a//b", (Literal("a", "a"), Literal("b", "b"))),
        ("/a?", (Literal("a?", "a", Modifier.OPTIONAL),)),
        ("/c++", (Literal("c++", "c+", Modifier.PLUS),)),
        ("/a*b", (Literal("a*b", "a*b"),)),
        (r"/a\*", (Literal(r"a\*", "a*"),)),
        (r"/\:b*", (Literal(r"\:b*", ":b", Modifier.STAR),)),
        ("/a\\\\?", (Literal("a\\\\?", "a\\", Modifier.OPTIONAL),)),
        ("/a\nb+", (Literal("a\nb+", "a\nb", Modifier.PLUS),)),
        ("/*", (Wildcard("*"),)),
        ("/*?", (Wildcard("*?", None, Modifier.OPTIONAL),)),
        ("/**", (Wildcard("**", None, Modifier.STAR),)),
        ("/*+", (Wildcard("*+", None, Modifier.PLUS),)),
        ("/(d|e)+", (Wildcard("(d|e)+", "d|e", Modifier.PLUS),)),
        ("/*(d|e)", (Wildcard("*(d|e)", "d|e"),)),
        ("/:id", (Parameter(":id", "id"),)),
        ("/:名前?", (Parameter(":名前?", "名前", None, Modifier.OPTIONAL),)),
        (r"/:id(\d+)*", (Parameter(r":id(\d+)*", "id", r"\d+", Modifier.STAR),)),
        (r"/:x(a/\)[)]())/y", (Parameter(r":x(a/\)[)]())", "x", r"a/\)[)]()"), Literal("y", "y"))),
    ],
)
def test_parse(text: str, chunks: tuple[Chunk, ...]) -> None:
    """A pattern is read into the chunks that it says; what tests a constraint comes with it."""
    read = parse(text)
    assert tuple(map(untested, read)) == chunks
    assert [chunk.test is None for chunk in read] == [chunk.constraint is None for chunk in read]


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case.text)
def test_invalid_pattern(case: InvalidCase) -> None:
    """What is not a pattern is refused, with the place and what was expected there."""
    with pytest.raises(PatternError) as caught:
        parse(case.text)
    assert (caught.value.position, caught.value.expected) == (case.position, case.expected)
    assert caught.value.pattern == case.text


def test_chunks_keep_their_text() -> None:
    """The texts of the chunks, joined, are the pattern but for slashes that mean nothing."""
    for case in MATCHES:
        joined = "/" + "/".join(chunk.text for chunk in parse(case.pattern))
        assert joined == ("/" + case.pattern.strip("/"))


def test_equal_literals_are_shared() -> None:
    """Routes that begin with the same literals do not keep copies of them."""
    assert parse("/api/users")[0] is parse("/api/posts")[0]


@given(st.text(alphabet=st.sampled_from("/:*?+()[]{}|\\^$.,-&aA1é\n "), max_size=30))
def test_any_text_parses_or_is_refused(text: str) -> None:
    """Whatever the text, the only error is PatternError, and chunks and errors lie in the text."""
    try:
        chunks = parse("/" + text)
    except PatternError as error:
        place = error.position
    else:
        place = sum(len(chunk.text) for chunk in chunks)
    assert place is not None
    assert 0 <= place <= len(text) + 1
