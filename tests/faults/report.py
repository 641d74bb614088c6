"""Writes the figures of a run into the documentation: `python tests/faults/report.py FIGURES`."""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Figure: TypeAlias = dict[str, Any]

PAGE = Path(__file__).parents[2] / "docs" / "trust.md"
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->\n"
PACKAGES = ("uvicorn", "h11", "wsproto", "msgspec", "multidict")


def merge(lines: Iterable[str]) -> list[Figure]:
    """Return the figures in their order; of those with one name, the worst."""
    worst: dict[str, Figure] = {}
    for figure in map(json.loads, lines):
        kept = worst.setdefault(figure["row"], figure)
        kept["measured"] = max(kept["measured"], figure["measured"])
    return list(worst.values())


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as a table, those of one load together."""
    rows = ["| load or fault | figure | measured | at most |", "| --- | --- | ---: | ---: |"]
    before = ""
    for figure in figures:
        load, _, name = figure["row"].partition(": ")
        measured, bound = (_show(figure[key], figure["unit"]) for key in ("measured", "bound"))
        rows.append(f"| {'' if load == before else load} | {name} | {measured} | {bound} |")
        before = load
    return "\n".join(rows)


def _show(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def machine() -> str:
    """Return what the figures were measured with and on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"Measured with Python {platform.python_version()}, {versions}, on {platform.system()} "
        f"({platform.machine()}) with {os.cpu_count()} processors and {memory:.0f} GiB of memory."
    )


def main(name: str) -> None:
    """Put the figures of a file in the place of those on the page."""
    figures = merge(Path(name).read_text("utf-8").splitlines())
    head, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    text = f"{head}{BEGIN}\n{machine()}\n\n{table(figures)}\n\n{END}{tail}"
    PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
