"""Random patterns, paths and values for the property tests of patterns."""

from __future__ import annotations

from hypothesis import strategies as st

from aros_core.patterns.parser import parse

MODIFIERS = st.sampled_from(["", "?", "*", "+"])
_SEGMENTS = ["a", "b", "ab", "1"]
SEGMENTS = st.sampled_from(_SEGMENTS)
"""Few, so that patterns and paths meet often."""
LITERALS = st.sampled_from(["a", "b"])
UNNAMED = st.sampled_from(["*", "(a|b)", r"*(\d)"])
CONSTRAINTS = st.sampled_from(["", "", "(a|b)", r"(\d)"])


@st.composite
def patterns(draw: st.DrawFn, *, named_only: bool = False) -> str:
    """Draw a pattern of up to five chunks; with `named_only`, of literals and parameters only."""
    chunks: list[str] = []
    for index in range(draw(st.integers(0, 5))):
        named = CONSTRAINTS.map(f":p{index}{{}}".format)
        body = draw(
            st.one_of(LITERALS, named) if named_only else st.one_of(LITERALS, UNNAMED, named)
        )
        chunks.append(body + draw(MODIFIERS))
    return "/" + "/".join(chunks)


@st.composite
def matches(draw: st.DrawFn, *, named_only: bool = False) -> tuple[str, str]:
    """Draw a pattern and a path that it matches, made chunk by chunk."""
    text = draw(patterns(named_only=named_only))
    segments: list[str] = []
    for chunk in parse(text):
        fitting = st.sampled_from([segment for segment in _SEGMENTS if chunk.accepts(segment)])
        least = 0 if chunk.modifier.skippable else 1
        most = 3 if chunk.modifier.greedy else 1
        segments += draw(st.lists(fitting, min_size=least, max_size=most))
    return text, _absolute(segments)


def _absolute(segments: list[str]) -> str:
    return "/" + "/".join(segments)


paths = st.builds(
    str.__add__,
    st.lists(SEGMENTS, min_size=1, max_size=7).map(_absolute),
    st.sampled_from(["", "/"]),
)
"""Paths without empty segments, with and without a slash at the end."""

odd_paths = st.builds(
    "".join, st.lists(st.sampled_from(["/", "/a", "/b", "/1", "//", "a", ""]), max_size=7)
)
"""Paths of which many have empty segments or do not begin with a slash."""
