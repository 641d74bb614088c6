"""Slots, order and limits of messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velaros.inbox import MAX_WAIT, MAX_WAITING_BYTES, Inbox


def test_gives_as_many_slots_as_allowed() -> None:
    """The last slot is given, one more is not, and a freed one is given again."""
    inbox: Inbox[str] = Inbox(2, 10)
    assert [inbox.take_slot() for _ in range(3)] == [True, True, False]
    inbox.running -= 1
    assert inbox.take_slot()
    assert inbox.running == 2


def test_a_new_message_does_not_overtake_those_that_wait() -> None:
    """While messages wait, a free slot is theirs."""
    inbox: Inbox[str] = Inbox(1, 10)
    inbox.take_slot()
    inbox.enqueue("a", 1, 0.0)
    inbox.running -= 1
    assert not inbox.take_slot()
    assert inbox.dequeue() == "a"
    assert inbox.dequeue() is None


def test_gives_nothing_out_while_no_slot_is_free() -> None:
    """A message stays in the queue until one can start."""
    inbox: Inbox[str] = Inbox(1, 10)
    inbox.take_slot()
    inbox.enqueue("a", 1, 0.0)
    assert inbox.dequeue() is None
    assert inbox.waiting


@pytest.mark.parametrize(("waiting", "full"), [(2, False), (3, True), (4, True)])
def test_is_full_by_count(waiting: int, full: bool) -> None:
    """It is full at the limit: the message before the last place has one, the next has none."""
    inbox: Inbox[str] = Inbox(1, 3)
    for _ in range(waiting):
        inbox.enqueue("a", 1, 0.0)
    assert inbox.is_full is full


@pytest.mark.parametrize(("size", "full"), [(-1, False), (0, True), (1, True)])
def test_is_full_by_bytes(size: int, full: bool) -> None:
    """It is full at 1 MiB of waiting messages, however few they are."""
    assert MAX_WAITING_BYTES == 1024 * 1024
    inbox: Inbox[str] = Inbox(1, 1000)
    inbox.enqueue("a", MAX_WAITING_BYTES // 2, 0.0)
    inbox.hold(MAX_WAITING_BYTES // 2 + size)
    assert inbox.is_full is full
    inbox.let_go(MAX_WAITING_BYTES // 2 + size)
    assert not inbox.is_full


def test_messages_expire_in_order() -> None:
    """Who has waited 10 s is taken out, and counts no more; the others stay."""
    inbox: Inbox[str] = Inbox(1, 10)
    assert inbox.next_expiry() is None
    inbox.enqueue("a", 5, 0.0)
    inbox.enqueue("b", 6, 1.0)
    inbox.enqueue("c", 7, 2.0)
    assert inbox.next_expiry() == MAX_WAIT
    assert inbox.expired(MAX_WAIT - 0.001) == []
    assert inbox.expired(MAX_WAIT + 1.0) == ["a", "b"]
    assert (inbox.waiting, inbox.waiting_bytes) == (1, 7)
    assert inbox.next_expiry() == MAX_WAIT + 2.0


def test_forgets_its_queue_at_the_end() -> None:
    """After the end nothing is left to start or to expire."""
    inbox: Inbox[str] = Inbox(1, 10)
    inbox.enqueue("a", 5, 0.0)
    inbox.clear()
    assert inbox.dequeue() is None
    assert inbox.next_expiry() is None


@given(st.lists(st.sampled_from(["new", "end", "expire"]), max_size=200), st.integers(1, 4))
def test_keeps_order_and_limit(steps: list[str], slots: int) -> None:
    """Whatever comes, ends and expires: in order, never over the limit, counts right."""
    inbox: Inbox[int] = Inbox(slots, 10)
    started: list[int] = []
    waiting: list[int] = []
    now = 0.0
    for number, step in enumerate(steps):
        now += 1.0
        if step == "new":
            if inbox.take_slot():
                assert not waiting
                started.append(number)
            else:
                inbox.enqueue(number, 3, now)
                waiting.append(number)
        elif step == "end" and inbox.running:
            inbox.running -= 1
            following = inbox.dequeue()
            assert following == (waiting.pop(0) if waiting else None)
            started.extend([] if following is None else [following])
        elif step == "expire":
            for message in inbox.expired(now):
                assert message == waiting.pop(0)
        assert inbox.running <= slots
        assert (inbox.waiting, inbox.waiting_bytes) == (len(waiting), 3 * len(waiting))
    assert started == sorted(started)
