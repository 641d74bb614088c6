"""Requests of the smuggling and framing kinds, in bytes, to a server under `navaros.serve`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .figures import record
from .smuggling import ATTACKS, NEXT, Attack
from .witness import Witness, statuses, witness

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST = 54
"""How many raw requests there are at least."""


def check(server: Witness, attack: Attack) -> str | None:
    """Send an attack and the next request; return what is wrong with what reached the app."""
    received = server.send(attack.data + NEXT)
    answers = statuses(received)
    seen = server.seen()
    if any(status >= 500 for status in answers):
        return f"{answers} was answered"
    if attack.is_sound:
        ok = tuple(seen) == attack.requests and len(answers) == len(seen)
    else:
        ok = len(answers) <= len(seen) + 1 and is_beginning(seen, attack.requests)
    return None if ok else f"{seen} was seen, {answers} was answered, not {attack.requests}"


def is_beginning(seen: Sequence[str], requests: Sequence[str]) -> bool:
    """Tell whether only those requests were seen, in order, the last one maybe without its body."""
    if not seen or len(seen) > len(requests):
        return not seen
    *before, last = seen
    *expected_before, expected = requests[: len(seen)]
    return before == expected_before and (last == expected or expected.startswith(f"{last} "))


@pytest.mark.parametrize("parser", ["h11", "httptools"])
def test_nothing_is_smuggled(parser: str) -> None:
    """Each request is read as what it is or refused, and the server goes on without a traceback."""
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= LEAST
    with witness(parser) as server:
        found = {attack.name: check(server, attack) for attack in ATTACKS}
    wrong = [f"{name}: {what}" for name, what in found.items() if what is not None]
    assert wrong == []
    row = f"{len(ATTACKS)} raw requests of the smuggling and framing kinds, {parser}"
    record(f"{row}: read wrongly", len(wrong), 0, "requests")
    errors = server.log.count("Traceback") + server.log.count("unhandled error")
    record(f"{row}: errors in the log", errors, 0, "")
