"""What it costs to have us at all: imports, distributions, and building a large router.

Run it: uv run --group benchmarks benchmarks/footprint.py

The import time is the CPU time of a process above that of one that imports nothing: the median
of rounds in turn, everything compiled to bytecode before, whatever the environment says of that.
Building is CPU time until the first request is answered: the least of a few.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import subprocess
import sys
import time
from importlib.metadata import requires
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from apps import MODULES, OURS, RAW, load_all, made, versions
from figures import Row, Table, to_json
from http_calls import checked_requests
from machine import described
from scenarios import MANY, request_of_many

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS, SHORT_ROUNDS = 21, 5
BUILDS = 3
SLOW = 2.0
"""Who takes longer than so many seconds to build is asked only once."""

IMPORTS = {
    OURS: "navaros, velaros",
    "BlackSheep": "blacksheep",
    "Falcon": "falcon.asgi",
    "Starlette": "starlette.applications",
    "Litestar": "litestar",
    "FastAPI": "fastapi",
    "python-socketio": "socketio",
}


def import_rows(names: Sequence[str], rounds: int) -> list[Row]:
    """Return what imports cost, in milliseconds of CPU time."""
    commands = {"": "pass", **{name: f"import {IMPORTS[name]}" for name in names}}
    times: dict[str, list[float]] = {name: [] for name in commands}
    with TemporaryDirectory() as bytecode:
        for number in range(rounds + 1):
            for name, command in commands.items():
                spent = process_time(command, bytecode)
                if number:  # The first round compiles, and fills the caches of the disk.
                    times[name].append(spent)
    values = {
        name: median(a - b for a, b in zip(times[name], times[""], strict=True)) * 1000
        for name in names
    }
    return [Row("import", "import", "ms", values)]


def process_time(command: str, bytecode: str) -> float:
    """Return the seconds of CPU time that a Python process takes for some code.

    `bytecode` is the folder of what it compiles, or was compiled before.
    """
    settings = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": bytecode}
    process = subprocess.Popen([sys.executable, "-c", command], env={**os.environ, **settings})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command!r} failed")
    return usage.ru_utime + usage.ru_stime


def distributions_row(names: Sequence[str]) -> Row:
    """Return how many distributions installing everybody installs, themselves included."""
    values = {name: float(len(required(list(MODULES[name][1])))) for name in names}
    return Row("distributions", "distributions, with all they need", "", values)


def required(distributions: list[str]) -> set[str]:
    """Return these distributions and all that they need in this environment, without extras."""
    found: set[str] = set()
    wanted = [(name, frozenset({""})) for name in distributions]
    seen: set[tuple[str, frozenset[str]]] = set()
    while wanted:
        name, extras = item = wanted.pop()
        if item in seen:
            continue
        seen.add(item)
        found.add(name)
        for text in requires(name) or ():
            needed = Requirement(text)
            marker = needed.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
                normal = needed.name.lower().replace("_", "-").replace(".", "-")
                wanted.append((normal, frozenset({"", *needed.extras})))
    return found


async def build_time(name: str) -> float:
    """Return the seconds of CPU time until an application with many routes answers."""
    least = float("inf")
    for _ in range(BUILDS):
        made.cache_clear()
        started = time.process_time()
        await checked_requests(name, made(name, "many", MANY), request_of_many("static", MANY))
        least = min(least, time.process_time() - started)
        if least > SLOW:
            break
    return least


def build_row(modules: dict[str, object]) -> Row:
    """Return what building many routes costs everybody who can."""
    names = [name for name, module in modules.items() if hasattr(module, "many")]
    values = {name: asyncio.run(build_time(name)) for name in names}
    return Row("build", f"building {MANY:,} routes, until the first answer", "s", values)


def main(line: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for, and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="of raw, ours and Starlette alone")
    parser.add_argument("--json", action="store_true", help="print for programs")
    arguments = parser.parse_args(line)
    logging.disable()
    names = (RAW, OURS, "Starlette") if arguments.short else tuple({RAW: 0, **IMPORTS})
    modules, missing = load_all(names)
    imported = [name for name in modules if name in IMPORTS]
    rows = import_rows(imported, SHORT_ROUNDS if arguments.short else ROUNDS)
    rows += [distributions_row(imported), build_row(modules)]
    notes = [described(versions(*modules)), *missing]
    table = Table("footprint", list(modules), rows, "", notes)
    print(to_json([table]) if arguments.json else table.markdown())


if __name__ == "__main__":
    main()
