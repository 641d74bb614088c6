"""Tests of captured parameters."""

from __future__ import annotations

import copy
import pickle
from collections import UserDict
from typing import TYPE_CHECKING

import pytest

from aros_core.patterns import Params

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PARAMS = Params({"userID": "7", "Post": ""})


@pytest.mark.parametrize("name", ["userID", "userid", "USERID"])
def test_lookups_ignore_case(name: str) -> None:
    """A parameter is found whatever the case of the name."""
    assert PARAMS[name] == "7"
    assert PARAMS.get(name) == "7"
    assert name in PARAMS


def test_missing_name_raises_key_error() -> None:
    """Asking for a parameter that is not there says which ones are."""
    with pytest.raises(KeyError) as caught:
        PARAMS["id"]
    assert caught.value.args == ("no parameter 'id'; the parameters are: 'userID', 'Post'",)
    with pytest.raises(KeyError, match="the parameters are: none"):
        Params()["id"]


def test_get_has_a_default() -> None:
    """`get` of a missing name is the empty text, or the default that is given."""
    assert PARAMS.get("id") == ""
    assert PARAMS.get("id", "x") == "x"
    assert PARAMS.get("id", default=None) is None
    assert PARAMS.get("post", "x") == ""


def test_only_text_is_a_name() -> None:
    """Anything but text is simply not in there."""
    assert 7 not in PARAMS
    assert None not in PARAMS


def test_iterates_over_names_as_written() -> None:
    """Names come as written and in order, and there are as many as were captured."""
    assert list(PARAMS) == ["userID", "Post"]
    assert dict(PARAMS) == {"userID": "7", "Post": ""}
    assert len(PARAMS) == 2
    assert not Params()


@pytest.mark.parametrize("kind", [dict[str, str], UserDict[str, str], Params])
def test_equals_any_mapping_of_the_same_items(
    kind: Callable[[dict[str, str]], Mapping[str, str]],
) -> None:
    """Two mappings are equal when their items are, whatever their types and order."""
    assert kind({"Post": "", "userID": "7"}) == PARAMS
    assert kind({"userID": "7"}) != PARAMS
    assert PARAMS != [("userID", "7")]


def test_is_read_only() -> None:
    """Nothing can be set or deleted."""
    assert not hasattr(Params, "__setitem__")
    assert not hasattr(Params, "__delitem__")


def test_pairs_names_with_values() -> None:
    """`of` makes parameters without a mapping in between."""
    assert Params.of(("a", "b"), ("1", "2")) == {"a": "1", "b": "2"}


def test_names_must_differ_by_more_than_case() -> None:
    """Two names that a look-up cannot tell apart are refused."""
    with pytest.raises(ValueError, match="must differ by more than case, got 'id', 'ID'"):
        Params({"id": "1", "ID": "2"})


def test_repr() -> None:
    """The representation shows the items."""
    assert repr(PARAMS) == "Params({'userID': '7', 'Post': ''})"


def test_survives_copying_and_pickling() -> None:
    """Copies are equal and look up as before."""
    for other in (copy.deepcopy(PARAMS), pickle.loads(pickle.dumps(PARAMS))):
        assert other == PARAMS
        assert other["USERID"] == "7"
