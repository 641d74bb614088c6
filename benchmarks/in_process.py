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

from apps import MODULES, OURS, RAW, load_all, made, versions
from figures import TIMES, Row, Table, to_json
from http_calls import Request, caller, checked_requests, nothing, repeated
from machine import described
from message_calls import checked_messages
from rounds import in_turn, ratio, typical
from scenarios import GET_TEXT, SCENARIOS, Scenario
from wire import ENVELOPE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rounds import Times, Work
    from wire import Exchange

ROUNDS = 100
TURN = 0.004
"""Seconds of CPU time that a turn takes, about."""
MESSAGE_TURN = 0.02
"""The same for messages, where a turn is one socket, whose handshake is to be negligible."""


async def work_of(name: str, module: Any, app: Any, asked: Request | Exchange) -> Work:
    """Return what is timed, after its answers were checked."""
    if isinstance(asked, Request):
        return await checked_requests(name, app, asked)
    return await checked_messages(name, app, asked, getattr(module, "WIRE", ENVELOPE))


async def works_of(scenario: Scenario, modules: dict[str, Any]) -> dict[str, Work]:
    """Return the work of every application that has the scenario, and that of the smaller size."""
    works: dict[str, Work] = {}
    for name, module in modules.items():
        if not hasattr(module, scenario.kind):
            continue
        app = made(name, scenario.kind, scenario.size)
        works[name] = await work_of(name, module, app, scenario.work)
        if scenario.small is not None:
            size, asked = scenario.small
            app = made(name, scenario.kind, size)
            works[smaller(name)] = await work_of(name, module, app, asked)
    return works


def smaller(name: str) -> str:
    """Return what the smaller size of an application is called."""
    return f"{name}, smaller"


def multiples(scenario: Scenario, times: Times, names: list[str]) -> Row:
    """Return the row of what everybody costs, in multiples of raw."""
    values = {name: ratio(times, name, RAW) for name in names}
    base = f"{typical(times, RAW):.2f} µs"
    return Row(scenario.name, scenario.title, TIMES, values, base)


def growths(scenario: Scenario, times: Times, names: list[str], size: int) -> Row:
    """Return the row of how many times as much as the smaller size everybody costs."""
    values = {name: ratio(times, name, smaller(name)) for name in names}
    return Row(f"{scenario.name}-growth", f"… against {size} routes, each by itself", TIMES, values)


def steps(scenario: Scenario, times: Times, names: list[str], count: int) -> Row:
    """Return the row of what each further one of so many steps costs."""

    def step(name: str) -> float:
        pairs = zip(times[name], times[smaller(name)], strict=True)
        return median((more - less) / count for more, less in pairs)

    return Row(scenario.name, scenario.title, "µs", {name: step(name) for name in names})


async def rows_of(scenario: Scenario, modules: dict[str, Any], rounds: int) -> list[Row]:
    """Measure a scenario; return its rows."""
    turn = TURN if isinstance(scenario.work, Request) else MESSAGE_TURN
    works = await works_of(scenario, modules)
    times = await in_turn(works, rounds, turn)
    names = [name for name in modules if name in works]
    if scenario.small is None or scenario.size is None:
        return [multiples(scenario, times, names)]
    size, _ = scenario.small
    if scenario.kind == "behind":
        return [steps(scenario, times, names, scenario.size - size)]
    return [multiples(scenario, times, names), growths(scenario, times, names, size)]


async def driver_row(rounds: int) -> Row:
    """Return the row of what the driver itself costs in each request."""
    works = {
        RAW: await checked_requests(RAW, made(RAW, "text", None), GET_TEXT),
        "driver": repeated(caller(nothing, GET_TEXT)),
    }
    share = ratio(await in_turn(works, rounds, TURN), "driver", RAW)
    return Row("driver", "the driver's share of GET, text", TIMES, {RAW: share})


async def measure(chosen: list[Scenario], modules: dict[str, Any], rounds: int) -> list[Row]:
    """Measure scenarios; return all rows."""
    rows = [await driver_row(rounds)]
    for scenario in chosen:
        print(f"measuring: {scenario.title}", file=sys.stderr)
        rows += await rows_of(scenario, modules, rounds)
    return rows


def arguments_of(line: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="take a tenth of the rounds")
    parser.add_argument("--json", action="store_true", help="print for programs")
    names = [scenario.name for scenario in SCENARIOS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--apps", nargs="+", choices=list(MODULES), default=list(MODULES))
    return parser.parse_args(line)


def main(line: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for, and print it."""
    arguments = arguments_of(line)
    logging.disable()
    modules, missing = load_all({RAW, OURS, *arguments.apps})
    chosen = [scenario for scenario in SCENARIOS if scenario.name in arguments.only]
    rounds = ROUNDS // 10 if arguments.short else ROUNDS
    rows = asyncio.run(measure(chosen, modules, rounds))
    notes = [described(versions(*modules)), *missing]
    tables = [Table("in process, CPU time, multiples of raw", list(modules), rows, RAW, notes)]
    print(to_json(tables) if arguments.json else tables[0].markdown())


if __name__ == "__main__":
    main()
