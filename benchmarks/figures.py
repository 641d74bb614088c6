"""Figures and the tables they stand in, in Markdown that also reads well in a terminal."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

TIMES = "times"
"""The unit of multiples."""

NONE = "-"
"""Stands where there is nothing to measure."""


@dataclass(frozen=True)
class Row:
    """What was measured of everybody, in one unit."""

    key: str
    """The name by which budgets know the row."""
    title: str
    unit: str
    """`TIMES` for multiples, nothing for counts, else the unit."""
    values: dict[str, float]
    base: str = ""
    """What one multiple is, for a table with multiples: `1.24 µs`."""

    def cells(self, columns: list[str], base: str) -> list[str]:
        """Return the cells of the row; in the column of the base, what it is in absolute terms."""
        return [self._cell(column, column == base) for column in columns]

    def _cell(self, column: str, is_base: bool) -> str:
        if column not in self.values:
            return NONE
        if is_base and self.base:
            return f"1 ({self.base})"
        value = self.values[column]
        if not self.unit:
            return f"{value:.0f}"
        digits = 2 if value < 10 else 1 if value < 100 else 0
        return f"{value:,.{digits}f}" + ("" if self.unit == TIMES else f" {self.unit}")


@dataclass(frozen=True)
class Table:
    """Rows with the same columns, and notes below them."""

    title: str
    columns: list[str]
    rows: list[Row]
    base: str = ""
    """The column that the others are multiples of."""
    notes: list[str] = field(default_factory=list[str])

    def markdown(self) -> str:
        """Return the table with its notes."""
        rows = [[row.title, *row.cells(self.columns, self.base)] for row in self.rows]
        return "\n\n".join([markdown([self.title, *self.columns], rows), *self.notes])

    def value(self, key: str, column: str) -> float | None:
        """Return a figure, if it was measured."""
        found = (row.values.get(column) for row in self.rows if row.key == key)
        return next(found, None)


def to_json(tables: list[Table]) -> str:
    """Return tables as text for another process."""
    return json.dumps([asdict(table) for table in tables])


def from_json(text: str) -> list[Table]:
    """Return the tables that another process made."""
    found: list[dict[str, Any]] = json.loads(text)
    for table in found:
        table["rows"] = [Row(**row) for row in table["rows"]]
    return [Table(**table) for table in found]


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """Return a table whose columns are aligned; all but the first one to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]

    def line(cells: list[str]) -> str:
        padded = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
        return f"| {' | '.join([cells[0].ljust(widths[0]), *padded[1:]])} |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([line(head), line(rule), *map(line, rows)])
