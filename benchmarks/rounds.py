"""Measuring in turn: in each round everybody works once, so what disturbs one disturbs all."""

from __future__ import annotations

import gc
import time
from collections.abc import Awaitable, Callable
from statistics import median
from typing import TypeAlias

Work: TypeAlias = Callable[[int], Awaitable[None]]
"""Does what is measured so many times."""

Times: TypeAlias = dict[str, list[float]]
"""Microseconds of CPU time for one time, by candidate and round."""


async def in_turn(works: dict[str, Work], rounds: int, seconds: float) -> Times:
    """Return what each work costs; a turn takes about this many seconds, and at least one time.

    The first to have its turn changes from round to round. What stands before the first round is
    frozen, so that the garbage collector only meets what the works leave behind.
    """
    counts = {name: await _count(work, seconds) for name, work in works.items()}
    names = list(works)
    times: Times = {name: [] for name in names}
    gc.collect()
    gc.freeze()
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            started = time.process_time_ns()
            await works[name](counts[name])
            spent = time.process_time_ns() - started
            times[name].append(spent / counts[name] / 1000)
    gc.unfreeze()
    return times


async def _count(work: Work, seconds: float) -> int:
    """Return how many times a work fits into a turn, after a warm-up."""
    count = 1
    while True:
        started = time.process_time()
        await work(count)
        spent = time.process_time() - started
        if spent >= seconds / 4:
            return max(1, round(count * seconds / spent))
        count *= 4


def typical(times: Times, name: str) -> float:
    """Return what one time costs in microseconds: the median of the rounds."""
    return median(times[name])


def ratio(times: Times, name: str, to: str) -> float:
    """Return how many times as much as another it costs: the median of the rounds' ratios."""
    return median(a / b for a, b in zip(times[name], times[to], strict=True))
