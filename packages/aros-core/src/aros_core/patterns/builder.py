"""Builds paths from chunks and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from aros_core.patterns.errors import PatternError
from aros_core.patterns.matcher import divide, match
from aros_core.patterns.tokens import Modifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aros_core.patterns.tokens import Chunk

Value: TypeAlias = str | int | None
"""What fills a chunk: text or a number. `None` and `""` count as missing."""


def build(
    text: str, chunks: tuple[Chunk, ...], params: Mapping[str, Value], wildcards: Iterable[Value]
) -> str:
    """Build a path of the pattern with this text and these chunks; see `Pattern.path`."""
    if isinstance(wildcards, str):
        raise TypeError(f"wildcards are a sequence of values, got the string {wildcards!r}")
    supply = iter(wildcards)
    parts: list[str] = []
    captured: list[tuple[int, str]] = []
    exact = True
    for index, chunk in enumerate(chunks):
        value = _value_of(chunk, params, supply)
        objection = _objection(chunk, value)
        if objection:
            raise _error(text, chunks, index, objection)
        if not value:
            continue
        parts.append(value)
        if chunk.name is not None:
            captured.append((index, value))
        elif "/" in value or (chunk.literal is not None and chunk.modifier is not Modifier.ONE):
            exact = False
    path = "/" + "/".join(parts)
    if exact:
        _check_captures(text, chunks, path, captured)
    return path


def _value_of(chunk: Chunk, params: Mapping[str, Value], supply: Iterator[Value]) -> str:
    if chunk.literal is not None:
        return chunk.literal
    value = next(supply, None) if chunk.name is None else _look_up(params, chunk.name)
    return "" if value is None else str(value)


def _look_up(params: Mapping[str, Value], name: str) -> Value:
    if name in params:
        return params[name]
    folded = name.casefold()
    return next((value for key, value in params.items() if key.casefold() == folded), None)


def _objection(chunk: Chunk, value: str) -> str | None:
    """Say what the chunk needs instead of this value, if it cannot take it."""
    subject = "another wildcard" if chunk.name is None else f"a value for {chunk.name!r}"
    if not value:
        return None if chunk.modifier.skippable else subject
    segments = value.split("/")
    if len(segments) > 1:
        if chunk.name is None:
            return None
        if not chunk.modifier.greedy:
            return f"{subject} without '/', got {value!r}"
        if "" in segments:
            return f"{subject} without empty segments, got {value!r}"
    if not all(map(chunk.accepts, segments)):
        return f"{subject} that {chunk.constraint} matches, got {value!r}"
    return None


def _check_captures(
    text: str, chunks: tuple[Chunk, ...], path: str, captured: list[tuple[int, str]]
) -> None:
    """Make sure that a match finds the same values again, whole and in the same order.

    Where optional parameters were left out, they may be the ones that find them: the path of
    `/:a?/:b?` with only `b` is the one with only `a`.
    """
    found = iter([value for value in match(*divide(chunks), path) or () if value])
    for index, value in captured:
        if next(found, None) != value:
            expected = f"a value for {chunks[index].name!r} that its neighbours leave alone"
            raise _error(text, chunks, index, f"{expected}; {path!r} would be read otherwise")


def _error(text: str, chunks: tuple[Chunk, ...], index: int, expected: str) -> PatternError:
    position = 0
    for chunk in chunks[:index]:
        position = text.index(chunk.text, position) + len(chunk.text)
    position = text.index(chunks[index].text, position)
    return PatternError(text, position, expected, "cannot build a path from")
