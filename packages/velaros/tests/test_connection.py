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
