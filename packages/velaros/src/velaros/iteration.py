"""Iteration that may be left early: nothing is a generator that somebody would have to close."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractContextManager

H = TypeVar("H")
V = TypeVar("V")


class Iteration(AsyncIterator[V], Generic[H, V]):
    """Iterates over what is to be had for as long as something is held.

    `hold` is entered when the first item is asked for. `begin` then gets what is held, and returns
    what makes the items. It is let go at the end, on an error, or when nobody iterates any more.
    """

    def __init__(
        self,
        hold: AbstractContextManager[H],
        begin: Callable[[H], Awaitable[Callable[[], Awaitable[V]]]],
    ) -> None:
        self._hold = hold
        self._begin = begin
        self._next: Callable[[], Awaitable[V]] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_over = False

    async def __anext__(self) -> V:
        if self._is_over:
            raise StopAsyncIteration
        try:
            if self._next is None:
                held = self._hold.__enter__()
                self._loop = asyncio.get_running_loop()
                self._next = await self._begin(held)
            return await self._next()
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Stop, and let go of what is held."""
        if not self._is_over:
            self._is_over = True
            if self._loop is not None:
                self._hold.__exit__(None, None, None)

    def __del__(self) -> None:
        if self._loop is not None and not self._is_over:
            # The garbage collector runs in any thread, and also after the loop.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._hold.__exit__, None, None, None)
