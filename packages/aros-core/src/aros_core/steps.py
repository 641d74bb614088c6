"""What a walk goes through: links, and the steps that put links into one chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aros_core.patterns import Params

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from aros_core.handlers import Call
    from aros_core.patterns import Pattern

_NO_PARAMS: Final = Params()


def _nothing(_: str) -> Params:
    return _NO_PARAMS


class Link:
    """One handler of one route, as the walk sees it; made once for each router."""

    __slots__ = (
        "call",
        "capture",
        "handler",
        "is_constrained",
        "is_route",
        "match",
        "method",
        "middleware",
        "order",
        "pattern",
        "text",
        "wrapped",
    )

    def __init__(
        self,
        handler: Any,
        call: Call,
        *,
        pattern: Pattern | None = None,
        method: str | None = None,
        middleware: bool = False,
        wrapped: Any = None,
    ) -> None:
        self.handler = handler
        self.call = call
        self.pattern = pattern
        self.text = "" if pattern is None else str(pattern)
        self.method = method
        self.middleware = middleware
        self.wrapped = wrapped
        self.is_route = not middleware and wrapped is None
        self.order = 0
        self.is_constrained = pattern is not None and any(c.constraint for c in pattern.chunks)
        """Whether `match` has the last word on a path that fits the pattern otherwise."""
        self.match = pattern and (pattern.match_prefix if middleware else pattern.match)
        self.capture = self._choose_capture(pattern)
        """Returns what the pattern captures in a path that it matches."""

    def _choose_capture(self, pattern: Pattern | None) -> Callable[[str], Params]:
        if pattern is None or not pattern.names:
            return _nothing
        return pattern.capture if pattern.has_places else self._capture_by_match

    def _capture_by_match(self, path: str) -> Params:
        return (self.match and self.match(path)) or _NO_PARAMS


class Step:
    """A link with its place in a chain: the links of a chain, each with those after it."""

    __slots__ = ("after", "call", "capture", "is_halt", "link")

    link: Link
    after: Step

    def __init__(self, link: Link, after: Step) -> None:
        self.link = link
        self.after = after
        self.call = link.call
        self.capture = link.capture
        self.is_halt = False

    def __iter__(self) -> Iterator[Link]:
        """Yield the links from this step on."""
        step = self
        while not step.is_halt:
            yield step.link
            step = step.after


class _Halt(Step):
    """Where no handler is: the end of a chain, or the place of who may not walk on."""

    def __init__(self) -> None:
        self.after = self
        self.capture = _nothing
        self.is_halt = True


END: Final[Step] = _Halt()
"""Behind the last step of every chain."""

SPENT: Final[Step] = _Halt()
"""The place of a handler that has called `next()`, and of a chain that does not run."""

STREAMING: Final[Step] = _Halt()
"""The place of a handler that streams its answer."""


def chain_of(links: Iterable[Link], end: Step = END) -> Step:
    """Return the first step of a chain of links, the last of which leads to `end`."""
    step = end
    for link in reversed(tuple(links)):
        step = Step(link, step)
    return step
