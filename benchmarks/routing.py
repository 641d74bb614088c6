"""What finding a route costs, from 10 to 5,000 of them: `uv run benchmarks/routing.py`.

Asked for are the last static route, the last one with a parameter, and a path without a route, in
whole requests with Navaros and whole messages with Velaros. CPU time, in turn, answers checked.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import time
from typing import TYPE_CHECKING

import velaros

from apps import OURS, made, versions
from figures import TIMES, Row, Table, to_json
from http_calls import checked_requests
from machine import described
from message_calls import checked_messages
from rounds import in_turn, ratio, typical
from scenarios import request_of_many
from wire import Exchange

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from rounds import Work

SIZES = (10, 100, 1000, 5000)
ASKED = ("static", "parameter", "404")
ROUNDS, SHORT_ROUNDS = 60, 10
TURN = 0.004
MESSAGE_TURN = 0.02


async def pong(ctx: velaros.Context) -> bool:
    """Answer with next to nothing, so that the routing shows."""
    return True


def message_router(count: int) -> velaros.Router:
    """Return a router of messages with so many routes, half of them with a parameter."""
    router = velaros.Router()
    router.use(velaros.middleware.json())
    for number in range(count // 2):
        router.bind(f"/api/r{number}/list", pong)
        router.bind(f"/api/r{number}/items/:id", pong)
    return router


def exchange_of_many(what: str, size: int) -> Exchange:
    """Return the message for the last route of a kind, or for none."""
    path = request_of_many(what, size).path
    return Exchange(path, None, {"error": "not found"} if what == "404" else True)


async def request_work(size: int, what: str) -> Work:
    """Return the work of requests to a router of a size."""
    return await checked_requests(OURS, made(OURS, "many", size), request_of_many(what, size))


async def message_work(size: int, what: str) -> Work:
    """Return the work of messages to a router of a size."""
    return await checked_messages(OURS, message_router(size), exchange_of_many(what, size))


async def rows_of(
    what: str, work_of: Callable[[int, str], Awaitable[Work]], rounds: int, turn: float
) -> list[Row]:
    """Return a row for each kind of path: microseconds for each size, and the growth."""
    rows: list[Row] = []
    for asked in ASKED:
        times = await in_turn(
            {column(size): await work_of(size, asked) for size in SIZES}, rounds, turn
        )
        title = f"{what}, {'none matches' if asked == '404' else f'last {asked}'}"
        values = {column(size): typical(times, column(size)) for size in SIZES}
        rows.append(Row(f"{what}-{asked}", title, "µs", values))
        growth = {column(size): ratio(times, column(size), column(SIZES[0])) for size in SIZES}
        rows.append(Row(f"{what}-{asked}-growth", f"… against {SIZES[0]}", TIMES, growth))
    return rows


def column(size: int) -> str:
    """Return the name of the column of a size."""
    return f"{size:,} routes"


def build_row() -> Row:
    """Return what it takes to build a router of messages, until it is ready."""
    values: dict[str, float] = {}
    for size in SIZES:
        started = time.process_time()
        asyncio.run(message_work(size, "static"))
        values[column(size)] = time.process_time() - started
    return Row("message-build", "building a router of messages, to its first answers", "s", values)


async def measure(rounds: int) -> list[Row]:
    """Measure requests and messages."""
    rows = await rows_of("request", request_work, rounds, TURN)
    return rows + await rows_of("message", message_work, rounds, MESSAGE_TURN)


def main(line: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for, and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="take fewer rounds")
    parser.add_argument("--json", action="store_true", help="print for programs")
    arguments = parser.parse_args(line)
    logging.disable()
    rows = asyncio.run(measure(SHORT_ROUNDS if arguments.short else ROUNDS))
    columns = [column(size) for size in SIZES]
    notes = [described(versions(OURS))]
    table = Table("routing, CPU time", columns, [*rows, build_row()], "", notes)
    print(to_json([table]) if arguments.json else table.markdown())


if __name__ == "__main__":
    main()
