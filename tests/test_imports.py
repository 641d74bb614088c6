"""What importing the packages brings along: nothing that only some applications use."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import pytest

SCRIPT = """
import sys
before = set(sys.modules)
import {modules}
print(*sorted(set(sys.modules) - before))
"""

LATER = [
    # Of the standard library.
    "argparse",
    "concurrent.futures.thread",
    "email",
    "html",
    "http",
    "importlib.metadata",
    "json",
    "logging.handlers",
    "mimetypes",
    "tempfile",
    "unittest",
    "zipfile",
    # What the extras bring, and what is used where it is installed.
    "attr",
    "google.protobuf",
    "granian",
    "h11",
    "httptools",
    "httpx2",
    "msgpack",
    "pydantic",
    "python_multipart",
    "uvicorn",
    "uvloop",
    "websockets",
    "wsproto",
    # Of ours.
    "aros_core.patterns.automaton",
    "aros_core.patterns.constraints",
    "aros_core.testing",
    "navaros.cli",
    "navaros.files",
    "navaros.form_parsers",
    "navaros.forms",
    "navaros.ranges",
    "navaros.testing",
    "navaros.uploads",
    "velaros.client",
    "velaros.testing",
    "velaros.transports.client",
    "velaros.transports.websockets",
]
"""What is imported when somebody uses it."""


@cache
def imported_with(modules: str) -> frozenset[str]:
    """Return the names of all modules that importing these imports, in a fresh interpreter."""
    command = [sys.executable, "-c", SCRIPT.format(modules=modules)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return frozenset(result.stdout.split())


@pytest.mark.parametrize("module", LATER)
def test_what_only_some_use_is_imported_later(module: str) -> None:
    """An application that has no use for it does not wait for it."""
    assert module not in imported_with("navaros, velaros")


@pytest.mark.parametrize(("module", "other"), [("navaros", "velaros"), ("velaros", "navaros")])
def test_one_sibling_comes_without_the_other(module: str, other: str) -> None:
    """Whoever has HTTP alone, or messages alone, pays for that alone."""
    found = imported_with(module)
    assert module in found
    assert not {name for name in found if name.partition(".")[0] == other}
