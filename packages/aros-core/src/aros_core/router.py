"""The base of both routers: registration, mounting and what they tell about themselves."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, Union, cast, overload

from aros_core.codecs import PayloadCodec
from aros_core.embedding import Embedding
from aros_core.handlers import HandlerObject, Transformer, as_call
from aros_core.registration import Registration
from aros_core.routing import (
    CodecEntry,
    Mount,
    Route,
    RouteDescriptor,
    RouteInfo,
    RouterNode,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aros_core.asgi.lifespan import Lifespan
    from aros_core.routing.table import RouteTable
    from aros_core.steps import Link

C = TypeVar("C")
H = TypeVar("H")
K = TypeVar("K")

Metadata: TypeAlias = Mapping[str, Any]
AnyHandler: TypeAlias = Union[
    Callable[[C], object], HandlerObject[C], Transformer[C], "BaseRouter[Any]", PayloadCodec
]
"""What registration takes: see `aros_core.handlers` for the kinds."""


class BaseRouter(RouterNode, Generic[K]):
    """An ordered list of routes; `K` is the type of all kinds of handlers that it takes.

    Routes that match are walked in the order they were registered. Changes, those of mounted
    routers included, take effect at the next request or message.
    """

    def __init__(self, *, lifespan: Lifespan | None = None) -> None:
        """Make an empty router.

        `lifespan` is called with the router and returns an async context manager, entered when the
        server starts and left when it stops; the mapping it yields becomes `ctx.state`.
        """
        super().__init__()
        self.lifespan = lifespan

    @overload
    def use(self, path: str, /, *handlers: K, metadata: Metadata | None = None) -> Registration: ...
    @overload
    def use(self, *, metadata: Metadata | None = None) -> Registration: ...
    @overload
    def use(self, handler: H, /, *, metadata: Metadata | None = None) -> H: ...
    @overload
    def use(
        self,
        first: K,
        second: K,
        /,
        *handlers: K,
        metadata: Metadata | None = None,
    ) -> Registration: ...
    def use(self, *handlers: Any, metadata: Metadata | None = None) -> Any:
        """Register middleware: for everything, or for a path and all below it.

        The first argument may be a path. A handler may be a router, which is mounted under the
        path, or without a path a codec. Works as a decorator, bare or called.
        """
        path, handlers = _split_path(handlers)
        registration = self.register(path, None, handlers, middleware=True, metadata=metadata)
        return handlers[0] if path is None and len(handlers) == 1 else registration

    @overload
    def wrap(self) -> Callable[[H], H]: ...
    @overload
    def wrap(self, handler: H, /) -> H: ...
    @overload
    def wrap(self, first: K, second: K, /, *handlers: K) -> Callable[[H], H]: ...
    def wrap(self, *handlers: Any) -> Any:
        """Run handlers around each handler, middleware and transformer registered later.

        In a wrap, `ctx.next()` goes on to the next wrap or the handler, and `ctx.wrapped_handler`
        is that handler. Works as a decorator, bare or called.
        """
        self.wraps += tuple((handler, as_call(handler)) for handler in handlers)
        return handlers[0] if len(handlers) == 1 else self.wrap

    def route_descriptors(self) -> list[RouteDescriptor]:
        """Return the public routes with mount prefixes applied, the first of equals only."""
        from aros_core.routing.table import place

        descriptors: dict[tuple[str | None, str], RouteDescriptor] = {}
        for placed in place(self):
            if placed.route.public:
                pattern = str(placed.pattern)
                descriptors.setdefault(
                    (placed.method, pattern),
                    RouteDescriptor(placed.method, pattern, placed.route.metadata),
                )
        return list(descriptors.values())

    def lookup(self, handler: K) -> RouteInfo | None:
        """Return where a handler is registered first, through mounted routers; else `None`."""
        from aros_core.routing.table import place

        for placed in place(self):
            if placed.pattern is not None:
                for registered, _ in placed.route.handlers:
                    if registered == handler:
                        return RouteInfo(placed.pattern, placed.method)
        return None

    @cached_property
    def codecs(self) -> tuple[PayloadCodec, ...]:
        """The codecs of this router and of those mounted on it, in order."""
        return tuple(
            entry.codec
            for router in self.tree()
            for entry in router.entries
            if isinstance(entry, CodecEntry)
        )

    def tree(self) -> Iterator[BaseRouter[Any]]:
        """Yield this router and those mounted on it, each once, in the order of mounting."""
        return _unique(self, embedded=False)

    def family(self) -> Iterator[BaseRouter[Any]]:
        """Yield the routers of `tree()` and those of the sibling protocol that live in them."""
        return _unique(self, embedded=True)

    def register(
        self,
        path: str | None,
        method: str | None,
        handlers: Sequence[Any],
        *,
        middleware: bool = False,
        public: bool = False,
        metadata: Metadata | None = None,
    ) -> Registration:
        """Add handlers under a path and a method, `None` for any; the verbs are made of this.

        Handlers beside a router cover all below the path, as the router does. Where one of them is
        refused, none is registered.
        """
        registration = Registration(
            self,
            path,
            method,
            middleware=middleware or any(isinstance(item, BaseRouter) for item in handlers),
            public=public,
            metadata=metadata,
        )
        count = len(self.entries)
        try:
            for handler in handlers:
                registration.add(handler)
        except (TypeError, ValueError):
            del self.entries[count:]
            raise
        if not handlers:
            registration.open_route()
        return registration

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Mapping[str, Any]]:
        """Run the lifespans of this router, those mounted on it and those that live in it.

        For frameworks and servers that do not run them: enter it at the start, leave it at the
        stop. It yields the state that the lifespans made, merged.
        """
        from aros_core.asgi.lifespan import running

        async with running(self.family()) as state:
            yield state

    @asynccontextmanager
    async def own_lifespan(self) -> AsyncGenerator[Mapping[str, Any] | None]:
        """Run the lifespan of this router alone."""
        if self.lifespan is None:
            yield None
        else:
            async with self.lifespan(self) as state:
                yield state

    async def wind_up(self) -> None:
        """End what still runs when the server stops, before any lifespan is left."""

    def changed(self) -> None:
        """Have what was built from the entries built anew, in the parents as well."""
        self.__dict__.pop("table", None)
        self.__dict__.pop("codecs", None)
        super().changed()

    @cached_property
    def table(self) -> RouteTable:
        """The route table, built on first use after a change.

        Raises `TypeError` when a route was left without a handler.
        """
        from aros_core.routing.table import RouteTable

        return RouteTable(self, self.select)

    def select(self, links: Sequence[Link], method: str | None) -> tuple[Link, ...]:
        """Return the links of a path that are walked for a method."""
        return tuple(link for link in links if link.method in (None, method))


def _split_path(handlers: tuple[Any, ...]) -> tuple[str | None, tuple[Any, ...]]:
    if handlers and isinstance(handlers[0], str):
        return handlers[0], handlers[1:]
    return None, handlers


def _unique(router: BaseRouter[Any], *, embedded: bool) -> Iterator[BaseRouter[Any]]:
    seen: dict[RouterNode, None] = {}
    _collect(router, seen, embedded=embedded)
    return iter(cast("dict[BaseRouter[Any], None]", seen))


def _collect(router: RouterNode, seen: dict[RouterNode, None], *, embedded: bool) -> None:
    if router in seen:
        return
    seen[router] = None
    for entry in router.entries:
        if isinstance(entry, Mount):
            _collect(entry.router, seen, embedded=embedded)
        elif embedded and isinstance(entry, Route):
            for handler, _ in entry.handlers:
                if isinstance(handler, Embedding):
                    _collect(handler.router, seen, embedded=embedded)
