"""Routes of messages, which note that they were reached."""

from __future__ import annotations

from typing import Any

from aros_core.steps import Link
from velaros import Context, Router
from velaros.routes import noted

from .helpers import Peer, json_router


async def handler(ctx: Context) -> None:
    """Do nothing."""
    del ctx


async def walk_on(ctx: Context) -> None:
    """Run the rest."""
    await ctx.next()


def test_a_route_gets_a_link_that_notes_and_middleware_keeps_its_own() -> None:
    """The link of the route itself stays as it is: it may belong to several tables."""
    route = Link(handler, handler)
    route.order = 3
    twin = noted(route)
    assert twin is not route
    assert (twin.handler, twin.order) == (handler, 3)
    assert twin.call is not handler
    assert route.call is handler
    for other in (Link(handler, handler, middleware=True), Link(walk_on, walk_on, wrapped=handler)):
        assert noted(other) is other


async def answer_of(router: Router) -> Any:
    """Return what comes for a message with an id."""
    async with Peer(router) as peer:
        peer.push("/x", id=1)
        peer.push("/end", id=2)
        reply = await peer.message()
        return None if reply["id"] == 2 else reply["data"]


def router_with_end(**options: Any) -> Router:
    """Return a router with a route that always answers."""
    router = json_router(**options)
    router.bind("/end", lambda ctx: "end")
    return router


async def test_a_route_that_ran_may_stay_silent() -> None:
    """Only what reached no route is answered for; middleware alone is none."""
    router = router_with_end(max_concurrent_messages=1)
    router.use(walk_on)
    assert await answer_of(router) == {"error": "not found"}
    router.bind("/x", handler)
    assert await answer_of(router) is None


async def test_a_wrap_that_holds_the_handler_back_is_no_route() -> None:
    """The route was not reached, so the client is told that nothing was found."""
    router = router_with_end(max_concurrent_messages=1)
    router.wrap(handler)
    router.bind("/x", handler)
    assert await answer_of(router) == {"error": "not found"}


async def test_routes_of_mounted_routers_note_it_too() -> None:
    """Whatever they are mounted on."""
    router, mounted = router_with_end(max_concurrent_messages=1), Router()
    mounted.bind("/x", handler)
    router.use(mounted)
    assert await answer_of(router) is None


async def test_a_route_of_a_plain_function_notes_it_too() -> None:
    """It runs in a thread."""
    router = router_with_end(max_concurrent_messages=1)
    router.bind("/x", lambda ctx: None)
    assert await answer_of(router) is None
