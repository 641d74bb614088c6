r"""Constraints: which segments a regular expression matches in full.

A constraint is a Python regular expression with ASCII classes. Python's `re` goes back and tries
again, for an expression like `(a+)+b` without end, so who calls could stop the server. Hence:

- an expression with at most one choice to try again (`\d+`, `png|jpg`) is left to `re`;
- any other that is regular runs on an automaton, which reads each character once;
- one that is not regular (looking around, back references, possessive repeats, atomic groups) and
  makes few choices is left to `re`, for segments of at most `LONGEST_SEGMENT` characters;
- the rest is refused.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from aros_core.patterns.automaton import Automaton, Unsupported, tokenize

if TYPE_CHECKING:
    from aros_core.patterns.tokens import Test

LONGEST_SEGMENT = 255
"""Longest segment, in characters, that an expression which `re` has to try again can match."""

_FEW_CHOICES = 3
_TOO_MANY_CHOICES = _FEW_CHOICES + 1
_REFUSED = (
    "this one could take endless time; together with looking around, back references, possessive "
    "repeats or atomic groups, use no repeated groups and fewer repeats"
)

_REPEAT = re.compile(r"[*+?].?|\{\d*,?\d*\}.?")
_EXACT_REPEAT = re.compile(r"\{\d+\}.?")
_REFERENCE = re.compile(r"\\[1-9]\d*|\(\?[P(]")


class ConstraintError(ValueError):
    """The expression of a constraint cannot be used; `position` is where, if that is known."""

    reason: str
    position: int | None

    def __init__(self, reason: str, position: int | None = None) -> None:
        super().__init__(reason, position)
        self.reason = reason
        self.position = position


@lru_cache(maxsize=1024)
def compile_constraint(expression: str) -> Test:
    """Make the test that a constraint stands for.

    Raises `ConstraintError` for an expression that `re` refuses or warns about, and for one that
    could take endless time.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # In a class, && has only ever meant the character; here it keeps doing so.
        warnings.filterwarnings("ignore", "Possible set intersection", FutureWarning)
        try:
            compiled = re.compile(expression, re.ASCII)
        except re.error as error:
            raise ConstraintError(error.msg, error.pos) from error
        except (ValueError, OverflowError, RecursionError, Warning) as error:
            raise ConstraintError(str(error)) from error
        return _choose(compiled)


def _choose(compiled: re.Pattern[str]) -> Test:
    tokens = tokenize(compiled.pattern)
    choices = _count_choices(tokens)
    if choices <= 1:
        return compiled.fullmatch
    try:
        return Automaton(tokens, compiled.flags).accepts
    except (Unsupported, RecursionError):
        if choices > _FEW_CHOICES:
            raise ConstraintError(_REFUSED) from None
        return partial(_match_short, compiled)


def _count_choices(tokens: list[str]) -> int:
    """Count what `re` may have to try again: repeats, groups of alternatives, references."""
    choices = 0
    groups: list[bool] = []
    previous = ""
    for token in tokens:
        if token == ")" and groups:
            choices += groups.pop()
        elif token == "|" and groups:
            groups[-1] = True
        elif token.startswith("(") and not token.endswith(")"):
            groups.append(False)
        elif _REPEAT.fullmatch(token):
            choices += not _EXACT_REPEAT.fullmatch(token)
            choices += _TOO_MANY_CHOICES if previous == ")" else 0
        choices += bool(_REFERENCE.fullmatch(token))
        # In verbose expressions space may stand before a repeat.
        previous = previous if token.isspace() else token
    return choices


def _match_short(compiled: re.Pattern[str], segment: str) -> bool:
    return len(segment) <= LONGEST_SEGMENT and compiled.fullmatch(segment) is not None
