"""The ASGI lifespan of an application under test."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import TracebackType

    from aros_core.asgi.types import ASGIApp, Event


class LifespanManager:
    """Runs an application's lifespan for as long as anybody needs it.

    `async with manager as state:` starts it, unless it runs already, and yields what the
    application put into the ASGI state; the last to leave stops it. Managers of one application
    share its lifespan, so that tests can use several clients. An application without a lifespan is
    fine. What the application raises is raised here; `LifespanFailed` when it only says that it
    failed, `TimeoutError` when start or stop takes over `timeout` seconds.
    """

    def __init__(self, app: ASGIApp, *, timeout: float = 10.0) -> None:
        self._app = app
        self._timeout = timeout

    async def __aenter__(self) -> dict[str, Any]:
        run = _runs.get(self._key)
        if run is None:
            run = _runs[self._key] = _Run(self._app, self._timeout)
        run.users += 1
        try:
            await run.start()
        except BaseException:
            await self._leave()
            raise
        return run.state

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._leave()

    async def _leave(self) -> None:
        run = _runs[self._key]
        run.users -= 1
        if run.users == 0:
            del _runs[self._key]
            await run.stop()

    @property
    def _key(self) -> tuple[asyncio.AbstractEventLoop, int]:
        return asyncio.get_running_loop(), id(self._app)


class LifespanFailed(RuntimeError):
    """The application answered that its start or stop failed, and raised nothing itself."""


class _Run:
    """One lifespan, from its start to its stop."""

    def __init__(self, app: ASGIApp, timeout: float) -> None:
        self.state: dict[str, Any] = {}
        self.users = 0
        """How many managers are entered."""
        self._timeout = timeout
        loop = asyncio.get_running_loop()
        self._answers: dict[str, asyncio.Future[str | None]] = {
            phase: loop.create_future() for phase in ("startup", "shutdown")
        }
        """The failure that the application told of for each phase, `None` for success."""
        self._stopping = asyncio.Event()
        self._takes_part: bool | None = None
        """Whether the application knows of lifespans; `None` before it asked for an event."""
        self._is_up = False
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        self._task = loop.create_task(_run_app(app, scope, self))

    async def receive(self) -> Event:
        """Give the application its next event."""
        if self._takes_part is None:
            self._takes_part = True
            return {"type": "lifespan.startup"}
        await self._stopping.wait()
        return {"type": "lifespan.shutdown"}

    async def send(self, event: Event) -> None:
        """Take the application's answer."""
        if not event["type"].startswith("lifespan."):
            self._takes_part = False
            raise RuntimeError(f"{event['type']} is no answer to an event of the lifespan")
        _, phase, outcome = event["type"].split(".")
        if not self._answers[phase].done():
            failure = event.get("message", "") if outcome == "failed" else None
            self._answers[phase].set_result(failure)

    async def start(self) -> None:
        """Return when the application has started, or has no lifespan."""
        await self._wait_for("startup")
        self._is_up = self._answers["startup"].done()

    async def stop(self) -> None:
        """Return when the application has stopped; nothing of it runs any more then."""
        self._stopping.set()
        try:
            if self._is_up:
                await self._wait_for("shutdown")
                await asyncio.wait([self._task], timeout=self._timeout)
                self._raise_what_it_raised()
        finally:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=self._timeout)

    async def _wait_for(self, phase: str) -> None:
        answer = self._answers[phase]
        await asyncio.wait(
            [self._task, answer], timeout=self._timeout, return_when=asyncio.FIRST_COMPLETED
        )
        if answer.done():
            if answer.result() is None:
                return
            await asyncio.wait([self._task], timeout=self._timeout)
            self._raise_what_it_raised()
            raise LifespanFailed(f"the application's {phase} failed: {answer.result()}")
        if not self._task.done():
            raise TimeoutError(
                f"the application did not answer lifespan.{phase} within {self._timeout:g} s"
            )
        self._raise_what_it_raised()

    def _raise_what_it_raised(self) -> None:
        """Raise the application's error, unless that only says that it knows no lifespans."""
        if self._task.done() and not self._task.cancelled():
            error = self._task.exception()
            if error is not None and self._takes_part:
                raise error


async def _run_app(app: ASGIApp, scope: dict[str, Any], run: _Run) -> None:
    await app(scope, run.receive, run.send)


_runs: Final[dict[tuple[asyncio.AbstractEventLoop, int], _Run]] = {}
"""The lifespans that run, by event loop and identity of their applications."""
