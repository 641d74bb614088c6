"""What type checkers infer for users: decorators give functions back, keys and payloads have types.

The assertions are checked by pyright; running them shows that the same calls work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, assert_type

import aros_core
import navaros
import velaros
from aros_core import Key, Params, Pattern, RouteDescriptor, RouteInfo
from navaros.testing import Client
from velaros.testing import Client as SocketClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from typing import TypeAlias

    CoroutineFunction: TypeAlias = Callable[[Any], Coroutine[Any, Any, None]]


@dataclass
class User:
    """Somebody."""

    name: str


USER = Key[User]("user")
COUNT: Key[int] = Key("count")


async def shared(ctx: aros_core.Context) -> None:
    """Serve both protocols."""
    assert_type(ctx.get(USER), User | None)
    assert_type(ctx.get(COUNT, 0), int)
    assert_type(ctx.get("anything"), Any)
    assert_type(ctx.params, Params)
    assert_type(ctx.params.get("id"), str)
    assert_type(ctx.params.get("id", None), str | None)
    assert_type(ctx.error, Exception | None)
    assert_type(await ctx.next(), None)


def expect_function(function: CoroutineFunction) -> None:
    """Take what a decorator must give back."""
    assert callable(function)


class Hooks:
    """Nothing but lifecycle hooks."""

    async def handle_upgrade(self, ctx: velaros.Context) -> None:
        """Do nothing."""

    async def handle_close(self, ctx: velaros.Context) -> None:
        """Do nothing."""


class Stamp:
    """A transformer for both protocols."""

    async def transform_request(self, ctx: aros_core.Context) -> None:
        """Do nothing."""

    async def transform_response(self, ctx: aros_core.Context) -> None:
        """Do nothing."""


async def test_navaros_decorators_give_functions_back() -> None:
    """Bare or called, for handlers of each kind."""
    app = navaros.Router()
    app.use(navaros.middleware.json())

    @app.use
    async def bare(ctx: navaros.Context) -> None:
        await ctx.next()

    @app.use()
    async def called(ctx: aros_core.Context) -> None:
        await ctx.next()

    @app.use("/users", shared, Stamp(), metadata={"guard": True})
    async def at_path(ctx: navaros.Context) -> None:
        ctx.set(USER, User("ada"))
        await ctx.next()

    @app.wrap
    async def wrap(ctx: navaros.Context) -> None:
        await ctx.next()

    @app.wrap()
    async def wrap_called(ctx: navaros.Context) -> None:
        await ctx.next()

    @app.public_post("/users/:id", metadata={"a": 1})
    async def user(ctx: navaros.Context) -> User:
        assert_type(ctx.must_get(USER), User)
        assert_type(await ctx.unmarshal(list[int]), list[int])
        assert_type(await ctx.unmarshal(int | list[int]), Any)
        return ctx.must_get(USER)

    @app.get("/plain")
    def plain(ctx: navaros.Context) -> list[int]:
        return ctx.wait(ctx.unmarshal(list[int]))

    @app.get("/stream")
    async def stream(ctx: navaros.Context) -> AsyncIterator[str]:
        del ctx
        yield "item"

    for function in (bare, called, at_path, wrap, wrap_called):
        expect_function(function)
    assert_type(app.lookup(user), RouteInfo | None)
    assert_type(app.route_descriptors(), list[RouteDescriptor])
    app.use("/mounted", navaros.Router(), velaros.Router().middleware())
    async with Client(app) as client:
        assert (await client.post("/users/1", json=[1])).json() == {"name": "ada"}
        assert (await client.get("/stream")).text == "item"
        assert (await client.get("/plain")).status_code == 400
    assert app.lookup(plain) == RouteInfo(Pattern("/plain"), "GET")
    assert app.lookup(stream) == RouteInfo(Pattern("/stream"), "GET")


async def test_velaros_decorators_give_functions_back() -> None:
    """The lifecycle hooks too; objects with nothing but hooks are handlers."""
    ws = velaros.Router()
    ws.use(velaros.middleware.json())
    ws.use(Hooks())
    ws.use("/users", Hooks(), shared, Stamp())
    ws.bind("/users/:id", Hooks(), shared)

    @ws.use_upgrade
    async def upgrade(ctx: velaros.Context) -> None:
        ctx.set_on_socket(USER, User("ada"))

    @ws.use_open()
    async def opened(ctx: velaros.Context) -> None:
        assert_type(ctx.get_from_socket(USER), User | None)

    @ws.use_close
    async def closed(ctx: velaros.Context) -> None:
        assert_type(ctx.close_status, velaros.CloseStatus | None)

    @ws.bind("/users/:id", shared)
    async def user(ctx: velaros.Context) -> User:
        assert_type(await ctx.receive(list[int]), list[int])
        return ctx.must_get_from_socket(USER)

    @ws.public_bind("/ask")
    async def ask(ctx: velaros.Context) -> None:
        assert_type(await ctx.request("who?", User), User)
        assert_type(await ctx.request("what?"), bytes)

    for function in (upgrade, opened, closed, ask):
        expect_function(function)
    async with SocketClient(ws).connect() as socket:
        assert_type(await socket.request("/users/1", [1], User), User)
    assert ws.lookup(user) == RouteInfo(Pattern("/users/:id"))
