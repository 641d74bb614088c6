"""The tables of ids: pending requests and conversations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velaros.conversations import Conversations, PendingRequests
from velaros.errors import TooManyRequests


def test_every_id_has_64_random_bits_of_its_own() -> None:
    """Ids of one socket share a mark, and differ in 16 random hexadecimal digits."""
    pending: PendingRequests[str] = PendingRequests(1000)
    ids = {pending.add("x") for _ in range(1000)}
    assert len({message_id.split("-")[1] for message_id in ids}) == 1000
    assert {len(message_id.split("-")[1]) for message_id in ids} == {16}
    assert len({message_id.split("-")[0] for message_id in ids}) == 1


def test_gives_a_waiter_once() -> None:
    """A second answer finds nobody, though the id is known to be the server's."""
    pending: PendingRequests[str] = PendingRequests(10)
    message_id = pending.add("waiter")
    assert pending.get(message_id) == "waiter"
    assert pending.take(message_id) == "waiter"
    assert pending.take(message_id) is None
    assert pending.made(message_id)
    assert len(pending) == 0


def test_knows_its_own_ids_only() -> None:
    """Ids of clients and of other sockets are not the server's."""
    pending: PendingRequests[str] = PendingRequests(10)
    assert not pending.made("")
    assert not pending.made("anything")
    message_id = pending.add("waiter")
    other: PendingRequests[str] = PendingRequests(10)
    assert not pending.made(other.add("waiter"))
    assert not pending.made(7)
    assert not pending.made(message_id[1:])


def test_forgets_a_waiter() -> None:
    """Forgetting is fine twice, and the id remains known."""
    pending: PendingRequests[str] = PendingRequests(10)
    message_id = pending.add("waiter")
    pending.forget(message_id)
    pending.forget(message_id)
    assert pending.take(message_id) is None
    assert pending.made(message_id)


def test_holds_as_many_as_allowed() -> None:
    """The last of the limit is kept, one more raises at once, and place is made by answers."""
    pending: PendingRequests[str] = PendingRequests(2)
    first = pending.add("a")
    pending.add("b")
    with pytest.raises(TooManyRequests, match="2 requests wait for this client already") as raised:
        pending.add("c")
    assert raised.value.limit == 2
    pending.take(first)
    pending.add("c")


def test_gives_all_who_wait_at_the_end() -> None:
    """At the end all waiters are given out, and none is left."""
    pending: PendingRequests[str] = PendingRequests(10)
    pending.add("a")
    pending.add("b")
    assert pending.clear() == ["a", "b"]
    assert pending.clear() == []


def test_text_and_number_are_different_ids() -> None:
    """The ids "1" and 1 belong to different conversations."""
    conversations: Conversations[str] = Conversations()
    conversations.owners["1"] = "text"
    assert conversations.owners.get(1) is None
    conversations.owners[1] = "number"
    assert conversations.owners.get("1") == "text"
    assert conversations.end(1) is None
    assert conversations.owners.get("1") == "text"


def test_a_follow_up_that_still_waits_begins_the_next_conversation() -> None:
    """When the owner ends, the first that follows takes its place, the others follow that one."""
    conversations: Conversations[str] = Conversations()
    conversations.owners["x"] = "first"
    conversations.follow("x", "second")
    conversations.follow("x", "third")
    assert conversations.end("x") == "second"
    assert conversations.owners.get("x") == "second"
    assert conversations.take("x") == "third"
    assert conversations.take("x") is None
    assert conversations.end("x") is None
    assert conversations.owners.get("x") is None


def test_what_is_put_back_comes_first() -> None:
    """A follow-up that could not be taken after all keeps its place in the order."""
    conversations: Conversations[str] = Conversations()
    conversations.owners["x"] = "owner"
    conversations.follow("x", "second")
    conversations.follow("x", "third")
    taken = conversations.take("x")
    assert taken == "second"
    conversations.put_back("x", taken)
    assert [conversations.take("x"), conversations.take("x")] == ["second", "third"]


@given(st.lists(st.tuples(st.sampled_from(["come", "take", "end"]), st.sampled_from(["a", 1]))))
def test_no_message_is_lost_or_overtaken(steps: list[tuple[str, str | int]]) -> None:
    """Per id, messages come out in the order in which they went in, each exactly once."""
    conversations: Conversations[int] = Conversations()
    came: dict[str | int, list[int]] = {"a": [], 1: []}
    left: dict[str | int, list[int]] = {"a": [], 1: []}
    for number, (step, message_id) in enumerate(steps):
        if step == "come":
            came[message_id].append(number)
            if conversations.owners.get(message_id) is None:
                conversations.owners[message_id] = number
                left[message_id].append(number)
            else:
                conversations.follow(message_id, number)
        elif conversations.owners.get(message_id) is not None:
            end = step == "end"
            out = conversations.end(message_id) if end else conversations.take(message_id)
            left[message_id].extend([] if out is None else [out])
    for message_id in came:
        while conversations.owners.get(message_id) is not None:
            out = conversations.end(message_id)
            left[message_id].extend([] if out is None else [out])
    assert left == came
