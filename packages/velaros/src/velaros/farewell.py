"""The end of a socket: handlers stop, close hooks run, the close frame goes out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aros_core.steps import chain_of
from velaros.hook_context import HookContext
from velaros.hooks import Moment
from velaros.logs import log_error, logger, name_running
from velaros.tasks import outlast, start_task

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aros_core.steps import Link
    from velaros.context import Context
    from velaros.session import Session
    from velaros.status import CloseStatus

_GRACE = 0.1
"""How many seconds something has to end after it was cancelled past its time."""

_TURNS = 5
"""How many turns of the event loop news takes to get through what handlers await it by."""


class Farewell:
    """Ends one session, each step within the router's `close_timeout`.

    Cancellation of the task that runs it skips nothing: the last one is kept in `cancellation`.
    """

    def __init__(self, session: Session, cancellation: asyncio.CancelledError | None) -> None:
        self._session = session
        self._timeout = session.router.close_timeout
        self.cancellation = cancellation

    async def run(self) -> None:
        """Go through the steps; the close frame goes out whatever the others came to."""
        session = self._session
        session.dispatcher.stop()
        session.announce_closing()
        await self._let_waiters_hear()
        await self._stop_handlers()
        session.lifecycle.begin_farewell()
        await self._run_close_hooks()
        await self._close_connection()
        session.writer.stop()

    async def _let_waiters_hear(self) -> None:
        """Have those who wait for the client, or the end, hear of it before they are cancelled."""
        for _ in range(_TURNS):
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError as error:
                self.cancellation = error

    async def _outlast(self, tasks: Iterable[asyncio.Task[None]], timeout: float) -> None:
        self.cancellation = await outlast(tasks, timeout) or self.cancellation

    async def _stop_handlers(self) -> None:
        dispatcher = self._session.dispatcher
        for task in dispatcher.tasks_but(self._session.closer):
            task.cancel()
        await self._outlast(dispatcher.tasks_but(None), self._timeout)
        late = [(ctx, task) for ctx, task in dispatcher.active.items() if not task.done()]
        for ctx, task in late:
            self._log_late(ctx, "did not end")
            task.cancel()
        await self._outlast([task for _, task in late], _GRACE)

    async def _run_close_hooks(self) -> None:
        """Run all hooks; those behind one that cannot be stopped get a chain of their own."""
        links = self._session.router.hooks(Moment.CLOSE)
        deadline = asyncio.get_running_loop().time() + self._timeout
        attempts = 2 * len(links)  # A task may be cancelled before its first hook has begun.
        while links and attempts:
            attempts -= 1
            links = links[await self._run_hooks(links, deadline) :]

    async def _run_hooks(self, links: Sequence[Link], deadline: float) -> int:
        """Run hooks up to one that cannot be stopped; return how many have begun."""
        loop = asyncio.get_running_loop()
        ctx = HookContext(self._session)
        goodbye = self._say_goodbye(ctx, links)
        task = start_task(goodbye, loop, self._session.dispatcher.contextvars())
        timeout = max(_GRACE, deadline - loop.time())
        cancelled: object = self
        while True:
            await self._outlast([task], timeout)
            if task.done() or ctx.running is cancelled:
                break
            cancelled = ctx.running
            self._log_late(ctx, "as a close hook did not end")
            task.cancel()
            timeout = _GRACE
        ctx.end()
        return ctx.hooks_begun

    async def _say_goodbye(self, ctx: Context, links: Sequence[Link]) -> None:
        self._session.goodbye = (ctx, asyncio.current_task())
        try:
            await ctx.run(chain_of(links))
            log_error(ctx)
        finally:
            ctx.end()

    async def _close_connection(self) -> None:
        owed = self._session.lifecycle.finish()
        if owed is None:
            return
        closing = asyncio.create_task(self._close(owed))
        await self._outlast([closing], self._timeout)
        if not closing.done():
            closing.cancel()
            await self._outlast([closing], _GRACE)

    async def _close(self, owed: CloseStatus) -> None:
        try:
            await self._session.writer.close(owed.status, owed.reason)
        except Exception as error:
            logger.debug("socket %s: closing failed: %r", self._session.id, error)

    def _log_late(self, ctx: Context, what: str) -> None:
        logger.warning(
            "socket %s: %s %s within close_timeout (%g s) and is cancelled",
            self._session.id,
            name_running(ctx),
            what,
            self._timeout,
        )
