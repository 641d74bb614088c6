"""One registration call: decorators, kinds of handlers, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from aros_core import PatternError, middleware
from aros_core.registration import Registration
from aros_core.routing import CodecEntry, Mount, Route

from .helpers import PlainContext, PlainRouter, ending, passing


async def test_handlers_of_one_call_run_in_turn() -> None:
    """Each runs the next by `next()`."""
    log: list[str] = []
    router = PlainRouter()
    router.bind("/a", passing(log, "guard"), ending(log, "handler"), ending(log, "never"))
    await router.ask("/a")
    assert log == ["guard", "handler", "/guard"]


async def test_as_a_decorator_it_appends_to_the_same_route() -> None:
    """The function comes after the handlers of the call and is returned unchanged."""
    log: list[str] = []
    router = PlainRouter()
    registration = router.bind("/a", passing(log, "guard"))
    router.bind("/a", ending(log, "later"))

    @registration
    async def first(ctx: PlainContext) -> None:
        log.append("first")
        await ctx.next()

    second = ending(log, "second")
    assert registration(second) is second
    assert first.__name__ == "first"
    await router.ask("/a")
    assert log == ["guard", "first", "second", "/guard"]


async def test_a_route_that_is_completed_later_keeps_its_place() -> None:
    """The order of the calls decides, not that of the handlers."""
    log: list[str] = []
    router = PlainRouter()
    early = router.bind("/a")
    router.bind("/a", ending(log, "late"))
    early(ending(log, "early"))
    await router.ask("/a")
    assert log == ["early"]


@pytest.mark.parametrize(("path", "name"), [("/forgotten", "/forgotten"), (None, "of use")])
async def test_a_route_without_a_handler_is_an_error_at_first_use(
    path: str | None, name: str
) -> None:
    """Until then a decorator may complete it."""
    router = PlainRouter()
    registration = router.register(path, None, (), middleware=path is None)
    with pytest.raises(TypeError, match=f"the route {name}.* has no handler"):
        await router.ask("/")
    registration(ending([], "found"))
    assert (await router.ask("/")).error is None


async def test_the_kinds_of_handlers_become_entries_of_their_own() -> None:
    """Routers are mounted, codecs are kept, and handlers around a router keep their order."""
    log: list[str] = []
    router, sub = PlainRouter(), PlainRouter()
    sub.bind("/x", passing(log, "sub"))
    router.use(middleware.json())
    router.use("/a", passing(log, "before"), sub, passing(log, "after"))
    kinds = [type(entry) for entry in router.entries]
    assert kinds == [CodecEntry, Route, Mount, Route]
    await router.ask("/a/x")
    assert log == ["before", "sub", "after", "/after", "/sub", "/before"]


async def test_handlers_beside_a_router_cover_what_it_covers() -> None:
    """A guard before a mounted router guards all of it, even in a route's registration."""
    log: list[str] = []
    router, sub = PlainRouter(), PlainRouter()
    sub.bind("/x", ending(log, "sub"))
    router.bind("/a", passing(log, "guard"), sub)
    await router.ask("/a/x")
    assert log == ["guard", "sub", "/guard"]


def test_what_is_no_handler_is_refused() -> None:
    """The error comes at registration and says what was given."""
    router = PlainRouter()
    untyped: Any = router
    with pytest.raises(TypeError, match="'handler' is not a handler"):
        untyped.bind("/a", "handler")
    with pytest.raises(TypeError, match="5 is not a handler"):
        untyped.use(5)
    with pytest.raises(TypeError, match="None is not a handler"):
        untyped.bind("/a")(None)


def test_a_bad_pattern_is_refused() -> None:
    """Also in the path of middleware, where the error shows the path as it was written."""
    router = PlainRouter()
    for register in (router.bind, router.use):
        with pytest.raises(PatternError, match="'/:'"):
            register("/:", ending([], "never"))


@pytest.mark.parametrize("path", [None, 5, b"/a", ending([], "forgot the path")])
def test_a_path_that_is_no_text_is_refused(path: Any) -> None:
    """As when a path was forgotten and the decorated function took its place."""
    router = PlainRouter()
    with pytest.raises(TypeError, match=r"path is a str|route has a path"):
        router.bind(path, ending([], "never"))
    assert router.entries == []


def test_a_codec_belongs_to_the_whole_router() -> None:
    """On a path it is refused."""
    router = PlainRouter()
    for register in (router.use, router.bind):
        with pytest.raises(ValueError, match="JsonCodec belongs to the whole router, not to '/x'"):
            register("/x", middleware.json())


def test_a_router_of_another_protocol_is_refused() -> None:
    """The error says what to do instead."""

    class OtherRouter(PlainRouter):
        protocol = "answers"

    with pytest.raises(TypeError, match=r"for answers cannot be mounted on one for questions; "):
        PlainRouter().use("/a", OtherRouter())


async def test_a_handler_may_be_adopted() -> None:
    """A router that takes an object for something else need not register it as a handler."""

    class AdoptingRouter(PlainRouter):
        def adopt(self, handler: Any) -> bool:
            return isinstance(handler, str)

    router = AdoptingRouter()
    registration = router.use("/a", ending([], "handler"))
    assert isinstance(registration, Registration)
    assert registration("hook only") == "hook only"
    assert len(router.entries) == 1
