"""The pool of worker threads: its order, its limit, and the places of those that wait."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from aros_core.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 5.0


def blocked(gate: threading.Event) -> Callable[[], bool]:
    """Return a call that lasts until the gate opens."""
    return lambda: gate.wait(PATIENCE)


def test_a_call_gives_its_result_or_its_error() -> None:
    """Whoever asked finds both in the future; a thread that saw an error serves on."""
    workers = Workers(1, "test")

    def failing() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        workers.submit(failing).result(PATIENCE)
    name = workers.submit(lambda: threading.current_thread().name).result(PATIENCE)
    assert name.startswith("test")


def test_calls_past_the_limit_wait_their_turn() -> None:
    """They begin in the order they came, each when another has ended."""
    workers = Workers(2, "test")
    gate = threading.Event()
    order: list[int] = []
    first = [workers.submit(blocked(gate)) for _ in range(2)]
    later = [workers.submit(lambda number=number: order.append(number)) for number in range(5)]
    assert not any(future.running() or future.done() for future in later)
    gate.set()
    for future in (*first, *later):
        future.result(PATIENCE)
    assert sorted(order) == [0, 1, 2, 3, 4]
    assert order[0] in (0, 1)


def test_a_call_that_is_cancelled_while_it_waits_never_begins() -> None:
    """The calls behind it do."""
    workers = Workers(1, "test")
    gate = threading.Event()
    calls: list[str] = []
    first = workers.submit(blocked(gate))
    cancelled = workers.submit(lambda: calls.append("cancelled"))
    last = workers.submit(lambda: calls.append("last"))
    assert cancelled.cancel()
    gate.set()
    for future in (first, last):
        future.result(PATIENCE)
    assert calls == ["last"]


def test_a_call_that_waits_gives_up_its_place() -> None:
    """So a call can wait for one behind it, even when there is one place only."""
    workers = Workers(1, "test")

    def outer(depth: int) -> int:
        if not depth:
            return 0
        inner = workers.submit(lambda: outer(depth - 1))
        workers.leave()
        try:
            return inner.result(PATIENCE) + 1
        finally:
            workers.enter()

    assert workers.submit(lambda: outer(5)).result(PATIENCE) == 5


class Inline:
    """Makes calls at once instead of in a thread."""

    def submit(self, call: Callable[[], object]) -> None:
        """Make a call."""
        call()


def test_who_comes_back_from_a_wait_counts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """No further call begins until there are less than the limit again."""
    workers = Workers(1, "test")
    monkeypatch.setattr(workers, "_threads", Inline())
    workers.enter()  # One works, and another one comes back from its wait.
    workers.enter()
    future = workers.submit(lambda: "begun")
    workers.leave()
    assert not future.done()
    workers.leave()
    assert future.result(0) == "begun"
    assert workers.submit(lambda: "next").result(0) == "next"
