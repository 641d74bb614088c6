"""How close to the limit we want to stay, and whether we do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from apps import OURS
from figures import NONE, Table, markdown

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Budget:
    """The most that a figure of ours may be."""

    key: str
    """The row in the tables."""
    title: str
    most: float
    """The most, on Python 3.11 where that differs."""
    unit: str = ""
    most_newer: float | None = None
    """The most where tasks start eagerly, from Python 3.12 on; `None` for no difference."""

    def most_on(self, python: tuple[int, int]) -> float:
        """Return the most on a version of Python."""
        if self.most_newer is not None and python >= (3, 12):
            return self.most_newer
        return self.most


BUDGETS = (
    Budget("text", "GET, text, static route", 1.9),
    Budget("parameter", "GET, one parameter, small JSON", 1.2),
    Budget("typed", "POST JSON into a typed object and back", 1.0),
    Budget("middleware-5", "text behind 5 middlewares", 2.2),
    Budget("middleware-each", "each further middleware", 0.35, "µs"),
    Budget("many-static-growth", "5,000 routes against 10, static", 1.1),
    Budget("many-parameter-growth", "5,000 routes against 10, parameter", 1.1),
    Budget("many-404-growth", "5,000 routes against 10, none matches", 1.1),
    Budget("build", "building 5,000 routes", 1.0, "s"),
    Budget("message", "message, dispatched by path, replied", 2.0, most_newer=1.0),
    Budget("message-data", "the same, payload read", 2.0, most_newer=1.0),
    Budget("uvicorn-fast-text", "uvicorn, httptools, uvloop: GET, text", 1.1),
    Budget("uvicorn-fast-message", "uvicorn, websockets-sansio: message", 1.0),
    Budget("uvicorn-fast-memory", "memory of an idle socket above raw's", 4.0, "KiB"),
    Budget("import", "import, against Starlette's", 1.0),
    Budget("distributions", "distributions, with all they need", 8),
)


def figure_of(budget: Budget, tables: Sequence[Table]) -> float | None:
    """Return our figure for a budget, if it was measured."""
    found = _value(tables, budget.key, OURS)
    if budget.key == "import" and found is not None:
        starlette = _value(tables, budget.key, "Starlette")
        return None if starlette is None else found / starlette
    return found


def _value(tables: Sequence[Table], key: str, column: str) -> float | None:
    values = (table.value(key, column) for table in tables)
    return next((value for value in values if value is not None), None)


def rows_of(budget: Budget, runs: dict[str, list[Table]]) -> list[str]:
    """Return the row of a budget: what each Python's figure is, and whether the budget holds."""
    unit = f" {budget.unit}" if budget.unit else ""
    cells = [budget.title]
    for python, tables in runs.items():
        major, minor, *_ = map(int, python.split("."))
        most, figure = budget.most_on((major, minor)), figure_of(budget, tables)
        verdict = NONE if figure is None else "yes" if figure <= most else "**no**"
        found = NONE if figure is None else f"{figure:.3g}{unit}"
        cells += [f"{most:g}{unit}", found, verdict]
    return cells


def budget_table(runs: dict[str, list[Table]]) -> str:
    """Return the table of all budgets for runs by version of Python."""
    head = ["ours"]
    for python in runs:
        head += [f"at most on {python}", "measured", "holds"]
    return markdown(head, [rows_of(budget, runs) for budget in BUDGETS])
