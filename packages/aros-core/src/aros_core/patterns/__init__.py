"""Route patterns: text to chunks, and chunks to matches and paths."""

from __future__ import annotations

from aros_core.patterns.errors import PatternError
from aros_core.patterns.joining import join_paths
from aros_core.patterns.params import Params
from aros_core.patterns.pattern import Pattern
from aros_core.patterns.tokens import Chunk, Literal, Modifier, Parameter, Wildcard

__all__ = [
    "Chunk",
    "Literal",
    "Modifier",
    "Parameter",
    "Params",
    "Pattern",
    "PatternError",
    "Wildcard",
    "join_paths",
]
