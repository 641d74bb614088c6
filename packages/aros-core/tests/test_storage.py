"""Storage, its typed keys, and references."""

from __future__ import annotations

import threading
from typing import assert_type

import pytest

from aros_core.storage import Key, Ref, Storage

COUNT = Key[int]("count")


def test_gives_back_what_was_set() -> None:
    """A value is found under its key until another replaces it."""
    storage = Storage()
    storage.set("user", "ada")
    storage.set(COUNT, 1)
    storage.set(COUNT, 2)
    assert storage.get("user") == "ada"
    assert storage.get(COUNT) == 2
    assert storage.must_get(COUNT) == 2


def test_a_missing_key_gives_the_default() -> None:
    """What was never set is `None`, or the default given."""
    storage = Storage()
    assert storage.get("user") is None
    assert storage.get("user", "nobody") == "nobody"
    assert storage.get(COUNT, "none") == "none"


def test_a_stored_none_is_a_value() -> None:
    """`None` is kept like any other value."""
    storage = Storage()
    storage.set("user", None)
    assert storage.get("user", "nobody") is None
    assert storage.must_get("user") is None


@pytest.mark.parametrize(("key", "name"), [("user", "'user'"), (COUNT, r"Key\('count'\)")])
def test_must_get_names_the_missing_key(key: str | Key[int], name: str) -> None:
    """The `KeyError` says which key it was, and has no cause to distract from it."""
    with pytest.raises(KeyError, match=f"nothing is stored under {name}; set it earlier") as caught:
        Storage().must_get(key)
    assert caught.value.__suppress_context__


def test_delete_forgets_and_forgives() -> None:
    """A deleted value is gone; deleting what is not there is fine."""
    storage = Storage()
    storage.set("user", "ada")
    storage.delete("user")
    storage.delete("user")
    assert storage.get("user") is None


def test_a_copy_goes_its_own_way() -> None:
    """A copy starts with the same values, and neither sees what the other does later."""
    storage = Storage()
    storage.set("user", "ada")
    twin = storage.copy()
    twin.set("user", "grace")
    storage.set("role", "admin")
    assert storage.get("user") == "ada"
    assert twin.get("user") == "grace"
    assert twin.get("role") is None


def test_keys_of_one_name_do_not_collide() -> None:
    """A key equals itself only, neither its namesake nor its name."""
    storage = Storage()
    one, other = Key[str]("user"), Key[str]("user")
    storage.set(one, "ada")
    assert storage.get(other) is None
    assert storage.get("user") is None
    assert one != other


def test_representations_tell_what_is_inside() -> None:
    """Keys, references and storages show their names and values."""
    storage = Storage()
    storage.set(COUNT, 1)
    assert repr(COUNT) == "Key('count')"
    assert repr(Ref(5)) == "Ref(5)"
    assert repr(storage) == "Storage({Key('count'): 1})"


def test_a_reference_can_be_changed() -> None:
    """The value of a reference is whatever was put there last."""
    ref = Ref(1)
    ref.value = 2
    assert ref.value == 2


def test_typed_keys_tell_their_type() -> None:
    """The type checker knows the value's type from the key."""
    storage = Storage()
    storage.set(COUNT, 1)
    assert_type(storage.get(COUNT), int | None)
    assert_type(storage.get(COUNT, "none"), int | str)
    assert_type(storage.must_get(COUNT), int)
    assert_type(Ref("x"), Ref[str])


def test_threads_can_share_a_storage() -> None:
    """Threads that set, read, copy and delete at the same time never disturb each other."""
    storage = Storage()
    barrier = threading.Barrier(4)
    failures: list[BaseException] = []

    def churn(mine: str) -> None:
        try:
            barrier.wait()
            for number in range(500):
                storage.set(mine, number)
                assert storage.copy().get(mine) == number
                assert storage.must_get(mine) == number
                storage.delete(mine)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=churn, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
