"""What carries messages, and what is known of the other side."""

from __future__ import annotations

import pytest

from aros_core.asgi.request_facts import RequestFacts
from velaros import Connection, ConnectionEnded, ConnectionInfo

from .helpers import FakeConnection


def test_an_end_has_a_status_and_a_reason() -> None:
    """By default the connection was lost, by the other side."""
    end = ConnectionEnded()
    assert (end.status, end.reason, end.by_server) == (1006, "", False)
    assert str(ConnectionEnded(4000, "done")) == "the connection ended with status 4000: 'done'"


@pytest.mark.parametrize(
    ("status", "by_server", "expected"),
    [(1012, None, True), (1012, False, False), (1001, None, False), (1001, True, True)],
)
def test_1012_is_what_servers_end_with(status: int, by_server: bool | None, expected: bool) -> None:
    """Connections of any kind may tell of a shutdown so, and may say who it was."""
    assert ConnectionEnded(status, by_server=by_server).by_server is expected


def test_anything_with_the_three_methods_is_a_connection() -> None:
    """Nothing needs to be inherited."""
    assert isinstance(FakeConnection(), Connection)
    assert not isinstance(object(), Connection)


@pytest.mark.parametrize(
    "headers", [{"X-Token": "é"}, [("X-Token", "é")], (("x-token", "é"), ("other", "1"))]
)
def test_headers_may_be_a_mapping_or_pairs(headers: object) -> None:
    """Look-ups ignore case, whatever they were given as."""
    info = ConnectionInfo("1.2.3.4:5", headers)  # pyright: ignore[reportArgumentType]
    facts = RequestFacts(info.scope())
    assert facts.headers["X-TOKEN"] == "é"
    assert facts.scope["type"] == "websocket"


def test_nothing_needs_to_be_known() -> None:
    """An info without anything is fine."""
    facts = RequestFacts(ConnectionInfo().scope())
    assert not facts.headers
    assert not facts.query
    assert facts.remote_address is None
