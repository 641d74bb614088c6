"""The servers under test: how each is started, and what it can do."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

from .abilities import Abilities, Ability, Frame, Shutdown

SERVER_LIMIT = 256 * 1024
"""The limit for messages of those servers that let us set it, in bytes."""


@dataclass(frozen=True)
class Kind:
    """A server with its options."""

    name: str
    command: str
    """The arguments of `python -m`, with places for the application and the port."""
    ready: str
    """What it logs when it is in service."""
    limit: int
    """Its own limit for a message, in bytes."""
    abilities: Abilities
    noise: tuple[str, ...] = ()
    """Beginnings of lines that it logs before tracebacks of its own making."""

    def arguments(self, app: str, port: int) -> list[str]:
        """Return the command line that serves an application of `app.py` on a port."""
        line = self.command.format(app=f"app:{app}", port=port, limit=self.limit)
        return [sys.executable, "-m", *line.split()]

    def __str__(self) -> str:
        return self.name


UVICORN = (
    "uvicorn {app} --port {port} --ws-max-size {limit} --timeout-graceful-shutdown 10"
    " --no-access-log"
)

UVICORN_WSPROTO = Kind(
    name="uvicorn, wsproto",
    command=f"{UVICORN} --http h11 --ws wsproto",
    ready="Uvicorn running on",
    limit=SERVER_LIMIT,
    abilities=Abilities(
        denial_response=Ability(True),
        client_status=Ability(True),
        client_reason=Ability(True),
        drop_status=Ability(1005),
        violation_status=Ability(True),
        violation_frame=Ability(Frame.NONE),
        size_frame=Ability(Frame.FULL),
        shutdown=Ability(Shutdown.ORDERLY),
        shutdown_status=Ability(1012),
        shutdown_farewell=Ability(False, "its close frame goes first"),
    ),
)

UVICORN_WEBSOCKETS = Kind(
    name="uvicorn, websockets-sansio",
    command=f"{UVICORN} --http httptools --ws websockets-sansio",
    ready="Uvicorn running on",
    limit=SERVER_LIMIT,
    abilities=Abilities(
        denial_response=Ability(True),
        client_status=Ability(True),
        client_reason=Ability(True),
        drop_status=Ability(1005),
        violation_status=Ability(True),
        violation_frame=Ability(Frame.FULL),
        size_frame=Ability(Frame.FULL),
        shutdown=Ability(Shutdown.ORDERLY),
        shutdown_status=Ability(1012),
        shutdown_farewell=Ability(False, "its close frame goes first"),
    ),
    noise=("ERROR:    Invalid UTF-8 sequence received from client.",),
)

HYPERCORN_311 = Kind(
    name="Hypercorn, Python 3.11",
    command="hypercorn {app} --bind 127.0.0.1:{port} --graceful-timeout 1 --config hypercorn.toml",
    ready="Running on",
    limit=SERVER_LIMIT,
    abilities=Abilities(
        denial_response=Ability(True),
        client_status=Ability(False, "always 1006"),
        client_reason=Ability(False),
        drop_status=Ability(1006),
        violation_status=Ability(False, "always 1006"),
        violation_frame=Ability(Frame.NONE),
        size_frame=Ability(Frame.FULL),
        shutdown=Ability(Shutdown.ORDERLY, "after its graceful timeout"),
        shutdown_status=Ability(1001),
        shutdown_farewell=Ability(True),
    ),
    noise=("handle: <Handle StreamReaderProtocol.connection_made",),
)

# From Python 3.12 on `asyncio.Server.wait_closed` waits for connections, and Hypercorn for it.
HYPERCORN = replace(
    HYPERCORN_311,
    name="Hypercorn, Python 3.12+",
    abilities=replace(
        HYPERCORN_311.abilities,
        shutdown=Ability(Shutdown.PATIENT, "it waits until clients leave"),
        shutdown_status=Ability(1000, "as they leave"),
        shutdown_farewell=Ability(False),
    ),
)

GRANIAN = Kind(
    name="Granian",
    command="granian {app} --interface asgi --port {port}",
    ready="[INFO] Started worker-1",
    limit=16 * 1024 * 1024,
    abilities=Abilities(
        denial_response=Ability(True),
        client_status=Ability(True),
        client_reason=Ability(False),
        drop_status=Ability(1005),
        violation_status=Ability(False, "always 1005"),
        violation_frame=Ability(Frame.BARE),
        size_frame=Ability(Frame.BARE),
        shutdown=Ability(Shutdown.ABRUPT),
        shutdown_status=Ability(1006, "seldom 1001"),
        shutdown_farewell=Ability(False, "seldom, and close handlers may see a drop"),
    ),
)

ALL_KINDS = (UVICORN_WSPROTO, UVICORN_WEBSOCKETS, HYPERCORN_311, HYPERCORN, GRANIAN)
"""All servers that the deployment page compares."""

KINDS = tuple(
    kind
    for kind in ALL_KINDS
    if kind is not (HYPERCORN_311 if sys.version_info >= (3, 12) else HYPERCORN)
)
"""The servers that run on this version of Python."""
