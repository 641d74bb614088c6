"""Reads the text of a pattern into chunks."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from aros_core.patterns.errors import PatternError
from aros_core.patterns.tokens import Chunk, Literal, Modifier, Parameter, Wildcard

if TYPE_CHECKING:
    from aros_core.patterns.tokens import Test

_MODIFIERS = {modifier.value: modifier for modifier in Modifier}
_NAME = re.compile(r"\w+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PLAIN_LITERAL = re.compile(r"[^/\\()?*+]+(?=/|\Z)")
_LITERAL = re.compile(r"((?:\\[^/]|[^/\\()])*?)([?*+]?)(?=/|\Z)", re.DOTALL)
_LITERAL_TEXT = re.compile(r"(?:\\[^/]|[^/\\()])*", re.DOTALL)
# What matters on the way to the end of a constraint: escapes, classes and parentheses.
_MARK = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\\\]])*\]|[()]", re.DOTALL)


def parse(text: str) -> tuple[Chunk, ...]:
    """Read a pattern. Empty chunks (`//`, a final `/`) mean nothing and are left out.

    Raises `PatternError` when the text is not a pattern, `TypeError` for what is no text.
    """
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"a path is a str that begins with '/', not {text!r}")
    if not text.startswith("/"):
        raise PatternError(text, 0, "'/' at the start")
    chunks: list[Chunk] = []
    names: set[str] = set()
    position = 1
    end = len(text)
    while position < end:
        if text[position] == "/":
            position += 1
            continue
        read = _read_dynamic if text[position] in ":*(" else _read_literal
        chunk = read(text, position)
        if chunk.name is not None:
            _claim(chunk.name, names, text, position)
        chunks.append(chunk)
        position += len(chunk.text)
    return tuple(chunks)


def _claim(name: str, names: set[str], text: str, position: int) -> None:
    folded = name.casefold()
    if folded in names:
        raise PatternError(text, position, f"a name of its own, {name!r} is taken (ignoring case)")
    names.add(folded)


@lru_cache(maxsize=1024)
def _plain_literal(text: str) -> Literal:
    """Make a literal; the routes of an application have most of theirs in common."""
    return Literal(text, text)


def _read_literal(text: str, start: int) -> Literal:
    plain = _PLAIN_LITERAL.match(text, start)
    if plain is not None:
        return _plain_literal(plain[0])
    found = _LITERAL.match(text, start)
    if found is None:
        raise _literal_error(text, start)
    source, body, sign = found[0], found[1], found[2]
    if not source.strip("?*+"):
        raise PatternError(text, start, "text, '*' or ':name' before the modifier")
    literal = _ESCAPED.sub(r"\1", body) if "\\" in body else body
    return Literal(source, literal, _MODIFIERS[sign])


def _literal_error(text: str, start: int) -> PatternError:
    position = start + len(_LITERAL_TEXT.findall(text, start)[0])
    if text[position] == "\\":
        return PatternError(text, position, "a character other than '/' after the backslash")
    return PatternError(text, position, f"'\\{text[position]}' for a parenthesis in literal text")


def _read_dynamic(text: str, start: int) -> Wildcard | Parameter:
    name = constraint = test = None
    position = start
    if text[start] == ":":
        name = _read_name(text, start + 1)
        position += 1 + len(name)
    elif text[start] == "*":
        position += 1
    if text.startswith("(", position):
        constraint, test = _read_constraint(text, position)
        position += len(constraint) + 2
    modifier = Modifier.ONE
    if text.startswith(("?", "*", "+"), position):
        modifier = _MODIFIERS[text[position]]
        position += 1
    source = text[start:position]
    if not text.startswith("/", position) and position < len(text):
        raise PatternError(text, position, f"'/' or the end of the pattern after {source!r}")
    if name is None:
        return Wildcard(source, constraint, modifier, test)
    return Parameter(source, name, constraint, modifier, test)


def _read_name(text: str, start: int) -> str:
    found = _NAME.match(text, start)
    if found is None:
        raise PatternError(text, start, "a name of letters, digits and _ after ':'")
    return found[0]


def _read_constraint(text: str, start: int) -> tuple[str, Test]:
    expression = text[start + 1 : _closing_parenthesis(text, start)]
    if not expression:
        raise PatternError(text, start + 1, "a regular expression between the parentheses")
    from aros_core.patterns.constraints import ConstraintError, compile_constraint

    try:
        return expression, compile_constraint(expression)
    except ConstraintError as error:
        position = start + 1 + (error.position or 0)
        expected = f"a usable regular expression: {error.reason}"
        raise PatternError(text, position, expected) from error


def _closing_parenthesis(text: str, start: int) -> int:
    depth = 0
    for mark in _MARK.finditer(text, start):
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        if depth == 0:
            return mark.start()
    raise PatternError(text, start, "a closing parenthesis for this one")
