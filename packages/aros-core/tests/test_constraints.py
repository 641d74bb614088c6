"""Tests of compiling constraints."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aros_core.patterns.constraints import LONGEST_SEGMENT, ConstraintError, compile_constraint


@pytest.mark.parametrize(
    ("expression", "accepted", "refused"),
    [
        (r"\d+", "12", "1x"),
        ("a|b|cd", "cd", "c"),
        ("(jpg|png)", "png", "pn"),
        ("(?i)a+", "aA", "b"),
        ("(?!admin$)[a-z]+", "administrator", "admin"),
        (r"[a-z0-9]+(-[a-z0-9]+)*", "a-b", "a-"),
        (r"(\w+)-\1", "ab-ab", "ab-ac"),
        (r"(?P<a>\w)(?P<b>\d)(?P=a)", "x1x", "x1y"),
        (r"(?=.*\d)(?=.*[a-z])\w+", "a1", "aa"),
        (r"\w++-\d++", "a-1", "a-"),
        (r"(a|b)(?(1)c|d)", "ac", "ad"),
        ("(?x) a + # letters \n b +", "aab", "a b"),
        ("a(?#[)b", "ab", "a"),
        ("[a&&b]", "&", "c"),
        ("[a&&b]+-[a&&b]+", "a&-b", "c-a"),
        (r"\S+", "é", "a b"),
        (r"\w", "a", "é"),
    ],
)
def test_full_match(expression: str, accepted: str, refused: str) -> None:
    """A segment must match in full, in Python's syntax and with ASCII classes."""
    test = compile_constraint(expression)
    assert test(accepted)
    assert not test(refused)


@pytest.mark.parametrize(
    ("expression", "reason", "position"),
    [
        ("[", "unterminated character set", 0),
        ("a(?<n>b)", "unknown extension ?<n", 2),
        ("a{99999999999}", "the repetition number is too large", None),
        ("(?u)a", "ASCII and UNICODE flags are incompatible", None),
        ("[[a]", "Possible nested set at position 1", None),
        ("[a||b]", "Possible set union at position 2", None),
    ],
)
def test_refused_by_re(expression: str, reason: str, position: int | None) -> None:
    """What `re` refuses or warns about is refused, with its reason."""
    with pytest.raises(ConstraintError) as caught:
        compile_constraint(expression)
    assert (caught.value.reason, caught.value.position) == (reason, position)


def test_too_deep() -> None:
    """An expression that is nested too deeply for `re` is refused like any other bad one."""
    with pytest.raises(ConstraintError):
        compile_constraint("(" * 20_000 + "a" + ")" * 20_000)


@pytest.mark.parametrize(
    "expression",
    [
        "(?!x)(a+)+b",
        "(?=a)(a|aa){20}b",
        r"(a+)(a+)(a+)\1\2\3b",
        "(?!x)a*a*a*a*b",
        "(?=a)(?x:(a|aa) +)b",
    ],
)
def test_refused_for_taking_too_long(expression: str) -> None:
    """What is not regular and has much to try again could stop the server, and is refused."""
    with pytest.raises(ConstraintError, match="endless time"):
        compile_constraint(expression)


@pytest.mark.parametrize("expression", [r"(\w+)\1", "(?=a)a*b?a*", "b?+a*+"])
def test_long_segments_where_re_tries_again(expression: str) -> None:
    """What is not regular and has little to try again matches segments of a limited length."""
    test = compile_constraint(expression)
    even = LONGEST_SEGMENT // 2 * 2
    assert test("a" * even)
    assert not test("a" * (even + 2))


def test_unlimited_length_elsewhere() -> None:
    """Other constraints match segments of any length."""
    for expression in (r"\w+", r"\w+-\d+", "(a+)+(-1)?"):
        test = compile_constraint(expression)
        assert test("a" * 10_000 + ("-1" if "1" in expression or "d" in expression else ""))


def test_compiled_once() -> None:
    """Equal constraints share one test."""
    assert compile_constraint("(a|b)+") is compile_constraint("(a|b)+")


def test_warning_filters_are_left_alone() -> None:
    """Compiling does not change which warnings a program sees."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = list(warnings.filters)
        compile_constraint("x{3}y")
        assert list(warnings.filters) == before


@given(st.text(alphabet=st.sampled_from("ab()[]{}|*+?.^$\\-&1,:=!<>P#i x"), max_size=16))
def test_any_text_compiles_or_is_refused(expression: str) -> None:
    """Whatever the text, the only error is ConstraintError, and tests agree with `re`."""
    try:
        test = compile_constraint(expression)
    except ConstraintError:
        return
    for segment in ("a", "b", "ab", "aab", "(", "1", "\\"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = re.fullmatch(expression, segment, re.ASCII) is not None
        assert bool(test(segment)) == expected
