"""Figures that are measured under load and faults: each is printed, kept and has to hold."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

VARIABLE = "AROS_FIGURES"
"""The environment variable that names the file to which figures are appended."""


def record(row: str, measured: float, bound: float, unit: str) -> None:
    """Print a figure, append it to the file of figures, and demand that it is within its bound.

    `row` says what was done and what of it was measured: `200 requests at once: time to the end`.
    Raises `AssertionError` when `measured` is above `bound`; but not under a tracer, as coverage
    has one, since most of what is measured then is the tracer's.
    """
    figure = {"row": row, "measured": round(measured, 3), "bound": bound, "unit": unit}
    sys.stdout.write(f"{row}: {measured:.4g} {unit} (at most {bound:g})\n")
    name = os.environ.get(VARIABLE)
    if name:
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(figure)}\n")
    is_within = measured <= bound or sys.gettrace() is not None
    assert is_within, f"{row}: {measured:.4g} {unit}, which is over {bound:g}"
