"""Tests of the error that patterns raise."""

from __future__ import annotations

import copy
import pickle

from aros_core.errors import ArosError
from aros_core.patterns import PatternError


def test_message_points_at_the_place() -> None:
    """The message shows the pattern, a caret under the place, and what was expected."""
    error = PatternError("/users/:", 8, "a name")
    assert str(error) == (
        "invalid pattern '/users/:': expected a name\n"  #
        "    /users/:\n"
        "            ^"
    )


def test_message_without_a_place() -> None:
    """An error about the whole pattern is one line."""
    error = PatternError("/a", None, "no slash", "cannot mount")
    assert str(error) == "cannot mount '/a': expected no slash"


def test_caret_under_text_with_control_characters() -> None:
    """Control characters are shown as escapes, and the caret moves along."""
    lines = str(PatternError("/\n\udc80(", 3, "less")).splitlines()
    assert lines[1:] == [r"    /\n\udc80(", "             ^"]


def test_is_a_value_error_and_one_of_ours() -> None:
    """It is caught as a ValueError and with all the other errors of the packages."""
    assert issubclass(PatternError, ValueError)
    assert issubclass(PatternError, ArosError)


def test_survives_copying_and_pickling() -> None:
    """Copies say the same, as when an error crosses a process."""
    error = PatternError("/:", 2, "a name")
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert str(other) == str(error)
        assert (other.pattern, other.position, other.expected) == ("/:", 2, "a name")
