"""Lifecycle hooks as they are registered."""

from __future__ import annotations

from typing import Any

import pytest

from velaros import Context, Router
from velaros.hooks import Moment

USES = {
    Moment.UPGRADE: Router.use_upgrade,
    Moment.OPEN: Router.use_open,
    Moment.CLOSE: Router.use_close,
}


class Auth:
    """Handles messages and brings hooks along."""

    async def handle(self, ctx: Context) -> None:
        """Let every message pass."""
        await ctx.next()

    async def handle_open(self, ctx: Context) -> None:
        """Greet nobody."""

    async def handle_close(self, ctx: Context) -> None:
        """Miss nobody."""


class Guard:
    """Has hooks, and handles no messages."""

    async def handle_upgrade(self, ctx: Context) -> None:
        """Let everybody in."""

    def handle_open(self, ctx: Context) -> None:
        """Greet nobody, in a thread."""


async def hook(ctx: Context) -> None:
    """Do nothing."""


async def other(ctx: Context) -> None:
    """Do nothing either."""


def hooks(router: Router, moment: Moment) -> list[Any]:
    """Return the handlers of a moment in order."""
    return [link.handler for link in router.hooks(moment)]


@pytest.mark.parametrize("moment", Moment)
def test_registers_as_call_and_as_decorator(moment: Moment) -> None:
    """All three take handlers, and decorate bare or called, returning the function unchanged."""
    router = Router()
    use: Any = USES[moment]
    assert use(router, hook) is hook
    assert use(router)(other) is other
    use(router, hook, other)
    assert hooks(router, moment) == [hook, other, hook, other]
    assert all(not hooks(router, another) for another in Moment if another is not moment)


@pytest.mark.parametrize("moment", Moment)
def test_refuses_what_is_no_handler(moment: Moment) -> None:
    """The error comes at registration and says what was given."""
    use: Any = USES[moment]
    with pytest.raises(TypeError, match="42 is not a handler"):
        use(Router(), 42)
    with pytest.raises(TypeError, match="is a class; register an instance"):
        use(Router(), Guard)


def test_hooks_refuse_async_generators() -> None:
    """A hook has no message to stream replies to."""

    async def stream(ctx: Context) -> Any:
        yield 1

    with pytest.raises(TypeError, match="a lifecycle hook has no message to reply to"):
        Router().use_open(stream)


def test_an_object_registers_its_hooks_when_used() -> None:
    """Its methods are hooks, and its handler handles."""
    router = Router()
    auth = Auth()
    router.use("/api", auth)
    assert hooks(router, Moment.OPEN) == [auth]
    assert hooks(router, Moment.CLOSE) == [auth]
    assert hooks(router, Moment.UPGRADE) == []
    assert router.lookup(auth) is not None


def test_an_object_registers_its_hooks_when_bound() -> None:
    """Binding counts as using."""
    router = Router()
    auth = Auth()
    router.bind("/x", auth)
    assert hooks(router, Moment.CLOSE) == [auth]


def test_an_object_with_nothing_but_hooks_is_no_route() -> None:
    """It may be used, and messages do not see it."""
    router = Router()
    guard = Guard()
    router.use(guard)
    router.use("/x", guard)
    router.bind("/x", guard)
    assert hooks(router, Moment.UPGRADE) == [guard]
    assert hooks(router, Moment.OPEN) == [guard]
    assert list(router.table.find("/x")) == []


def test_a_hook_that_is_refused_takes_the_others_along() -> None:
    """Those of one call are registered all together or not at all."""
    router = Router()
    guard = Guard()
    refused: Any = 5
    with pytest.raises(TypeError, match="5 is not a handler"):
        router.use_open(guard, refused)
    with pytest.raises(TypeError, match="5 is not a handler"):
        router.use("/x", guard, refused)
    assert hooks(router, Moment.OPEN) == []


def test_a_class_with_hooks_is_refused() -> None:
    """An instance is what handles, and the error says so."""
    router = Router()
    with pytest.raises(TypeError, match="is a class; register an instance"):
        router.use(Guard)  # pyright: ignore[reportArgumentType, reportCallIssue]
    assert hooks(router, Moment.OPEN) == []


def test_an_objects_hooks_run_once_however_often_it_is_used() -> None:
    """An object that is used, bound, hooked and mounted twice runs its hooks once."""
    router = Router()
    auth = Auth()
    sub = Router()
    sub.bind("/x", auth)
    router.use(auth)
    router.use("/api", auth)
    router.use_open(auth)
    router.use("/sub", sub)
    router.use("/again", sub)
    assert hooks(router, Moment.OPEN) == [auth]
    assert hooks(router, Moment.CLOSE) == [auth]


def test_a_function_that_is_registered_twice_runs_twice() -> None:
    """Only objects are known again; a function is a hook each time it is registered."""
    router = Router()
    router.use_open(hook)
    router.use_open(hook)
    assert hooks(router, Moment.OPEN) == [hook, hook]


def test_a_mounted_routers_hooks_are_the_parents() -> None:
    """Hooks of mounted routers run too, each once, also those added after mounting."""
    router, sub, deep = Router(), Router(), Router()
    router.use_open(hook)
    router.use("/sub", sub)
    router.use("/again", sub)
    sub.use("/deep", deep)
    assert hooks(router, Moment.OPEN) == [hook]
    deep.use_open(other)
    assert hooks(router, Moment.OPEN) == [hook, other]
    assert hooks(sub, Moment.OPEN) == [other]


def test_hooks_are_no_routes() -> None:
    """Messages never reach hooks, and look-ups do not find them."""
    router = Router()
    router.use_open(hook)
    assert list(router.table.find("/x")) == []
    assert router.lookup(hook) is None
