"""What requests and messages cost real servers.

Run it: uv run --group benchmarks benchmarks/over_sockets.py

The server runs on one core, what asks it on another. A figure is the CPU time of the server's
processes, divided by what was answered, as a multiple of raw ASGI on the same server; the
applications take turns. HTTP needs `wrk`. `--short` takes three rounds of raw and ours alone,
on one server.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import loads
from apps import MODULES, OURS, RAW, load_all, versions
from figures import TIMES, Row, Table, to_json
from http_calls import Request
from machine import described
from rounds import ratio, typical
from scenarios import SCENARIOS
from servers import CORES, KINDS, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rounds import Times
    from servers import Kind

ROUNDS, SHORT_ROUNDS = 11, 3
IDLE_SOCKETS = 500
SETTLING = 7
"""Seconds until a server has let go of what its handshakes needed: uvicorn has timers of 5 s."""
APPS, SHORT_APPS = (RAW, OURS, "BlackSheep", "Starlette"), (RAW, OURS)


def in_turn(servers: dict[str, Server], load: Callable[[Server], int], rounds: int) -> Times:
    """Return the CPU time for each answer, by server and round; the first round warms up."""
    times: Times = {name: [] for name in servers}
    for number in range(rounds + 1):
        for name, server in servers.items():
            before = server.cpu_time()
            answered = load(server)
            if number:
                times[name].append((server.cpu_time() - before) / answered)
    return times


def multiples(kind: Kind, name: str, title: str, times: Times) -> Row:
    """Return the row of what everybody costs, in multiples of raw."""
    values = {app: ratio(times, app, RAW) for app in times}
    base = f"{typical(times, RAW):.1f} µs"
    return Row(f"{kind.key}-{name}", f"{kind.name}: {title}", TIMES, values, base)


def http_rows(kind: Kind, apps: Sequence[str], rounds: int) -> Iterable[Row]:
    """Yield the rows of the small HTTP scenarios on one server."""
    for scenario in SCENARIOS:
        request = scenario.work
        if scenario.size is not None or not isinstance(request, Request):
            continue
        with ExitStack() as stack:
            servers = {app: stack.enter_context(Server(kind, app, scenario.kind)) for app in apps}
            for app, server in servers.items():
                loads.check(server, app, request)

            def load(server: Server, request: Request = request) -> int:
                return loads.requests(server, request)

            times = in_turn(servers, load, rounds)
        yield multiples(kind, scenario.name, scenario.title, times)


def message_row(kind: Kind, apps: Sequence[str], rounds: int) -> Row:
    """Return the row of messages on one server."""
    with ExitStack() as stack:
        servers = {app: stack.enter_context(Server(kind, app, "messages")) for app in apps}
        times = in_turn(servers, loads.messages, rounds)
    return multiples(kind, "message", "message, replied, 8 in flight on each socket", times)


def memory_row(kind: Kind, apps: Sequence[str]) -> Row:
    """Return the row of what an idle socket holds, above what it does with raw."""
    values = {app: memory_of(kind, app) for app in apps}
    above = {app: value - values[RAW] for app, value in values.items() if app != RAW}
    title = f"{kind.name}: an idle socket, above raw's {values[RAW]:.1f} KiB"
    return Row(f"{kind.key}-memory", title, "KiB", above)


def memory_of(kind: Kind, app: str) -> float:
    """Return how much memory a socket holds that is silent after its first message, in KiB."""
    with (
        Server(kind, app, "messages", traced=True) as server,
        loads.idle_sockets(server, IDLE_SOCKETS // 10),
    ):
        time.sleep(SETTLING)
        before = server.memory()
        with loads.idle_sockets(server, IDLE_SOCKETS):
            time.sleep(SETTLING)
            return (server.memory() - before) / IDLE_SOCKETS


def measure(kinds: Sequence[Kind], apps: Sequence[str], *, short: bool) -> list[Row]:
    """Measure everything on these servers; return the rows."""
    rows: list[Row] = []
    rounds = SHORT_ROUNDS if short else ROUNDS
    for kind in kinds:
        print(f"measuring: {kind.name}", file=sys.stderr)
        if shutil.which("wrk"):
            rows += http_rows(kind, apps, rounds)
        rows.append(message_row(kind, apps, rounds))
        rows.append(memory_row(kind, apps))
    return rows


def notes_of(kinds: Sequence[Kind], missing: Sequence[str], apps: Sequence[str]) -> list[str]:
    """Return what has to be said of the circumstances."""
    servers = {item: version for kind in kinds for item, version in kind.versions().items()}
    notes = [described({**versions(*apps), **servers}), *missing]
    if not shutil.which("wrk"):
        notes.append("`wrk` is not installed, so HTTP is left out.")
    if len(CORES) == 1:
        notes.append("There is one core only, which the server and its load share.")
    return notes


def main(line: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for, and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="take a few rounds of raw and ours")
    parser.add_argument("--json", action="store_true", help="print for programs")
    keys = [kind.key for kind in KINDS]
    parser.add_argument("--servers", nargs="+", choices=keys, default=[])
    parser.add_argument("--apps", nargs="+", choices=list(MODULES), default=[])
    arguments = parser.parse_args(line)
    wanted = arguments.apps or (SHORT_APPS if arguments.short else APPS)
    modules, missing = load_all({RAW, OURS, *wanted})
    apps = list(modules)
    servers = arguments.servers or (keys[:1] if arguments.short else keys)
    chosen = [kind for kind in KINDS if kind.key in servers]
    kinds = [kind for kind in chosen if not kind.lacks()]
    missing += [
        f"{kind.name} is left out: {', '.join(kind.lacks())} not installed."
        for kind in chosen
        if kind.lacks()
    ]
    rows = measure(kinds, apps, short=arguments.short)
    notes = notes_of(kinds, missing, apps)
    table = Table("over sockets, CPU time of the server, multiples of raw", apps, rows, RAW, notes)
    print(to_json([table]) if arguments.json else table.markdown())


if __name__ == "__main__":
    main()
