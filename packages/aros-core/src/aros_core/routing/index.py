"""The route index: which routes match a path, in a time that does not grow with their number.

All patterns together form one graph. A *node* stands for "so much of these patterns is matched";
its edges are the segments that lead on. The index walks all of them at once, segment by segment:
the set of nodes it is at is a *state*. States are remembered with where each segment leads, so a
path that is like an earlier one costs one look-up in a `dict` per segment.

Constraints are taken as "any segment" here; the route has the last word on those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aros_core.patterns import Modifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aros_core.chain import Link
    from aros_core.patterns import Chunk

_SPARE_STATES = 1024


class _Node:
    """A place in the graph of patterns."""

    __slots__ = ("accepts", "any", "covers", "forks", "literals", "loop")

    def __init__(self, loop: str | None = None) -> None:
        self.literals: dict[str, _Node] = {}
        self.any: _Node | None = None
        self.forks: dict[tuple[str, str | None], _Node] = {}
        """Nodes that are reached without a segment, for optional and repeated chunks."""
        self.loop = loop
        """The literal that leads back here, `*` for any segment, `None` for none."""
        self.accepts: list[int] = []
        self.covers: list[int] = []

    def step(self, literal: str | None) -> _Node:
        """Return the node behind one segment, made when there is none."""
        if literal is not None:
            return self.literals.setdefault(literal, _Node())
        if self.any is None:
            self.any = _Node()
        return self.any

    def repeat(self, literal: str | None) -> _Node:
        """Return the node where any number of such segments may pass."""
        loop = "*" if literal is None else f"/{literal}"
        return self.forks.setdefault(("*", literal), _Node(loop))

    def optional(self, literal: str | None) -> _Node:
        """Return the node behind at most one such segment."""
        fork = self.forks.setdefault(("?", literal), _Node())
        return fork.forks.setdefault(("", None), fork.step(literal))

    def extend(self, chunk: Chunk) -> _Node:
        """Return the node behind a whole chunk of a pattern."""
        literal = chunk.literal
        match chunk.modifier:
            case Modifier.ONE:
                return self.step(literal)
            case Modifier.OPTIONAL:
                return self.optional(literal)
            case Modifier.STAR:
                return self.repeat(literal)
            case Modifier.PLUS:
                return self.step(literal).repeat(literal)


class State:
    """The nodes that a path has led to, and the routes that match it if it ends here."""

    __slots__ = ("_branches", "_covering", "_nodes", "chains", "links", "next", "other")

    def __init__(
        self, nodes: frozenset[_Node], covering: tuple[int, ...], links: Sequence[Link]
    ) -> None:
        self._nodes = nodes
        self._covering = covering
        self._branches = [node.literals for node in nodes if node.literals]
        self.next: dict[str, State] = {}
        self.other: State | None = None
        self.links = links
        """Links of all methods whose routes match a path that ends here, in order."""
        self.chains: dict[str | None, tuple[Link, ...]] = {}
        """What is walked for a method; filled by who knows methods."""

    @property
    def is_dead_end(self) -> bool:
        """Whether no further segment changes anything."""
        return not self._nodes

    def knows(self, segment: str) -> bool:
        """Tell whether a pattern has this segment as a literal here."""
        loop = f"/{segment}"
        return any(segment in literals for literals in self._branches) or any(
            node.loop == loop for node in self._nodes
        )

    def after(self, segment: str) -> tuple[frozenset[_Node], tuple[int, ...]]:
        """Return the nodes one segment on, and the middleware that covers all below."""
        if not segment:
            return frozenset(), self._covering
        reached: set[_Node] = set()
        loop = f"/{segment}"
        for node in self._nodes:
            literal = node.literals.get(segment)
            if literal is not None:
                reached.add(literal)
            if node.any is not None:
                reached.add(node.any)
            if node.loop in ("*", loop):
                reached.add(node)
        return _closure(reached), self._covering


class RouteIndex:
    """Finds the links whose routes match a path, in the order they were registered."""

    def __init__(self, links: Iterable[Link]) -> None:
        self._links = tuple(links)
        self._always = tuple(link.order for link in self._links if link.pattern is None)
        self._nodes = 0
        self._root = _Node()
        self._literal_paths: dict[str, State | None] = {}
        for link in self._links:
            if link.pattern is not None:
                self._insert(link)
        self._states: dict[tuple[frozenset[_Node], tuple[int, ...]], State] = {}
        self._limit = 4 * self._nodes + _SPARE_STATES
        self._start = self._state(_closure({self._root}), ())
        self._outside = self._make_state(frozenset(), ())

    def find(self, path: str) -> State:
        """Return the state in which a path ends. Time grows with its segments only."""
        known = self._literal_paths.get(path)
        if known is not None:
            return known
        if path and path[0] != "/":
            return self._outside
        state = self._start
        for segment in _segments(path):
            if state.is_dead_end:
                break
            state = state.next.get(segment) or self._follow(state, segment)
        if path in self._literal_paths:
            self._literal_paths[path] = state
        return state

    def _insert(self, link: Link) -> None:
        assert link.pattern is not None
        chunks = link.pattern.chunks[:-1] if link.middleware else link.pattern.chunks
        node = self._root
        for chunk in chunks:
            node = node.extend(chunk)
        self._nodes += 2 * len(chunks)
        (node.covers if link.middleware else node.accepts).append(link.order)
        if all(c.literal is not None and c.modifier is Modifier.ONE for c in link.pattern.chunks):
            self._literal_paths[link.pattern.path()] = None

    def _follow(self, state: State, segment: str) -> State:
        known = state.knows(segment)
        if not known and segment and state.other is not None:
            return state.other
        following = self._state(*state.after(segment))
        if len(self._states) < self._limit:
            if known:
                state.next[segment] = following
            elif segment:
                state.other = following
        return following

    def _state(self, nodes: frozenset[_Node], covering: tuple[int, ...]) -> State:
        covers = [order for node in nodes for order in node.covers]
        if covers:
            covering = tuple(sorted({*covering, *covers}))
        key = (nodes, covering)
        state = self._states.get(key)
        if state is None:
            state = self._make_state(nodes, covering)
            if len(self._states) < self._limit:
                self._states[key] = state
        return state

    def _make_state(self, nodes: frozenset[_Node], covering: tuple[int, ...]) -> State:
        orders = {*self._always, *covering}
        for node in nodes:
            orders.update(node.accepts)
        return State(nodes, covering, tuple(self._links[order] for order in sorted(orders)))


def _closure(nodes: set[_Node]) -> frozenset[_Node]:
    """Add the nodes that are reached from these without a segment."""
    waiting = list(nodes)
    while waiting:
        for fork in waiting.pop().forks.values():
            if fork not in nodes:
                nodes.add(fork)
                waiting.append(fork)
    return frozenset(nodes)


def _segments(path: str) -> list[str]:
    """Split a path into its segments; one slash at the end is no segment."""
    segments = path.split("/")
    if len(segments) > 1 and not segments[-1]:
        segments.pop()
    return segments[1:]
