"""The route table: the routes of a router and of all routers mounted on it, ready to be walked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from aros_core.patterns import Pattern, join_paths
from aros_core.routing.index import RouteIndex
from aros_core.routing.route import Route
from aros_core.routing.tree import Mount
from aros_core.steps import Link, Step, chain_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aros_core.handlers import Call
    from aros_core.routing.tree import RouterNode

Select: TypeAlias = Callable[[Sequence[Link], str | None], tuple[Link, ...]]
"""Picks from the links of a path, in order, those that are walked for a method."""

_MOST_CHAINS = 16
"""How many chains of one path are kept. Past it they are found anew: clients may make up methods,
and paths that fit constraints oddly, but cannot keep the usual ones out."""


class PlacedRoute(Struct):
    """A route with what its place in the tree of routers adds to it."""

    route: Route
    pattern: Pattern | None
    method: str | None
    wraps: tuple[tuple[Any, Call], ...]

    def links(self) -> Iterator[Link]:
        """Yield the links of the route: each handler behind the wraps that are around it.

        Raises `TypeError` when the route was left without a handler.
        """
        if not self.route.handlers:
            raise TypeError(
                f"the route {self.pattern or 'of use()'} has no handler; decorate a function with "
                "its registration or pass one to it"
            )
        for handler, call in self.route.handlers:
            for wrap, wrap_call in self.wraps:
                yield self._link(wrap, wrap_call, wrapped=handler)
            yield self._link(handler, call)

    def _link(self, handler: Any, call: Call, wrapped: Any = None) -> Link:
        return Link(
            handler,
            call,
            pattern=self.pattern,
            method=self.method,
            middleware=self.route.middleware,
            wrapped=wrapped,
        )


class RouteTable:
    """Every link of a router in order, with the index that finds those of a path."""

    def __init__(self, router: RouterNode, select: Select) -> None:
        """Build the table; `select` picks from the links of a path those for a method.

        Raises `TypeError` when a route was left without a handler.
        """
        links = [link for placed in place(router) for link in placed.links()]
        for order, link in enumerate(links):
            link.order = order
        self._index = RouteIndex(links)
        self._literal_paths = self._index.literal_paths
        self._select = select

    def find(self, path: str, method: str | None = None) -> Step:
        """Return the chain to walk for a path and a method."""
        state = self._literal_paths.get(path) or self._index.find(path)
        chains = state.chains
        chain = chains.get(method) or self._gather(chains, state.links, method)
        return chain.find(path) if chain.__class__ is _Constrained else chain

    def _gather(
        self, chains: dict[str | None, Any], links: Sequence[Link], method: str | None
    ) -> Any:
        selected = self._select(links, method)
        is_constrained = any(link.is_constrained for link in selected)
        chain = _Constrained(selected) if is_constrained else chain_of(selected)
        if len(chains) >= _MOST_CHAINS:
            chains.clear()
        chains[method] = chain
        return chain

    def routes_at(self, path: str) -> list[Link]:
        """Return the links that are not middleware and match the path, whatever their method."""
        state = self._literal_paths.get(path) or self._index.find(path)
        return [
            link
            for link in state.links
            if not link.middleware and link.match is not None and link.match(path) is not None
        ]


class _Constrained:
    """The links of one kind of paths, of which constraints leave some out."""

    def __init__(self, links: Sequence[Link]) -> None:
        self._links = links
        self._tests = [link.match for link in links if link.match and link.is_constrained]
        self._chains: dict[tuple[bool, ...], Step] = {}

    def find(self, path: str) -> Step:
        """Return the chain of the links whose constraints fit a path."""
        fits = tuple([test(path) is not None for test in self._tests])
        chain = self._chains.get(fits)
        if chain is None:
            fit = iter(fits)
            chain = chain_of([x for x in self._links if not x.is_constrained or next(fit)])
            if len(self._chains) >= _MOST_CHAINS:
                self._chains.clear()
            self._chains[fits] = chain
        return chain


def place(
    router: RouterNode,
    prefix: str = "",
    method: str | None = None,
    wraps: tuple[tuple[Any, Call], ...] = (),
) -> Iterator[PlacedRoute]:
    """Yield the routes of a router and of those mounted on it, in the order they are walked."""
    for entry in router.entries:
        if not isinstance(entry, Route | Mount):
            continue
        if method is not None and entry.method not in (None, method):
            continue
        narrowed = entry.method or method
        around = (*wraps, *entry.wraps)
        if isinstance(entry, Route):
            yield PlacedRoute(entry, _placed_pattern(entry, prefix), narrowed, around)
        else:
            inner = prefix if entry.prefix is None else join_paths(prefix, str(entry.prefix))
            yield from place(entry.router, inner, narrowed, around)


def _placed_pattern(route: Route, prefix: str) -> Pattern | None:
    if not prefix:
        return route.pattern
    if route.pattern is None:
        return Pattern(join_paths(prefix, "/**"))
    return Pattern(join_paths(prefix, str(route.pattern)))
