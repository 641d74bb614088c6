"""Items made ahead of time, so that whoever waits for one can give up for a while."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from navaros.iterators import close_iterator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Producer:
    """Advances an iterator in one task of its own, and no further than it is asked for."""

    def __init__(self, items: AsyncIterator[Any]) -> None:
        """Start the task, to make the first item; it closes the iterator at its end."""
        self._items = items
        self._item: asyncio.Future[Any] | None = None
        self._wanted = asyncio.Event()
        self._is_over = False
        self._ask()
        self._task = asyncio.create_task(self._produce())

    async def next(self, timeout: float | None, default: object) -> Any:
        """Return the next item, or `default` when none is there after `timeout` seconds.

        Raises what the iterator raises, once, and `StopAsyncIteration` at the end.
        """
        if self._is_over:
            raise StopAsyncIteration
        item = self._ask()
        await asyncio.wait((item, self._task), timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if item.done():
            self._item = None
            return item.result()
        if not self._task.done():
            return default
        self._is_over = True
        self._task.result()
        raise StopAsyncIteration

    async def stop(self) -> None:
        """Cancel what runs, and raise what the iterator raises on that."""
        if self._is_over:
            return
        self._is_over = True
        self._task.cancel()
        await asyncio.wait((self._task,))
        if not self._task.cancelled():
            self._task.result()

    def _ask(self) -> asyncio.Future[Any]:
        if self._item is None:
            self._item = asyncio.get_running_loop().create_future()
            self._wanted.set()
        return self._item

    async def _produce(self) -> None:
        try:
            async for item in self._items:
                await self._hand_over(item)
        finally:
            await close_iterator(self._items)

    async def _hand_over(self, item: Any) -> None:
        """Give the item to whoever asked for it, and wait until somebody asks for the next."""
        if self._is_over:
            # The iterator swallowed its cancellation; it goes no further all the same.
            raise asyncio.CancelledError
        assert self._item is not None, "an item is made when it was asked for"
        self._wanted.clear()
        self._item.set_result(item)
        await self._wanted.wait()
