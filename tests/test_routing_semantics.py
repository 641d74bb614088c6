"""What routes where, shown on both routers by the same tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import navaros
import velaros

from .routing_sides import SIDES, Side, ending, failing, passing

if TYPE_CHECKING:
    from aros_core import Context

pytestmark = pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)


# Order and paths


async def test_the_order_of_registration_decides(side: Side) -> None:
    """More specific routes do not jump the queue."""
    log: list[str] = []
    router = side.router()
    side.bind(router, "/**", passing(log, "greedy"))
    side.bind(router, "/:name", passing(log, "parameter"))
    side.bind(router, "/a", ending(log, "literal"))
    side.bind(router, "/a", ending(log, "never"))
    await side.ask(router, "/a")
    assert log == ["greedy", "parameter", "literal", "/parameter", "/greedy"]


ODD_PATHS = ["/admin", "/admin/", "/admin//", "/admin//x", "/admin/x/y", "/admin/x//"]


@pytest.mark.parametrize("path", ODD_PATHS)
async def test_middleware_at_a_path_covers_all_below(side: Side, path: str) -> None:
    """A guard cannot be got around by slashes; its pattern says that it covers all."""
    log: list[str] = []
    router = side.router()

    @router.use("/admin")
    async def guard(ctx: Context) -> None:
        log.append(f"{ctx.pattern} {ctx.path}")

    side.bind(router, "/**", ending(log, "secret"))
    await side.ask(router, path)
    assert log == [f"/admin/** {path}"]
    assert guard.__name__ == "guard"


@pytest.mark.parametrize("path", ["/administrator", "/Admin", "/", "//admin", "/x/admin"])
async def test_middleware_at_a_path_covers_nothing_else(side: Side, path: str) -> None:
    """A path that only begins with the same letters is another path."""
    log: list[str] = []
    router = side.router()
    router.use("/admin", ending(log, "guard"))
    router.use(ending(log, "rest"))
    await side.ask(router, path)
    assert log == ["rest"]


@pytest.mark.parametrize("path", ["", "/", "//", "/a//b", "no-slash"])
async def test_middleware_without_a_path_runs_for_everything(side: Side, path: str) -> None:
    """Even where no pattern can match."""
    log: list[str] = []
    router = side.router()
    router.use(passing(log, "everything"))
    side.bind(router, "/users/:id", ending(log, "route"))
    await side.ask(router, path)
    assert log == ["everything", "/everything"]


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/a/1/x/y/z", {"a": "1", "b": "x/y", "c": "z"}),
        ("/a/1/z", {"a": "1", "b": "", "c": "z"}),
        ("/a/1/z/", {"a": "1", "b": "", "c": "z"}),
        ("/a/1", None),
        ("/a/1//z", None),
    ],
)
async def test_patterns_match_as_they_are_documented(
    side: Side, path: str, params: dict[str, str] | None
) -> None:
    """Greedy parameters are joined, one slash at the end is allowed, empty segments match none."""
    seen: list[dict[str, str]] = []
    router = side.router()

    async def handler(ctx: Context) -> None:
        seen.append(dict(ctx.params))

    side.bind(router, r"/a/:a(\d)/:b*/:c", handler)
    await side.ask(router, path)
    assert seen == ([] if params is None else [params])


async def test_pattern_and_params_are_the_running_handlers_own(side: Side) -> None:
    """They are its own again after `next()`, whatever ran meanwhile."""
    seen: list[Any] = []
    router = side.router()

    async def look(ctx: Context) -> None:
        seen.append((ctx.pattern, dict(ctx.params)))
        await ctx.next()
        seen.append((ctx.pattern, dict(ctx.params)))

    router.use(look)
    router.use("/:kind", look)
    side.bind(router, "/users/:ID", look, look)
    await side.ask(router, "/users/7")
    own = ("/users/:ID", {"ID": "7"})
    kind = ("/:kind/**", {"kind": "users"})
    assert seen == [("", {}), kind, own, own, own, own, kind, ("", {})]


async def test_params_ignore_case_and_miss_politely(side: Side) -> None:
    """`.get` of a missing name is `""`, an index raises."""
    seen: list[Any] = []
    router = side.router()

    async def handler(ctx: Context) -> None:
        seen.extend([ctx.params["userid"], ctx.params.get("missing"), ctx.params.get("x", "y")])
        with pytest.raises(KeyError):
            ctx.params["missing"]

    side.bind(router, "/:userID", handler)
    ctx = await side.ask(router, "/7")
    assert ctx.error is None
    assert seen == ["7", "", "y"]


# Mounting


async def test_a_mounted_routers_routes_are_below_its_path(side: Side) -> None:
    """The path stays whole, the pattern is the full one, and the mount's params are visible."""
    seen: list[Any] = []
    router, sub = side.router(), side.router()

    async def look(ctx: Context) -> None:
        seen.append((ctx.path, ctx.pattern, dict(ctx.params)))
        await ctx.next()

    sub.use(look)
    sub.use("/users", look)
    side.bind(sub, "/users/:id", look)
    side.bind(sub, "/", look)
    router.use("/tenants/:tenant", sub)
    await side.ask(router, "/tenants/a/users/7")
    path = "/tenants/a/users/7"
    assert seen == [
        (path, "/tenants/:tenant/**", {"tenant": "a"}),
        (path, "/tenants/:tenant/users/**", {"tenant": "a"}),
        (path, "/tenants/:tenant/users/:id", {"tenant": "a", "id": "7"}),
    ]
    seen.clear()
    await side.ask(router, "/tenants/a")
    assert [pattern for _, pattern, _ in seen] == ["/tenants/:tenant/**", "/tenants/:tenant"]
    seen.clear()
    await side.ask(router, "/users/7")
    assert seen == []


