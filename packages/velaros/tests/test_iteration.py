"""Iteration that may be left early: what it holds is let go all the same."""

from __future__ import annotations

import asyncio
import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from velaros.iteration import Iteration

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator


class Source:
    """Numbers to iterate over, and a note of whether they are held."""

    def __init__(self, *numbers: int | Exception) -> None:
        self.log: list[str] = []
        self._numbers = iter(numbers)

    @contextmanager
    def hold(self) -> Generator[str]:
        """Note the holding, and the letting go."""
        self.log.append("held")
        try:
            yield "held"
        finally:
            self.log.append("let go")

    async def begin(self, held: str) -> Callable[[], Awaitable[int]]:
        """Return what makes the numbers."""
        assert held == "held"
        return self._take

    async def _take(self) -> int:
        number = next(self._numbers, None)
        if number is None:
            raise StopAsyncIteration
        if isinstance(number, Exception):
            raise number
        return number

    def iterate(self) -> Iteration[str, int]:
        """Return an iteration over the numbers."""
        return Iteration(self.hold(), self.begin)


async def test_to_the_end() -> None:
    """What is held is let go at the end, and the end stays the end."""
    source = Source(1, 2)
    numbers = source.iterate()
    assert source.log == []
    assert [number async for number in numbers] == [1, 2]
    assert [number async for number in numbers] == []
    assert source.log == ["held", "let go"]


async def test_an_error_is_the_end() -> None:
    """After an error nothing more comes."""
    source = Source(ValueError(), 1)
    numbers = source.iterate()
    with pytest.raises(ValueError):
        await anext(numbers)
    assert source.log == ["held", "let go"]
    assert await anext(numbers, None) is None


async def test_an_iteration_that_is_left() -> None:
    """Who stops early lets go by that, without a task that has to run for it."""
    source = Source(1, 2)
    async for number in source.iterate():
        assert number == 1
        break
    gc.collect()
    tasks = asyncio.all_tasks()
    await asyncio.sleep(0)
    assert source.log == ["held", "let go"]
    assert tasks == {asyncio.current_task()}


async def test_closing() -> None:
    """It can be closed, more than once and before it began."""
    source = Source(1)
    numbers = source.iterate()
    assert await anext(numbers) == 1
    await numbers.aclose()
    await numbers.aclose()
    assert source.log == ["held", "let go"]

    unused = Source(1)
    await unused.iterate().aclose()
    assert unused.log == []


def test_after_the_loop() -> None:
    """Left by a loop that is closed, it is collected without a word."""
    source = Source(1, 2)
    numbers = source.iterate()

    async def begin(numbers: Iteration[str, int]) -> int:
        return await anext(numbers)

    assert asyncio.run(begin(numbers)) == 1
    del numbers
    gc.collect()
    assert source.log[0] == "held"
