"""What importing the packages brings along: nothing that only some applications use."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import pytest

SCRIPT = """
import sys
before = set(sys.modules)
{code}
print(*sorted(set(sys.modules) - before))
"""

ROUTES = """
import navaros, velaros

async def handler(ctx):
    return await ctx.unmarshal()

messages = velaros.Router(origins=["example.com"])
messages.use(velaros.middleware.json())
messages.use_open(handler)
messages.bind("/rooms/:id", handler)
requests = navaros.Router()
requests.use(navaros.middleware.json(), messages.middleware())
requests.post("/rooms/:id", handler)
"""
"""An application with routes for both."""

STARTED = (
    ROUTES
    + """
import asyncio

async def start():
    async with requests.running():
        pass

asyncio.run(start())
"""
)
"""The same, in service for a moment."""

LATER = [
    # Of the standard library.
    "argparse",
    "asyncio",
    "concurrent.futures",
    "email",
    "html",
    "http",
    "importlib.metadata",
    "json",
    "logging.handlers",
    "mimetypes",
    "socket",
    "ssl",
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
    "aros_core.asgi.lifespan",
    "aros_core.codecs.msgpack",
    "aros_core.codecs.protobuf",
    "aros_core.deadline",
    "aros_core.patterns.automaton",
    "aros_core.patterns.constraints",
    "aros_core.routing.table",
    "aros_core.testing",
    "aros_core.threads",
    "navaros.blocking",
    "navaros.cli",
    "navaros.files",
    "navaros.form_parsers",
    "navaros.forms",
    "navaros.interruption",
    "navaros.producer",
    "navaros.ranges",
    "navaros.testing",
    "navaros.uploads",
    "velaros.client",
    "velaros.codecs",
    "velaros.handshake",
    "velaros.session",
    "velaros.testing",
    "velaros.transports",
    "velaros.upgrade",
]
"""What is imported when somebody uses it."""

if sys.version_info >= (3, 13):  # Before, `pathlib` imports it.
    LATER.append("urllib.parse")


@cache
def imported_by(code: str) -> frozenset[str]:
    """Return the names of all modules that this imports, in a fresh interpreter."""
    command = [sys.executable, "-c", SCRIPT.format(code=code)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return frozenset(result.stdout.split())


@pytest.mark.parametrize("module", LATER)
def test_what_only_some_use_is_imported_later(module: str) -> None:
    """An application that has no use for it does not wait for it."""
    assert module not in imported_by("import navaros, velaros")


@pytest.mark.parametrize("module", ["asyncio", "aros_core.routing.table", "velaros.session"])
def test_whoever_only_defines_routes_waits_for_no_event_loop(module: str) -> None:
    """What lists routes, or starts other processes, does without what serves them."""
    assert module not in imported_by(ROUTES)


def test_no_client_waits_for_what_serves_sockets() -> None:
    """It is imported when the server starts, for routers that live in others as well."""
    assert {"velaros.session", "velaros.transports.asgi"} <= imported_by(STARTED)


@pytest.mark.parametrize(("module", "other"), [("navaros", "velaros"), ("velaros", "navaros")])
def test_one_sibling_comes_without_the_other(module: str, other: str) -> None:
    """Whoever has HTTP alone, or messages alone, pays for that alone."""
    found = imported_by(f"import {module}")
    assert module in found
    assert not {name for name in found if name.partition(".")[0] == other}