async def test_the_parents_later_routes_go_on(side: Side) -> None:
    """When nothing in a mounted router ends the chain, and only then."""
    log: list[str] = []
    router, sub, ending_sub = side.router(), side.router(), side.router()
    side.bind(sub, "/x", passing(log, "sub"))
    side.bind(ending_sub, "/x", ending(log, "end"))
    router.use("/a", sub)
    side.bind(router, "/a/x", passing(log, "parent"))
    router.use("/a", ending_sub)
    side.bind(router, "/**", ending(log, "never"))
    await side.ask(router, "/a/x")
    assert log == ["sub", "parent", "end", "/parent", "/sub"]


async def test_there_is_one_context(side: Side) -> None:
    """What a mounted router sets or deletes is seen outside."""
    seen: list[Any] = []
    router, sub = side.router(), side.router()

    @router.use
    async def outside(ctx: Context) -> None:
        ctx.set("deleted", 1)
        await ctx.next()
        seen.extend([ctx.get("set"), ctx.get("deleted", "gone")])

    async def inside(ctx: Context) -> None:
        ctx.set("set", 2)
        ctx.delete("deleted")

    side.bind(sub, "/x", inside)
    router.use("/a", sub)
    await side.ask(router, "/a/x")
    assert seen == [2, "gone"]
    assert outside.__name__ == "outside"


async def test_routes_that_are_added_after_mounting_count(side: Side) -> None:
    """Also after the router was used, and deep down."""
    log: list[str] = []
    router, sub, deep = side.router(), side.router(), side.router()
    router.use("/a", sub)
    sub.use("/b", deep)
    await side.ask(router, "/a/b/x")
    side.bind(deep, "/x", ending(log, "late"))
    await side.ask(router, "/a/b/x")
    assert log == ["late"]


async def test_a_router_is_a_handler_of_routes_too(side: Side) -> None:
    """Bound beside others it covers all below, and so do they."""
    log: list[str] = []
    router, sub = side.router(), side.router()
    side.bind(sub, "/x", ending(log, "sub"))
    side.bind(router, "/a/**", passing(log, "guard"), sub)
    await side.ask(router, "/a/x")
    assert log == ["guard", "sub", "/guard"]


def test_what_cannot_be_mounted(side: Side) -> None:
    """A router within itself, below a greedy chunk, or with a name that is taken."""
    router, sub = side.router(), side.router()
    side.bind(sub, "/:ID", failing(AssertionError()))
    router.use("/fine/**", sub)
    for register in (lambda: sub.use("/x", router), lambda: router.use(router)):
        with pytest.raises(ValueError, match="within itself"):
            register()
    with pytest.raises(ValueError, match="any number of segments"):
        router.use("/:rest*/x", side.router())
    with pytest.raises(ValueError, match="'ID'"):
        router.use("/:id", sub)


def test_a_router_of_the_other_kind_is_no_handler(side: Side) -> None:
    """It has a middleware of its own for that."""
    other = velaros.Router() if side.name == "navaros" else navaros.Router()
    with pytest.raises(TypeError, match="cannot be mounted"):
        side.router().use("/x", other)


# Many routes


async def test_5_000_routes_answer_in_order_too(side: Side) -> None:
    """The index finds what trying every route would find."""
    log: list[str] = []
    router = side.router()
    side.bind(router, "/r4999/:x", passing(log, "early"))
    for number in range(5000):
        side.bind(router, f"/r{number}/list", ending(log, str(number)))
    router.use("/r4999", passing(log, "late"))
    await side.ask(router, "/r4999/list")
    await side.ask(router, "/r4999/other")
    assert log == ["early", "4999", "/early", "early", "late", "/late", "/early"]
