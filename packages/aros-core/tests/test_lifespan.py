"""The ASGI lifespan of routers."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from aros_core.asgi.lifespan import running, serve_lifespan

from .helpers import Guest, PlainRouter, settle

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from aros_core.asgi.lifespan import Lifespan
    from aros_core.asgi.types import Event, Scope


class Server:
    """The server's side of the lifespan protocol."""

    def __init__(self, router: PlainRouter, **scope: Any) -> None:
        self.scope: Scope = {"type": "lifespan", **scope}
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.answers: list[Event] = []
        self.task = asyncio.create_task(
            serve_lifespan(router, self.scope, self.events.get, self._take)
        )

    async def _take(self, event: Event) -> None:
        self.answers.append(event)

    async def tell(self, phase: str) -> Event:
        """Tell of a phase and return the answer to it."""
        self.events.put_nowait({"type": f"lifespan.{phase}"})
        count = len(self.answers)
        await settle()
        assert len(self.answers) == count + 1
        return self.answers[-1]


class LoggingRouter(PlainRouter):
    """A router that logs when it starts, winds up and stops."""

    def __init__(self, log: list[str], name: str, state: dict[str, Any] | None = None) -> None:
        super().__init__(lifespan=self._lifespan(name, state))
        self.log = log
        self.name = name

    @staticmethod
    def _lifespan(name: str, state: dict[str, Any] | None) -> Lifespan:
        @asynccontextmanager
        async def lifespan(router: LoggingRouter) -> AsyncGenerator[dict[str, Any] | None]:
            router.log.append(f"+{name}")
            try:
                yield state
            finally:
                router.log.append(f"-{name}")

        return lifespan

    async def wind_up(self) -> None:
        """Log that nobody is served any more."""
        self.log.append(f"~{self.name}")


def family(log: list[str]) -> LoggingRouter:
    """Return a router with a mounted one, and one of another protocol in that."""
    top = LoggingRouter(log, "top", {"pool": 1, "name": "top"})
    sub = LoggingRouter(log, "sub", {"name": "sub"})
    guest = LoggingRouter(log, "guest")
    sub.use(Guest(guest))
    top.use("/a", sub)
    top.use("/b", sub)
    return top


async def test_the_lifespans_of_a_family_are_one() -> None:
    """Entered from the top down and left in reverse, when all are wound up; state is merged."""
    log: list[str] = []
    server = Server(family(log), state={"own": 0})
    assert await server.tell("startup") == {"type": "lifespan.startup.complete"}
    assert server.scope["state"] == {"own": 0, "pool": 1, "name": "sub"}
    assert log == ["+top", "+sub", "+guest"]
    log.clear()
    assert await server.tell("shutdown") == {"type": "lifespan.shutdown.complete"}
    assert log == ["~guest", "~sub", "~top", "-guest", "-sub", "-top"]
    await server.task


async def test_a_server_without_state() -> None:
    """What the lifespans yield has no place to go, and that is fine."""
    server = Server(family([]))
    await server.tell("startup")
    assert "state" not in server.scope
    await server.tell("shutdown")
    await server.task


async def test_a_failing_start_is_told_and_raised() -> None:
    """What had started before it is stopped."""
    log: list[str] = []

    @asynccontextmanager
    async def failing(_: object) -> AsyncGenerator[None]:
        raise ValueError("no database")
        yield

    top = LoggingRouter(log, "top")
    top.use("/a", PlainRouter(lifespan=failing))
    server = Server(top)
    answer = await server.tell("startup")
    assert answer["type"] == "lifespan.startup.failed"
    assert "ValueError: no database" in answer["message"]
    assert log == ["+top", "-top"]
    with pytest.raises(ValueError, match="no database"):
        await server.task


async def test_a_route_without_a_handler_fails_the_start() -> None:
    """The mistake shows before the first request."""
    log: list[str] = []
    top = LoggingRouter(log, "top")
    top.bind("/forgotten")
    server = Server(top)
    assert (await server.tell("startup"))["type"] == "lifespan.startup.failed"
    with pytest.raises(TypeError, match="/forgotten has no handler"):
        await server.task
    assert log == []


async def test_a_failing_stop_is_told_and_raised() -> None:
    """The others are stopped all the same."""
    log: list[str] = []

    @asynccontextmanager
    async def failing(_: object) -> AsyncGenerator[None]:
        yield
        raise ValueError("cannot stop")

    top = LoggingRouter(log, "top")
    top.use("/a", PlainRouter(lifespan=failing))
    server = Server(top)
    await server.tell("startup")
    answer = await server.tell("shutdown")
    assert answer["type"] == "lifespan.shutdown.failed"
    assert "ValueError: cannot stop" in answer["message"]
    assert log == ["+top", "~top", "-top"]
    with pytest.raises(ValueError, match="cannot stop"):
        await server.task


async def test_a_server_that_cancels_instead_of_telling() -> None:
    """Everything is stopped in order, and the cancellation goes on."""
    log: list[str] = []
    server = Server(family(log))
    await server.tell("startup")
    server.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await server.task
    assert log[3:] == ["~guest", "~sub", "~top", "-guest", "-sub", "-top"]
    assert len(server.answers) == 1


async def test_running_without_a_server() -> None:
    """A test or a script can run services as well."""
    log: list[str] = []
    async with running(family(log).family()) as state:
        assert state == {"pool": 1, "name": "sub"}
    assert log[-1] == "-top"
