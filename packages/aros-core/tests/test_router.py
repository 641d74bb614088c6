"""The base of routers: middleware, mounting, wraps, and what they tell about their routes."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from aros_core import RouteDescriptor, middleware
from aros_core.registration import Registration

from .helpers import PlainContext, PlainRouter, ending, passing

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


# Middleware


async def test_use_as_a_decorator() -> None:
    """Bare, called, and with a path; the function is returned unchanged."""
    log: list[str] = []
    router = PlainRouter()

    @router.use
    async def bare(ctx: PlainContext) -> None:
        log.append("bare")
        await ctx.next()

    @router.use()
    async def called(ctx: PlainContext) -> None:
        log.append("called")
        await ctx.next()

    @router.use("/a", bare)
    async def with_path(ctx: PlainContext) -> None:
        log.append(ctx.pattern)
        await ctx.next()

    assert bare.__name__ == "bare"
    assert called.__name__ == "called"
    assert with_path.__name__ == "with_path"
    await router.ask("/a/b")
    assert log == ["bare", "called", "bare", "/a/**"]


async def test_use_takes_several_handlers() -> None:
    """With and without a path; the registration is a decorator for more."""
    log: list[str] = []
    router = PlainRouter()
    for registration in (
        router.use(passing(log, "a"), passing(log, "b")),
        router.use("/x", passing(log, "c"), passing(log, "d")),
    ):
        assert isinstance(registration, Registration)
    await router.ask("/y")
    await router.ask("/x")
    assert log == ["a", "b", "/b", "/a", "a", "b", "c", "d", "/d", "/c", "/b", "/a"]


# Mounting


async def test_changes_count_from_the_next_question_on() -> None:
    """Those of mounted routers too, however deep."""
    log: list[str] = []
    top, middle, bottom = PlainRouter(), PlainRouter(), PlainRouter()
    top.use("/a", middle)
    middle.use("/b", bottom)
    await top.ask("/a/b/c")
    bottom.bind("/c", ending(log, "added"))
    await top.ask("/a/b/c")
    assert log == ["added"]
    assert top.table is top.table


async def test_a_router_that_is_mounted_for_a_method() -> None:
    """Its routes answer that method only, and those of other methods never."""
    log: list[str] = []
    top, sub = PlainRouter(), PlainRouter()
    sub.bind("/x", passing(log, "any"))
    sub.bind("/x", passing(log, "get"), method="GET")
    sub.bind("/x", passing(log, "put"), method="PUT")
    top.bind("/a", sub, method="GET")
    await top.ask("/a/x", "GET")
    await top.ask("/a/x", "PUT")
    assert log == ["any", "get", "/get", "/any"]


# Wraps


async def test_wraps_are_around_every_handler_registered_later() -> None:
    """Handlers of routes, middleware, transformers and those of mounted routers, once each."""
    log: list[str] = []
    top, sub = PlainRouter(), PlainRouter()

    class Transformer:
        async def transform_request(self, ctx: PlainContext) -> None:
            del ctx
            log.append("transform")

        async def transform_response(self, ctx: PlainContext) -> None:
            del ctx

    transformer = Transformer()
    earlier, guard, handler, inner = (passing(log, name) for name in ("e", "g", "h", "i"))
    names = {id(guard): "g", id(handler): "h", id(inner): "i", id(transformer): "t"}

    @top.wrap
    async def outer(ctx: PlainContext) -> None:
        log.append(f"({names[id(ctx.wrapped_handler)]}")
        await ctx.next()
        log.append(")")

    top.use(guard)
    sub.wrap(passing(log, "sub"))
    sub.use(transformer)
    sub.bind("/x", inner)
    top.use("/a", sub)
    top.bind("/a/x", handler)
    await top.ask("/a/x")
    assert "".join(log) == "(gg(tsubtransform(isubi(hh/h)/i/sub)/sub)/g)"
    log.clear()
    other = PlainRouter()
    other.use(earlier)
    other.wrap(outer)
    await other.ask("/")
    assert log == ["e", "/e"]


async def test_a_wrap_that_does_not_go_on_holds_the_handler_back() -> None:
    """The handler before it cannot run it by a second `next()`."""
    log: list[str] = []
    router = PlainRouter()

    async def twice(ctx: PlainContext) -> None:
        await ctx.next()
        with pytest.raises(RuntimeError):
            await ctx.next()

    router.use(twice)
    router.wrap(ending(log, "held"))
    router.bind("/", ending(log, "never"))
    ctx = await router.ask("/")
    assert ctx.error is None
    assert log == ["held"]


async def test_wrap_as_a_decorator() -> None:
    """Bare, called and with several handlers; outside a wrap there is no wrapped handler."""
    log: list[str] = []
    router = PlainRouter()

    @router.wrap()
    async def called(ctx: PlainContext) -> None:
        log.append("called")
        await ctx.next()

    router.wrap(passing(log, "a"), passing(log, "b"))

    @router.bind("/")
    async def handler(ctx: PlainContext) -> None:
        assert ctx.wrapped_handler is None
        log.append("handler")

    assert called.__name__ == "called"
    assert handler.__name__ == "handler"
    ctx = await router.ask("/")
    assert ctx.error is None
    assert log == ["called", "a", "b", "handler", "/b", "/a"]


def test_what_is_no_handler_cannot_wrap() -> None:
    """The error comes at registration."""
    untyped: Any = PlainRouter()
    with pytest.raises(TypeError, match="5 is not a handler"):
        untyped.wrap(5)


# What routers tell


class Methods:
    """Handlers as methods."""

    async def handle_it(self, ctx: PlainContext) -> None:
        """Do nothing."""


def test_lookup_finds_where_a_handler_is_registered() -> None:
    """With its full pattern and method, through mounted routers; the first place counts."""
    top, sub = PlainRouter(), PlainRouter()
    handler, other, everywhere = ending([], "a"), ending([], "b"), ending([], "c")
    top.use(everywhere)
    top.use("/tenants/:tenant", sub)
    sub.bind("/users/:id", other, handler, method="GET")
    top.bind("/second", handler)
    found = top.lookup(handler)
    assert found is not None
    assert found.pattern == "/tenants/:tenant/users/:id"
    assert found.method == "GET"
    assert found.pattern.path({"tenant": "a", "id": 7}) == "/tenants/a/users/7"
    inside = sub.lookup(other)
    assert inside is not None
    assert inside.pattern == "/users/:id"
    assert top.lookup(ending([], "nowhere")) is None
    assert top.lookup(everywhere) is None


def test_lookup_finds_bound_methods() -> None:
    """Each access makes a new one, and they are equal; those of other objects are not."""
    router = PlainRouter()
    methods = Methods()
    router.bind("/x", methods.handle_it)
    found = router.lookup(methods.handle_it)
    assert found is not None
    assert found.pattern == "/x"
    assert router.lookup(Methods().handle_it) is None


def test_lookup_finds_middleware_with_a_path() -> None:
    """Its pattern covers all below."""
    router = PlainRouter()
    guard = ending([], "guard")
    router.use("/admin", guard)
    found = router.lookup(guard)
    assert found is not None
    assert found.pattern.path() == "/admin"


def test_route_descriptors_list_the_public_routes() -> None:
    """With mount prefixes, methods and metadata; of equals the first only."""
    top, sub = PlainRouter(), PlainRouter()
    handler = ending([], "handler")
    sub.public_bind("/users/:id", handler, method="GET", metadata={"auth": True})
    sub.public_bind("/users/:id", handler, method="GET", metadata={"auth": False})
    sub.public_bind("/users/:id", handler)
    sub.bind("/private", handler)
    top.use("/v1", sub)
    top.use("/v2", sub)
    top.public_bind("/", handler)
    assert top.route_descriptors() == [
        RouteDescriptor("GET", "/v1/users/:id", {"auth": True}),
        RouteDescriptor(None, "/v1/users/:id"),
        RouteDescriptor("GET", "/v2/users/:id", {"auth": True}),
        RouteDescriptor(None, "/v2/users/:id"),
        RouteDescriptor(None, "/"),
    ]


def test_metadata_goes_along_with_every_registration() -> None:
    """Also with middleware."""
    router = PlainRouter()
    router.use(ending([], "a"), metadata={"kind": "middleware"})
    router.bind("/x", ending([], "b"), metadata={"kind": "route"})
    kinds = [getattr(entry, "metadata", None) for entry in router.entries]
    assert kinds == [{"kind": "middleware"}, {"kind": "route"}]


def test_codecs_of_mounted_routers_serve_the_parent_too() -> None:
    """Each once, in the order of mounting, and those added later as well."""
    top, sub = PlainRouter(), PlainRouter()
    assert top.codecs == ()
    mine, theirs = middleware.json(), middleware.msgpack()
    top.use("/a", sub)
    top.use("/b", sub)
    assert top.use(mine) is mine
    sub.use(theirs)
    assert top.codecs == (mine, theirs)
    assert sub.codecs == (theirs,)
    assert top.codecs is top.codecs


# Families and their service


async def test_a_router_runs_the_lifespans_of_its_family() -> None:
    """Each is called with its router; what they yield comes out merged."""
    log: list[str] = []

    @asynccontextmanager
    async def lifespan(router: PlainRouter) -> AsyncGenerator[dict[str, Any]]:
        log.append(router.protocol)
        yield {"pool": 7}
        log.append("stopped")

    router = PlainRouter()
    router.use(PlainRouter(lifespan=lifespan))
    async with router.running() as state:
        assert state == {"pool": 7}
    async with PlainRouter().running() as state:
        assert state == {}
    assert log == ["questions", "stopped"]
