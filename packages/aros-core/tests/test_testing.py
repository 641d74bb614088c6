"""Tests of the lifespan of applications under test."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from aros_core.testing import LifespanFailed, LifespanManager

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aros_core.asgi.types import Receive, Scope, Send


class App:
    """An ASGI application that notes what it is asked; `at` says what it does when."""

    def __init__(self, **at: Callable[[], Awaitable[None]]) -> None:
        self.log: list[str] = []
        self._at = at

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a lifespan."""
        for phase in ("startup", "shutdown"):
            event = await receive()
            self.log.append(event["type"].removeprefix("lifespan."))
            scope["state"][phase] = True
            if phase in self._at:
                await self._at[phase]()
            await send({"type": f"lifespan.{phase}.complete"})
        if "end" in self._at:
            await self._at["end"]()


async def fail() -> None:
    """Raise an error of the application's own."""
    raise LookupError("no database")


async def hang() -> None:
    """Wait for what never comes."""
    await asyncio.Event().wait()


async def test_starts_and_stops() -> None:
    """The application is started before the block and stopped after it; its state is yielded."""
    app = App()
    async with LifespanManager(app) as state:
        assert app.log == ["startup"]
        assert state == {"startup": True}
    assert app.log == ["startup", "shutdown"]


async def test_users_share_one_run() -> None:
    """Whoever comes while it runs shares it, and the last to leave stops it."""
    app = App()
    manager = LifespanManager(app)
    arrived = asyncio.Event()

    async def use() -> None:
        async with manager:
            arrived.set()

    async with manager:
        await asyncio.gather(use(), use())
        assert arrived.is_set()
        assert app.log == ["startup"]
    assert app.log == ["startup", "shutdown"]
    async with manager:
        pass
    assert app.log == ["startup", "shutdown"] * 2


async def test_managers_of_one_application_share_its_run() -> None:
    """Several clients of one application start it once; another application runs by itself."""
    app, other = App(), App()
    async with LifespanManager(app) as state, LifespanManager(other):
        async with LifespanManager(app) as same:
            assert same is state
        assert app.log == other.log == ["startup"]
    assert app.log == other.log == ["startup", "shutdown"]


async def test_users_who_come_together_wait_for_one_start() -> None:
    """Nobody enters before the application has started."""
    go_on = asyncio.Event()

    async def wait() -> None:
        await go_on.wait()

    app = App(startup=wait)
    manager = LifespanManager(app)
    entered: list[int] = []

    async def use(number: int) -> None:
        async with manager:
            entered.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(2):
            group.create_task(use(number))
        await asyncio.sleep(0)
        assert entered == []
        go_on.set()
    assert entered == [0, 1]
    assert app.log == ["startup", "shutdown"]


async def test_applications_without_a_lifespan() -> None:
    """One that raises at once, answers something else or just returns has no lifespan."""

    async def refuses(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError(scope["type"])

    async def answers_otherwise(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})

    async def returns(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    for app in (refuses, answers_otherwise, returns):
        async with LifespanManager(app) as state:
            assert state == {}


@pytest.mark.parametrize("phase", ["startup", "shutdown", "end"])
async def test_what_the_application_raises_is_raised(phase: str) -> None:
    """An error of the application, whenever it comes, is raised as it is."""
    with pytest.raises(LookupError, match="no database"):
        async with LifespanManager(App(**{phase: fail})):
            pass


@pytest.mark.parametrize("phase", ["startup", "shutdown"])
async def test_a_failure_that_is_only_told(phase: str) -> None:
    """An application that says that it failed, and raises nothing, is a `LifespanFailed`."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (event := await receive())["type"] != f"lifespan.{phase}":
            await send({"type": f"{event['type']}.complete"})
        await send({"type": f"lifespan.{phase}.failed", "message": "no luck"})

    with pytest.raises(LifespanFailed, match=f"the application's {phase} failed: no luck"):
        async with LifespanManager(app):
            pass


async def test_a_failure_that_is_told_and_raised() -> None:
    """An application that says that it failed and then raises is known by what it raised."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no luck"})
        await send({"type": "lifespan.startup.failed", "message": "told twice"})
        raise LookupError("no luck")

    manager = LifespanManager(app)
    for _ in range(2):
        with pytest.raises(LookupError, match="no luck"):
            await manager.__aenter__()


@pytest.mark.parametrize("phase", ["startup", "shutdown"])
async def test_an_answer_that_does_not_come(phase: str) -> None:
    """An application that does not answer in time is cancelled and named."""
    manager = LifespanManager(App(**{phase: hang}), timeout=0.01)
    with pytest.raises(TimeoutError, match=f"did not answer lifespan.{phase} within 0.01 s"):
        async with manager:
            pass


async def test_one_that_goes_on_after_the_shutdown_is_cancelled() -> None:
    """Nothing of the application runs when the block was left."""
    async with LifespanManager(App(end=hang), timeout=0.01):
        pass


async def test_cancelled_starts_leave_nothing_behind() -> None:
    """A start that is given up stops the application."""
    app = App(startup=hang)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01), LifespanManager(app):
            pass
    assert app.log == ["startup"]
