"""What is registered how, and what routers tell of it, shown on both by the same tests."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from aros_core import RouteDescriptor, middleware

from .routing_sides import SIDES, Side, ending, failing, passing

if TYPE_CHECKING:
    from collections.abc import Callable

    from aros_core import Context

pytestmark = pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)


# Registration


async def test_every_registration_is_a_decorator(side: Side) -> None:
    """Bare or called, with guards before the function, which comes back unchanged."""
    log: list[str] = []
    router = side.router()

    async def handler(ctx: Context) -> None:
        log.append(ctx.pattern)
        await ctx.next()

    for decorator in (
        lambda: router.use,
        lambda: router.use(),
        lambda: router.use("/a"),
        lambda: side.bind(router, "/a", passing(log, "guard")),
        lambda: router.wrap,
        lambda: router.wrap(),
        lambda: side.bind(router, "/a"),
    ):
        assert decorator()(handler) is handler
    await side.ask(router, "/a")
    assert log == ["", "", "/a/**", "guard", "/a", "/a", "/a", "/a", "/guard"]


async def test_a_route_without_a_handler_is_an_error_at_first_use(side: Side) -> None:
    """Until then a decorator may complete it."""
    router = side.router()
    registration = side.bind(router, "/forgotten")
    with pytest.raises(TypeError, match="/forgotten has no handler"):
        _ = router.table
    registration(failing(AssertionError()))
    assert router.table


@pytest.mark.parametrize("thing", [5, "text", None, object(), {"handle": 1}, int])
def test_what_is_no_handler_is_a_type_error(side: Side, thing: object) -> None:
    """At registration, and it says what was given."""
    router = side.router()
    registers: list[Callable[[object], object]] = [
        router.use,
        router.wrap,
        lambda thing: side.bind(router, "/x", thing),
        side.bind(router, "/x"),
    ]
    for register in registers[isinstance(thing, str) :]:  # A string is a path to `use`.
        with pytest.raises(TypeError, match=r"is not a handler|is a class"):
            register(thing)


async def test_a_handler_that_is_refused_takes_the_others_along(side: Side) -> None:
    """Nothing of the call is registered, hooks of objects included."""
    log: list[str] = []
    router, other = side.router(), side.router()
    refused: Any = 5
    for register in (
        lambda: side.bind(router, "/", ending(log, "bound"), refused),
        lambda: router.use(ending(log, "used"), refused),
        lambda: router.use(side.router(), ending(log, "beside a router"), router),
        lambda: router.wrap(ending(log, "wrap"), refused),
    ):
        with pytest.raises((TypeError, ValueError)):
            register()
    side.bind(router, "/", ending(log, "right"))
    other.use(router)
    await side.ask(other)
    assert log == ["right"]


def test_a_codec_belongs_to_no_path(side: Side) -> None:
    """It serves the whole router, so a path is a mistake."""
    router = side.router()
    for register in (router.use, getattr(router, side.verb)):
        with pytest.raises(ValueError, match="belongs to the whole router"):
            register("/x", middleware.json())


# Wraps and transformers


async def test_wraps_run_around_each_handler_registered_later(side: Side) -> None:
    """Middleware, handlers, transformers, and those of mounted routers."""
    log: list[str] = []
    router, sub = side.router(), side.router()
    names: dict[Any, str] = {}

    def named(name: str, handler: Any) -> Any:
        names[handler] = name
        return handler

    class Transformer:
        async def transform_request(self, ctx: Context) -> None:
            del ctx
            log.append("request")

        async def transform_response(self, ctx: Context) -> None:
            del ctx
            log.append("response")

    async def trace(ctx: Any) -> None:
        log.append(f"<{names[ctx.wrapped_handler]}")
        await ctx.next()
        log.append(">")

    router.use(named("earlier", passing(log, "earlier")))
    router.wrap(trace, passing(log, "second"))
    sub.use(named("transformer", Transformer()))
    side.bind(sub, "/x", named("handler", ending(log, "handler")))
    router.use("/a", sub)
    await side.ask(router, "/a/x")
    around = ["second", "request", "<handler", "second", "handler", "/second", ">", "response"]
    assert log == ["earlier", "<transformer", *around, "/second", ">", "/earlier"]


async def test_a_wrap_can_hold_its_handler_back(side: Side) -> None:
    """Nobody else can run it then: not by a second `next()`, and not from the parent."""
    log: list[str] = []
    router = side.router()

    @router.use
    async def twice(ctx: Context) -> None:
        await ctx.next()
        with pytest.raises(RuntimeError):
            await ctx.next()
        log.append("refused")

    router.wrap(ending(log, "held"))
    side.bind(router, "/", ending(log, "never"))
    ctx = await side.ask(router)
    assert ctx.error is None
    assert log == ["held", "refused"]
    assert twice.__name__ == "twice"


async def test_errors_in_wraps_and_transformers_are_errors_of_the_chain(side: Side) -> None:
    """Whoever stands before them sees them after `next()`."""
    for register in ("use", "wrap"):
        failure = ValueError(register)
        router = side.router()
        getattr(router, register)(failing(failure))
        side.bind(router, "/", failing(AssertionError()))
        assert (await side.ask(router)).error is failure

    class Transformer:
        async def transform_request(self, ctx: Context) -> None:
            await ctx.next()

        async def transform_response(self, ctx: Context) -> None:
            raise AssertionError

    router = side.router()
    router.use(Transformer())
    assert isinstance((await side.ask(router)).error, RuntimeError)


# What routers tell


class Users:
    """Handlers as methods."""

    async def show(self, ctx: Context) -> None:
        """Show nobody."""


def test_lookup_finds_the_full_pattern(side: Side) -> None:
    """Through mounted routers, bound methods too; from it comes the real path."""
    router, sub = side.router(), side.router()
    users = Users()
    side.bind(sub, "/users/:id", users.show)
    router.use("/api/:version", sub)
    found = router.lookup(users.show)
    assert found.pattern.path({"version": "v1", "id": "123"}) == "/api/v1/users/123"
    assert found.method is None
    assert router.lookup(Users().show) is None


def test_public_routes_are_listed(side: Side) -> None:
    """With mount prefixes and metadata, the first of equals only, as JSON both ways."""
    router, sub = side.router(), side.router()
    users = Users()
    side.public_bind(sub, "/users/:id", users.show, metadata={"auth": True})
    side.public_bind(sub, "/users/:id", users.show, metadata={"auth": False})
    side.bind(sub, "/private", users.show)
    router.use("/api", sub)
    side.public_bind(router, "/", users.show)
    descriptors = router.route_descriptors()
    assert descriptors == [
        RouteDescriptor(None, "/api/users/:id", {"auth": True}),
        RouteDescriptor(None, "/"),
    ]
    text = json.dumps([asdict(descriptor) for descriptor in descriptors])
    assert [RouteDescriptor(**values) for values in json.loads(text)] == descriptors
    assert msgspec.json.decode(text, type=list[RouteDescriptor]) == descriptors
