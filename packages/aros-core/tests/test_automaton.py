"""Tests of matching regular expressions in linear time."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aros_core.patterns.automaton import MOST_REMEMBERED, Automaton, Memo, Unsupported, tokenize


def automaton(expression: str, flags: int = re.ASCII) -> Automaton:
    """Build the automaton of an expression."""
    return Automaton(tokenize(expression), flags)


atoms = st.sampled_from(["a", "b", ".", r"\d", "[ab]", "[^a]", r"\.", "()", "(?:a|)"])
repeats = st.sampled_from(
    ["", "", "*", "+", "?", "*?", "{2}", "{0}", "{1,2}", "{,2}", "{2,}", "{,}"]
)


def _sequences(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(st.builds(str.__add__, items, repeats), max_size=3).map("".join)


def _groups(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(inner, min_size=1, max_size=3).map("|".join).map("({})".format)


# Two levels of groups and short segments, because re has to get to an end too.
flat = _sequences(atoms)
expressions = _sequences(st.one_of(atoms, _groups(_sequences(st.one_of(atoms, _groups(flat))))))
segments = st.text(alphabet="ab1.", min_size=1, max_size=4)


@given(expressions, segments)
@example("(a?){2,3}b", "b")
@example("(a*|b{2})+", "abba")
def test_agrees_with_re(expression: str, segment: str) -> None:
    """The automaton accepts what a full match by `re` accepts."""
    expected = re.fullmatch(expression, segment, re.ASCII) is not None
    assert automaton(expression).accepts(segment) == expected


@pytest.mark.parametrize(
    ("expression", "accepted", "refused"),
    [
        (r"\w+-\d+", "ab_1-23", "ab-é"),
        (r"[]a]+[^]b]+", "]axy", "]ab"),
        (r"[a\]]+[-z]+", "a]-z", "a]x"),
        (r"\x41+\u0042+\N{LATIN SMALL LETTER C}+\060+", "ABc0", "abc0"),
        (r"^(a+)(b+)$", "aabb", "aab\n"),
        (r"\A(a+)(b+)\Z", "ab", "a"),
        ("(?P<x>a+)(b+)", "aabb", "ba"),
        (r"a+{+}+", "aa{{}", "a"),
        (r"a{b}{2}c+", "a{b}}cc", "a{b}c"),
        (r".+\.(jpg|png)", "x.y.png", "x.gif"),
        (r"[a-z0-9]+(?:-[a-z0-9]+)*", "a-slug-of-5-words", "a--b"),
        (r"([01]?\d|2[0-3]):[0-5]\d", "23:59", "24:00"),
        (r"(\d{1,3}\.){3}\d{1,3}", "127.0.0.1", "127.0.1"),
    ],
)
def test_syntax(expression: str, accepted: str, refused: str) -> None:
    """Escapes, classes, anchors at the edges and all repeats mean what they mean in `re`."""
    built = automaton(expression)
    for segment in (accepted, refused):
        assert built.accepts(segment) == (re.fullmatch(expression, segment, re.ASCII) is not None)
    assert built.accepts(accepted)


def test_flags() -> None:
    """Flags at the start of the expression hold for all of it."""
    compiled = re.compile("(?is)a+.b+", re.ASCII)
    built = automaton(compiled.pattern, compiled.flags)
    assert built.accepts("aA\nBb")
    assert not automaton("a+.b+").accepts("aA\nBb")


@pytest.mark.parametrize(
    "expression",
    [
        "(?=a+)b+",
        "(?!a+)b+",
        "(?<=a)b+",
        r"(a+)\1",
        "(?P<n>a+)(?P=n)",
        "(a)?(?(1)b|c)",
        "(?i:a+)b+",
        "(?>a+)b+",
        "a++b+",
        "a{1,2}+b+",
        "a+^b+",
        "a+$b+",
        r"a+\bb+",
        "[a-z]{1,900}-[a-z]{1,900}",
        "((((((a{10}){10}){10}){10}){10}){10}){10}",
    ],
)
def test_unsupported(expression: str) -> None:
    """What is not regular, or becomes too large, is refused and never misread."""
    re.compile(expression)
    with pytest.raises(Unsupported):
        automaton(expression)


def test_remembers_no_more_than_a_limited_number_of_characters() -> None:
    """However many characters are asked about, the answers are right and memory is bounded."""
    codes = Memo(ord)
    for code in range(3 * MOST_REMEMBERED):
        assert codes[chr(code)] == code
        assert len(codes) <= MOST_REMEMBERED


@pytest.mark.parametrize(
    "expression",
    ["(a+)+b", "(a|aa)+b", "a*a*a*a*a*b", "(.*a){20}", "a?" * 30 + "a" * 30 + "b", r"(\w+\s?)*-"],
)
def test_no_expression_goes_back(expression: str) -> None:
    """Expressions that keep `re` busy for years are done in one pass."""
    assert not automaton(expression).accepts("a" * 20_000 + "!")
