"""Tests of matching regular expressions in linear time."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aros_core.patterns.automaton import Automaton, Unsupported, tokenize


def automaton(expression: str, flags: int = re.ASCII) -> Automaton:
    """Build the automaton of an expression."""
    return Automaton(tokenize(expression), flags)


LONGEST = 3
WORDS = [
    "".join(word) for n in range(1, LONGEST + 1) for word in itertools.product("ab1.", repeat=n)
]
ATOMS = {
    "a": {"a"},
    "b": {"b"},
    ".": {"a", "b", "1", "."},
    r"\d": {"1"},
    "[ab]": {"a", "b"},
    "[^a]": {"b", "1", "."},
    r"\.": {"."},
    "()": {""},
    "(?:a|)": {"a", ""},
}
REPEATS = {
    "": (1, 1),
    "*": (0, None),
    "+": (1, None),
    "?": (0, 1),
    "*?": (0, None),
    "{2}": (2, 2),
    "{0}": (0, 0),
    "{1,2}": (1, 2),
    "{,2}": (0, 2),
    "{2,}": (2, None),
    "{,}": (0, None),
}


def joined(left: set[str], right: set[str]) -> set[str]:
    """Join words of two languages, as long as they do not get too long."""
    return {a + b for a in left for b in right if len(a + b) <= LONGEST}


def repeated(words: set[str], least: int, most: int | None) -> set[str]:
    """Join words of a language with themselves so many times."""
    result = {""}
    for _ in range(least):
        result = joined(result, words)
    for _ in range(LONGEST if most is None else most - least):
        result |= joined(result, words)
    return result


@st.composite
def languages(draw: st.DrawFn, depth: int = 2) -> tuple[str, set[str]]:
    """Draw an expression and the short words that it matches, worked out by definition."""
    expression, words = "", {""}
    for _ in range(draw(st.integers(0, 2))):
        if depth and draw(st.booleans()):
            inner = draw(st.lists(languages(depth - 1), min_size=1, max_size=2))
            item = "(" + "|".join(text for text, _ in inner) + ")"
            item_words = set[str]().union(*(words for _, words in inner))
        else:
            item, item_words = draw(st.sampled_from(sorted(ATOMS.items())))
        repeat, (least, most) = draw(st.sampled_from(sorted(REPEATS.items())))
        expression += item + repeat
        words = joined(words, repeated(item_words, least, most))
    return expression, words


@given(languages())
@example(("(a?){2,3}b", {"b", "ab", "aab"}))
@example(("(a*|b{2})+", {"a", "aa", "aaa", "bb", "abb", "bba"}))
def test_accepts_the_words_of_the_expression(language: tuple[str, set[str]]) -> None:
    """An automaton accepts the words that the expression stands for, and no others."""
    expression, words = language
    built = automaton(expression)
    assert {word for word in WORDS if built.accepts(word)} == words - {""}


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


@pytest.mark.parametrize(
    "expression",
    ["(a+)+b", "(a|aa)+b", "a*a*a*a*a*b", "(.*a){20}", "a?" * 30 + "a" * 30 + "b", r"(\w+\s?)*-"],
)
def test_no_expression_goes_back(expression: str) -> None:
    """Expressions that keep `re` busy for years are done in one pass."""
    assert not automaton(expression).accepts("a" * 20_000 + "!")
