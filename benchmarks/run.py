"""All benchmarks on several Pythons, as the Markdown of the documentation.

Run it: uv run benchmarks/run.py > benchmarks/results.md

Each Python gets an environment of its own, which uv makes. `--short` takes fewer rounds; `--here`
measures with the Python and the packages that run this, and makes no environment.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from budgets import budget_table
from figures import Table, from_json

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent
PYTHONS = ("3.11", "3.13")
SCRIPTS = ("in_process.py", "over_sockets.py", "routing.py", "footprint.py")


def measured(
    python: Sequence[str], options: Sequence[str], environment: dict[str, str]
) -> list[Table]:
    """Return the tables of all scripts, run by this command."""
    tables: list[Table] = []
    for script in SCRIPTS:
        print(f"running: {script}", file=sys.stderr)
        done = subprocess.run(
            [*python, str(HERE / script), "--json", *options],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env=environment,
        )
        tables += from_json(done.stdout)
    return tables


def measured_with(version: str, options: Sequence[str]) -> list[Table]:
    """Return the tables of all scripts on a version of Python."""
    print(f"Python {version}", file=sys.stderr)
    command = ["uv", "run", "--quiet", "--no-default-groups", "--group", "benchmarks"]
    with TemporaryDirectory() as folder:
        environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": folder, "PYENV_VERSION": version}
        return measured([*command, "--python", version, "python"], options, environment)


def markdown(runs: dict[str, list[Table]]) -> str:
    """Return everything that was measured."""
    parts = ["## Budgets", budget_table(runs)]
    for python, tables in runs.items():
        parts.append(f"## Python {python}")
        parts += [table.markdown() for table in tables]
    return "\n\n".join(parts)


def main() -> None:
    """Measure, and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="take fewer rounds")
    parser.add_argument("--here", action="store_true", help="measure with this Python")
    parser.add_argument("--pythons", nargs="+", default=list(PYTHONS), metavar="VERSION")
    arguments = parser.parse_args()
    options = ["--short"] if arguments.short else []
    if arguments.here:
        version = ".".join(platform.python_version_tuple()[:2])
        runs = {version: measured([sys.executable], options, dict(os.environ))}
    else:
        runs = {version: measured_with(version, options) for version in arguments.pythons}
    print(markdown(runs))


if __name__ == "__main__":
    main()
