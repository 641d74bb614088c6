"""The route index: which routes match a path, in a time that does not grow with their number.

All patterns together form one graph of *nodes*. A node stands for "so much of these patterns is
matched"; its edges are the segments that lead on. The index walks all patterns at once, segment by
segment: the set of nodes it is at is a *state*. States are remembered with where each segment
leads, so a path that is like an earlier one costs one look-up in a `dict` per segment. What is
remembered is thrown away when it becomes too much, so memory is bounded whatever paths clients ask
for.

Constraints are taken as "any segment" here; the route table has the last word on those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aros_core.patterns import Modifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aros_core.patterns import Chunk
    from aros_core.steps import Link

_SPARE_STEPS = 1024
_NOT_YET: Sequence[Link] = []


class _Node:
    """A place in the graph of patterns."""

    __slots__ = ("accepts", "any", "covers", "forks", "literals")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.any: _Node | None = None
        self.forks: dict[tuple[str, str | None], _Node] = {}
        """Nodes that are reached without a segment, for optional and repeated chunks."""
        self.accepts: list[int] = []
        """The order of the links whose whole pattern is matched here."""
        self.covers: list[int] = []
        """The order of the middleware that runs here and for all below."""

    def extend(self, chunk: Chunk) -> _Node:
        """Return the node behind a whole chunk of a pattern, made when there is none."""
        literal, modifier = chunk.literal, chunk.modifier
        node = self if modifier.skippable else self._step(literal)
        if modifier is Modifier.ONE:
            return node
        fork = node._fork("*" if modifier.greedy else "?", literal)
        behind = fork._fork("", None)
        fork._lead(literal, fork if modifier.greedy else behind)
        return behind

    def _step(self, literal: str | None) -> _Node:
        known = self.any if literal is None else self.literals.get(literal)
        return known or self._lead(literal, _Node())

    def _lead(self, literal: str | None, node: _Node) -> _Node:
        """Have a segment, `None` for any, lead to a node."""
        if literal is None:
            self.any = node
        else:
            self.literals[literal] = node
        return node

    def _fork(self, kind: str, literal: str | None) -> _Node:
        return self.forks.setdefault((kind, literal), _Node())


class State:
    """The nodes that a path has led to, and the routes that match it if it ends here."""

    __slots__ = ("branches", "chains", "covering", "links", "next", "nodes", "other", "rest")

    def __init__(self, nodes: frozenset[_Node], covering: tuple[int, ...]) -> None:
        self.nodes = nodes
        """Without any, no further segment changes anything."""
        self.covering = covering
        """The order of the middleware that covers this and all below."""
        self.branches = [node.literals for node in nodes if node.literals]
        """The segments that patterns have as literals here, unless `next` has them all."""
        self.next: dict[str, State | None] = {"": None}
        """Where literals lead; `None` if that is not yet known."""
        self.rest: State | None = None
        """Where all other segments lead, once that is known."""
        self.other: State | None = None
        """The same, where `next` has all literals, so that what is not in it is none."""
        self.links = _NOT_YET
        """Links of all methods whose routes match a path that ends here, in order."""
        self.chains: dict[str | None, Any] = {}
        """What is walked for a method; filled by who knows methods."""


class RouteIndex:
    """Finds the links whose routes match a path, in the order they were registered."""

    def __init__(self, links: Iterable[Link], *, limit: int | None = None) -> None:
        """Make the graph of the links' patterns.

        `limit` is how many steps from state to state are remembered; by default it leaves room for
        every route several times over.
        """
        self._links = tuple(links)
        self._everywhere = tuple(link.order for link in self._links if link.pattern is None)
        self._root = _Node()
        self.literal_paths: dict[str, State | None] = {}
        """Where the paths end that are patterns by themselves; `None` if not yet known."""
        self._parents: dict[str, State | None] = {}
        """The same for what stands before the last segment in patterns where only that may vary."""
        chunks = sum(map(self._insert, self._links))
        self._limit = 8 * chunks + _SPARE_STEPS if limit is None else limit
        self._forget()

    @property
    def size(self) -> int:
        """How many states, steps between them and segments are remembered."""
        return len(self._states) + self._steps + self._keys

    def find(self, path: str) -> State:
        """Return the state in which a path ends. Time grows with its segments only."""
        parent, slash, last = path.rpartition("/")
        state = self._parents.get(parent)
        if state is None or not last or not slash:
            state = self._walk(path)
        else:
            state = state.next.get(last, state.other) or self._explore(state, last)
        if state.links is _NOT_YET:
            self._complete(state, path)
        return state

    def _walk(self, path: str) -> State:
        segments = path.split("/")
        if len(segments) > 1 and not segments[-1]:
            segments.pop()  # One slash at the end is no segment.
        state = self._outset
        for segment in segments:
            state = state.next.get(segment, state.other) or self._explore(state, segment)
        return state

    def _complete(self, state: State, path: str) -> None:
        """Find the links of a state, to which a path has led for the first time."""
        state.links = self._links_at(state)
        for literal_path in (path, path.removesuffix("/")):
            if literal_path in self.literal_paths:
                self.literal_paths[literal_path] = state
        parent, slash, _ = path.rpartition("/")
        if slash and parent in self._parents:
            self._parents[parent] = self._walk(parent)

    def _explore(self, state: State, segment: str) -> State:
        """Find where a segment leads, and remember it."""
        is_literal = segment in state.next or any(segment in keys for keys in state.branches)
        if not is_literal and state.rest is not None:
            return state.rest
        if self._steps >= self._limit:
            self._forget()
        self._steps += 1
        following = self._state(_after(state.nodes, segment), state.covering)
        if is_literal:
            state.next[segment] = following
        else:
            state.rest = following
            state.other = None if state.branches else following
        return following

    def _forget(self) -> None:
        """Begin anew, with nothing remembered."""
        self._steps = self._keys = 0
        self._states: dict[tuple[frozenset[_Node], tuple[int, ...]], State] = {}
        self.literal_paths.update(dict.fromkeys(self.literal_paths))
        self._parents.update(dict.fromkeys(self._parents))
        self._outset = State(frozenset(), ())
        self._outset.next[""] = self._state(_closure({self._root}), ())
        self._outset.other = self._state(frozenset(), ())

    def _state(self, nodes: frozenset[_Node], covering: tuple[int, ...]) -> State:
        covers = [order for node in nodes for order in node.covers]
        if covers:
            covering = tuple(sorted({*covering, *covers}))
        key = (nodes, covering)
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = State(nodes, covering)
            self._spell_out(state)
        return state

    def _spell_out(self, state: State) -> None:
        """Have a state list its literals, as long as all lists together are not too long.

        Those of few nodes are in many states where patterns begin with optional chunks.
        """
        count = sum(map(len, state.branches))
        if self._keys + count <= self._limit:
            self._keys += count
            for literals in state.branches:
                state.next.update(dict.fromkeys(literals))
            state.branches = []

    def _links_at(self, state: State) -> tuple[Link, ...]:
        orders = {*self._everywhere, *state.covering}
        for node in state.nodes:
            orders.update(node.accepts)
        return tuple([self._links[order] for order in sorted(orders)])

    def _insert(self, link: Link) -> int:
        """Add a link's pattern to the graph; return how many chunks that took."""
        if link.pattern is None:
            return 0
        chunks = link.pattern.chunks[:-1] if link.middleware else link.pattern.chunks
        node = self._root
        for chunk in chunks:
            node = node.extend(chunk)
        if link.middleware:
            node.covers.append(link.order)
        else:
            node.accepts.append(link.order)
            if all(map(_is_literal, chunks)):
                self.literal_paths[link.pattern.path()] = None
            elif chunks[-1].modifier is Modifier.ONE and all(map(_is_literal, chunks[:-1])):
                self._parents["".join([f"/{chunk.literal}" for chunk in chunks[:-1]])] = None
        return len(chunks)


def _is_literal(chunk: Chunk) -> bool:
    return chunk.literal is not None and chunk.modifier is Modifier.ONE


def _after(nodes: Iterable[_Node], segment: str) -> frozenset[_Node]:
    """Return the nodes that one segment leads to; an empty one leads nowhere."""
    reached: set[_Node] = set()
    if segment:
        for node in nodes:
            literal = node.literals.get(segment)
            if literal is not None:
                reached.add(literal)
            if node.any is not None:
                reached.add(node.any)
    return _closure(reached)


def _closure(nodes: set[_Node]) -> frozenset[_Node]:
    """Add the nodes that are reached from these without a segment."""
    waiting = list(nodes)
    while waiting:
        for fork in waiting.pop().forks.values():
            if fork not in nodes:
                nodes.add(fork)
                waiting.append(fork)
    return frozenset(nodes)
