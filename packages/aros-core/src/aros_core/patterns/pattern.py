"""The pattern of a route: matches paths and builds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from aros_core.patterns.builder import build
from aros_core.patterns.matcher import divide, match
from aros_core.patterns.params import Params
from aros_core.patterns.parser import parse
from aros_core.patterns.tokens import Modifier, Wildcard

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aros_core.patterns.builder import Value
    from aros_core.patterns.tokens import Chunk

_NO_PARAMS = Params()
_paired = Params.of


@final
class Pattern:
    r"""A path of chunks separated by `/`, such as `/users/:id(\d+)/**`.

    | chunk | matches |
    | --- | --- |
    | `abc` | exactly that segment |
    | `*` | any one segment |
    | `:name` | any one segment, captured under that name of letters, digits and `_` |
    | `:name(\d+)`, `*(d|e)`, `(d|e)` | one segment that the regular expression matches in full |
    | … `?` | at most one segment |
    | … `*` | any number of segments |
    | … `+` | at least one segment |

    `\` takes the special meaning from the next character. Case matters. Earlier chunks take as many
    segments as they can; no chunk takes an empty one. Constraints are Python regular expressions
    with ASCII classes. Those that only backtracking can match (two repeats together with looking
    around, back references, possessive repeats or atomic groups) match at most 255 characters.

    Patterns are immutable, and equal to patterns and strings of the same text. Raises
    `PatternError` for a text that is not a pattern.
    """

    __slots__ = ("_chunks", "_head", "_names", "_places", "_tail", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._chunks = parse(text)
        self._head, self._tail = divide(self._chunks)
        self._names = tuple([chunk.name for chunk in self._chunks if chunk.name is not None])
        places = tuple([place for place, chunk in enumerate(self._head, 1) if chunk.name])
        self._places = places if len(places) == len(self._names) else ()
        """Which segments of a path the parameters are, where that is the same for all paths."""

    @property
    def text(self) -> str:
        """The pattern as written."""
        return self._text

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """What the pattern consists of; empty chunks (`//`, a final `/`) are left out."""
        return self._chunks

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters, as written and in order."""
        return self._names

    def match(self, path: str) -> Params | None:
        """Match a whole path; `None` when it does not match.

        One `/` at the end of the path is ignored, and the empty path is `/`. An empty segment
        (`//`) matches no chunk. A greedy parameter captures its segments joined with `/`, a
        parameter that took nothing captures `""`. Takes time in proportion to the number of
        chunks times the number of segments.
        """
        return self._params(match(self._head, self._tail, path))

    def match_prefix(self, path: str) -> Params | None:
        """Match the beginning of a path, as middleware does, and accept whatever follows.

        The pattern stands for itself and all below it: `/admin` and `/admin/**` match
        `/admin`, `/admin/`, `/admin/users` and `/admin//users`, but not
        `/administrator`. As in `match`, earlier chunks take as much as they can.
        """
        tail = self._tail
        if tail and _is_globstar(tail[-1]):
            tail = tail[:-1]
        return self._params(match(self._head, tail, path, open_ended=True))

    @property
    def has_places(self) -> bool:
        """Whether each parameter is the same segment of all paths, so that `capture` works."""
        return len(self._places) == len(self._names)

    def capture(self, path: str) -> Params:
        """Return what `match` or `match_prefix` would of a path that is known to match.

        It is for patterns whose parameters have their places.
        """
        segments = path.split("/")
        places = self._places
        if len(places) == 1:
            return _paired(self._names, (segments[places[0]],))
        return _paired(self._names, tuple([segments[place] for place in places]))

    def path(
        self, params: Mapping[str, Value] | None = None, wildcards: Iterable[Value] = ()
    ) -> str:
        """Build a path that the pattern matches.

        `params` are the values of the parameters by name, ignoring case; a greedy parameter takes
        segments joined with `/`. `wildcards` are the values of wildcards and bare constraints, in
        order; one that holds several segments is taken as it is, whatever the chunk. What the
        pattern has no use for is ignored. Nothing is percent-encoded.

        `None` and `""` count as missing, and chunks that may take nothing are left out when their
        value is missing. Literals are always there, also those with a modifier.

        Raises `PatternError` for a missing value, for one that its chunk does not match, and for
        one that `match` would not find again because its neighbours take part of it. The last is
        not told where wildcards of several segments, or literals with a modifier, add to the path.
        """
        return build(self._text, self._chunks, {} if params is None else params, wildcards)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Pattern({self._text!r})"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Pattern):
            return self._text == other._text
        if isinstance(other, str):
            return self._text == other
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> tuple[type[Pattern], tuple[str]]:
        return Pattern, (self._text,)

    def _params(self, values: list[str] | None) -> Params | None:
        if values:
            return _paired(self._names, tuple(values))
        return None if values is None else _NO_PARAMS


def _is_globstar(chunk: Chunk) -> bool:
    bare = isinstance(chunk, Wildcard) and chunk.constraint is None
    return bare and chunk.modifier is Modifier.STAR
