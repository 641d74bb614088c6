"""What a call of each ASGI application costs, in process: `uv run benchmarks/in_process.py`.

CPU time, as multiples of a hand-written raw application that does the same. The candidates take
turns, and every answer is checked before it is timed. `--short` takes a tenth of the rounds;
`--only` and `--apps` measure just the rows and columns that one is working on.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from statistics import median
from typing import TYPE_CHECKING, Any

from apps import MODULES, OURS, RAW, Missing, load, maker, versions
from http_calls import Request, checked_requests
from machine import described
from message_calls import checked_messages
from rounds import in_turn, ratio, typical
from scenarios import SCENARIOS, Scenario
from tables import NONE, markdown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rounds import Times, Work
    from wire import Exchange

ROUNDS = 100
TURN = 0.004
"""Seconds of CPU time that a turn takes, about."""
MESSAGE_TURN = 0.02
"""The same for messages, where a turn is one socket, whose handshake is to be negligible."""


async def work_of(name: str, app: Any, asked: Request | Exchange) -> Work:
    """Return what is timed, after its answers were checked."""
    if isinstance(asked, Request):
        return await checked_requests(name, app, asked)
    return await checked_messages(name, app, asked)


async def works_of(scenario: Scenario, modules: dict[str, Any]) -> dict[str, Work]:
    """Return the work of every application that has the scenario, and that of the smaller size."""
    works: dict[str, Work] = {}
    for name, module in modules.items():
        make = maker(module, scenario.kind)
        if make is None:
            continue
        arguments = () if scenario.size is None else (scenario.size,)
        works[name] = await work_of(name, make(*arguments), scenario.work)
        if scenario.small is not None:
            size, asked = scenario.small
            works[smaller(name)] = await work_of(name, make(size), asked)
    return works


def smaller(name: str) -> str:
    """Return what the smaller size of an application is called."""
    return f"{name}, smaller"


def multiples(times: Times, names: Sequence[str]) -> list[str]:
    """Return the cells of a row: raw's microseconds, and multiples of them."""
    cells: list[str] = []
    for name in names:
        if name not in times:
            cells.append(NONE)
        elif name == RAW:
            cells.append(f"1 ({typical(times, name):.2f} µs)")
        else:
            cells.append(f"{ratio(times, name, RAW):.2f}")
    return cells


def growths(times: Times, names: Sequence[str]) -> list[str]:
    """Return how many times as much as the smaller size everybody costs."""
    return [f"{ratio(times, name, smaller(name)):.2f}" if name in times else NONE for name in names]


def steps(times: Times, names: Sequence[str], count: int) -> list[str]:
    """Return what each further one of so many steps costs, in microseconds."""

    def each(name: str) -> float:
        pairs = zip(times[name], times[smaller(name)], strict=True)
        return median((more - less) / count for more, less in pairs)

    return [f"{each(name):.2f} µs" if name in times else NONE for name in names]


async def rows_of(scenario: Scenario, modules: dict[str, Any], *, rounds: int) -> list[list[str]]:
    """Measure a scenario; return its rows."""
    names = list(modules)
    turn = TURN if isinstance(scenario.work, Request) else MESSAGE_TURN
    times = await in_turn(await works_of(scenario, modules), rounds, turn)
    if scenario.small is None:
        return [[scenario.title, *multiples(times, names)]]
    size, _ = scenario.small
    if scenario.kind == "behind":
        assert scenario.size is not None
        return [[scenario.title, *steps(times, names, scenario.size - size)]]
    return [
        [scenario.title, *multiples(times, names)],
        [f"… against {size} routes, by itself", *growths(times, names)],
    ]


async def table(chosen: Sequence[Scenario], modules: dict[str, Any], *, rounds: int) -> str:
    """Measure scenarios; return the table of their rows."""
    rows: list[list[str]] = []
    for scenario in chosen:
        print(f"measuring: {scenario.title}", file=sys.stderr)
        rows += await rows_of(scenario, modules, rounds=rounds)
    return markdown(["multiples of raw", *modules], rows)


def load_all(names: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the modules of applications, and why the others are left out."""
    modules: dict[str, Any] = {}
    missing: list[str] = []
    for name in names:
        try:
            modules[name] = load(name)
        except Missing as reason:
            missing.append(str(reason))
    return modules, missing


def arguments_of(line: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="take a tenth of the rounds")
    names = [scenario.name for scenario in SCENARIOS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--apps", nargs="+", choices=list(MODULES), default=list(MODULES))
    return parser.parse_args(line)


def main(line: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for, and print it."""
    arguments = arguments_of(line)
    logging.disable()
    names = [name for name in MODULES if name in (RAW, OURS, *arguments.apps)]
    modules, missing = load_all(names)
    chosen = [scenario for scenario in SCENARIOS if scenario.name in arguments.only]
    rounds = ROUNDS // 10 if arguments.short else ROUNDS
    print(asyncio.run(table(chosen, modules, rounds=rounds)))
    print()
    print(described({name: found for app in modules for name, found in versions(app).items()}))
    for reason in missing:
        print(reason)


if __name__ == "__main__":
    main()
