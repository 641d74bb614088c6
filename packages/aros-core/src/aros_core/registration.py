"""One registration call: handlers of every kind sorted into a router's entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from aros_core.codecs import PayloadCodec
from aros_core.handlers import as_call, describe
from aros_core.patterns import Pattern
from aros_core.routing import CodecEntry, Mount, Route, RouterNode
from aros_core.routing.mounting import attach, check_names, covering, mount_prefix

if TYPE_CHECKING:
    from collections.abc import Mapping

H = TypeVar("H")


class Registration:
    """The handlers of one call; as a decorator it appends one more to the same route."""

    def __init__(
        self,
        router: RouterNode,
        path: str | None,
        method: str | None,
        *,
        middleware: bool,
        public: bool,
        metadata: Mapping[str, Any] | None,
    ) -> None:
        self._router = router
        self._path = path
        self._pattern = _pattern_of(path, middleware=middleware)
        self._method = method
        self._middleware = middleware
        self._public = public
        self._metadata = metadata
        self._route: Route | None = None
        check_names(router, self._pattern)

    def __call__(self, handler: H) -> H:
        """Append a handler to the route and return it unchanged."""
        self.add(handler)
        return handler

    def add(self, handler: Any) -> None:
        """Register one handler: mount a router, keep a codec, append anything else."""
        if isinstance(handler, RouterNode):
            self._mount(handler)
        elif isinstance(handler, PayloadCodec):
            self._add_codec(handler)
        elif not self._router.adopt(handler):
            call = as_call(handler)
            self.open_route().handlers.append((handler, call))
        self._router.changed()

    def open_route(self) -> Route:
        """Return the route that takes further handlers, made when there is none."""
        if self._route is None:
            self._route = Route(
                self._pattern,
                self._method,
                self._middleware,
                self._router.wraps,
                self._public,
                self._metadata,
            )
            self._router.entries.append(self._route)
        return self._route

    def _mount(self, router: RouterNode) -> None:
        if router.protocol != self._router.protocol:
            raise TypeError(
                f"a router for {router.protocol} cannot be mounted on one for "
                f"{self._router.protocol}; pass its middleware() instead"
            )
        prefix = mount_prefix(self._path)
        attach(self._router, router, prefix)
        self._router.entries.append(Mount(prefix, self._method, self._router.wraps, router))
        self._route = None

    def _add_codec(self, codec: PayloadCodec) -> None:
        if self._path is not None:
            raise ValueError(
                f"{describe(codec)} belongs to the whole router, not to {self._path!r}; register "
                "it with use() without a path"
            )
        self._router.entries.append(CodecEntry(codec))


def _pattern_of(path: str | None, *, middleware: bool) -> Pattern | None:
    if path is not None:
        return covering(path) if middleware else Pattern(path)
    if not middleware:
        raise TypeError("a route has a path that begins with '/'; only use() goes without one")
    return None
