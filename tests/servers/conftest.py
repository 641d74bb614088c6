"""Starts one process per server for the whole run, and looks through its log after each test."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from .clients import Place
from .kinds import KINDS, Kind
from .processes import Server

if TYPE_CHECKING:
    from collections.abc import Iterator


class Fleet:
    """The servers that run, each started when a test first asks for it."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._servers: dict[str, Server] = {}

    def server(self, kind: Kind) -> Server:
        """Return the server of a kind; it runs until the stack unwinds."""
        if kind.name not in self._servers:
            server = self._servers[kind.name] = Server(kind, "both")
            self._stack.callback(server.stop)
            server.await_ready()
        return self._servers[kind.name]


@pytest.fixture(scope="session")
def fleet() -> Iterator[Fleet]:
    """Provide the servers of this run; every one of them is stopped, and has to stop."""
    with ExitStack() as stack:
        yield Fleet(stack)


@pytest.fixture(params=KINDS, ids=str)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Provide each kind of server in turn."""
    return request.param


@pytest.fixture
def server(fleet: Fleet, kind: Kind) -> Iterator[Server]:
    """Provide a running server of each kind; fails when the test left errors in its log."""
    server = fleet.server(kind)
    seen = len(server.complaints())
    yield server
    complaints = server.complaints()[seen:]
    assert not complaints, f"{complaints}\nin the log of {kind}:\n{server.output}"


@pytest.fixture(params=["alone", "mounted"])
def place(server: Server, request: pytest.FixtureRequest) -> Place:
    """Provide the address of a router that is served by itself, and of one that is mounted."""
    return Place(server, f"/{request.param}")
