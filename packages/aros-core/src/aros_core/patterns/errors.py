"""The error that patterns raise, with a caret under the place."""

from __future__ import annotations

from aros_core.errors import ArosError


class PatternError(ArosError, ValueError):
    """A pattern cannot be read, or a path cannot be built from it."""

    pattern: str
    """The text of the pattern."""
    position: int | None
    """Index of the offending character or chunk; `None` when the whole pattern is meant."""
    expected: str
    """What should have been there."""
    problem: str
    """What went wrong: the words that come before the pattern in the message."""

    def __init__(
        self, pattern: str, position: int | None, expected: str, problem: str = "invalid pattern"
    ) -> None:
        # The base class gets the arguments, and not the message, so that copying and pickling work.
        super().__init__(pattern, position, expected, problem)
        self.pattern = pattern
        self.position = position
        self.expected = expected
        self.problem = problem

    def __str__(self) -> str:
        message = f"{self.problem} {self.pattern!r}: expected {self.expected}"
        if self.position is None:
            return message
        indent = " " * (4 + len(_visible(self.pattern[: self.position])))
        return f"{message}\n    {_visible(self.pattern)}\n{indent}^"


def _visible(text: str) -> str:
    """Write control characters as escapes, so that the caret stands where it should."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
