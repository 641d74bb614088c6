"""Tests of the chunks of patterns."""

from __future__ import annotations

import pytest

from aros_core.patterns import Literal, Modifier, Parameter, Wildcard


def test_modifiers() -> None:
    """A modifier says whether its chunk may take nothing, and whether it may take many."""
    said = {modifier.value: (modifier.skippable, modifier.greedy) for modifier in Modifier}
    assert said == {
        "": (False, False),
        "?": (True, False),
        "*": (True, True),
        "+": (False, True),
    }


def test_literal_accepts_its_text() -> None:
    """A literal accepts exactly its text, escapes undone, and neither captures nor constrains."""
    chunk = Literal(r"\:a", ":a")
    assert chunk.accepts(":a")
    assert not chunk.accepts(r"\:a")
    assert (chunk.name, chunk.constraint, chunk.test) == (None, None, None)


@pytest.mark.parametrize("chunk", [Wildcard("*"), Parameter(":id", "id")])
def test_open_chunks_accept_any_segment(chunk: Wildcard | Parameter) -> None:
    """Wildcards and parameters accept every segment that is not empty."""
    assert chunk.accepts("anything")
    assert not chunk.accepts("")
    assert chunk.literal is None


@pytest.mark.parametrize(
    "chunk",
    [
        Wildcard("(x*)", "x*", test=lambda segment: not segment.strip("x")),
        Parameter(":a(x*)", "a", "x*", test=lambda segment: not segment.strip("x")),
    ],
)
def test_constrained_chunks_ask_their_test(chunk: Wildcard | Parameter) -> None:
    """A constraint decides, but never lets an empty segment pass."""
    assert chunk.accepts("xx")
    assert not chunk.accepts("xy")
    assert not chunk.accepts("")


def test_wildcards_have_no_name() -> None:
    """A wildcard captures nothing."""
    assert Wildcard("*").name is None


def test_chunks_are_immutable() -> None:
    """Chunks are shared between patterns, so nobody can change one."""
    with pytest.raises(AttributeError):
        setattr(Literal("a", "a"), "literal", "b")  # noqa: B010
