"""Tests of patterns as their users see them."""

from __future__ import annotations

import copy
import pickle
import re
from typing import Any

import pytest
from hypothesis import given

from aros_core.patterns import Literal, Parameter, Params, Pattern, PatternError, Wildcard

from .pattern_cases import MATCHES, MatchCase
from .pattern_strategies import matches, odd_paths, paths


def test_says_what_it_consists_of() -> None:
    """A pattern has its text, its chunks and the names of its parameters as written."""
    pattern = Pattern(r"/users/:userID/*/:postID(\d+)")
    assert pattern.text == r"/users/:userID/*/:postID(\d+)"
    assert [type(chunk) for chunk in pattern.chunks] == [Literal, Parameter, Wildcard, Parameter]
    assert pattern.names == ("userID", "postID")


def test_text_and_representation() -> None:
    """`str` gives the text as written, `repr` what makes the pattern."""
    assert str(Pattern("/users/:id/")) == "/users/:id/"
    assert repr(Pattern("/users/:id")) == "Pattern('/users/:id')"


def test_equality_and_hash_are_by_text() -> None:
    """Patterns of the same text are equal, to each other and to that text."""
    assert Pattern("/a") == Pattern("/a")
    assert Pattern("/a") == "/a"
    assert Pattern("/a") != Pattern("/a/")
    assert Pattern("/a") != "/b"
    assert Pattern("/a") != 1
    assert len({Pattern("/a"), Pattern("/a"), "/a", "/b"}) == 2


def test_is_immutable() -> None:
    """No attribute of a pattern can be changed, removed or added."""
    pattern = Pattern("/a")
    for name in ("text", "chunks", "names", "other"):
        with pytest.raises(AttributeError):
            setattr(pattern, name, "/b")
        with pytest.raises(AttributeError):
            delattr(pattern, name)
    assert pattern.text == str(pattern) == "/a"


def test_survives_copying_and_pickling() -> None:
    """Copies are equal and match as before, those with constraints too."""
    pattern = Pattern(r"/:slug([a-z]+(-[a-z]+)*)/:id(\d+)")
    for other in (
        copy.copy(pattern),
        copy.deepcopy(pattern),
        pickle.loads(pickle.dumps(pattern)),
    ):
        assert other == pattern
        assert other.match("/a-b/7") == {"slug": "a-b", "id": "7"}


def test_bad_text_is_refused() -> None:
    """A text that is not a pattern raises PatternError, which shows it."""
    with pytest.raises(PatternError, match="invalid pattern '/:': expected a name"):
        Pattern("/:")


@pytest.mark.parametrize("thing", [None, 5, b"/a", ["/a"]])
def test_what_is_no_text_is_refused(thing: Any) -> None:
    """The error says what was given."""
    with pytest.raises(TypeError, match=re.escape(f"begins with '/', not {thing!r}")):
        Pattern(thing)


@pytest.mark.parametrize("case", MATCHES, ids=lambda case: f"{case.pattern} {case.path}")
def test_match(case: MatchCase) -> None:
    """A match gives the parameters by name, a miss gives None."""
    params = Pattern(case.pattern).match(case.path)
    assert params == case.params
    assert params is None or isinstance(params, Params)


def test_params_of_a_match_ignore_case() -> None:
    """What was captured is found whatever the case of the name."""
    params = Pattern("/users/:userID").match("/users/7")
    assert params is not None
    assert params["userid"] == params.get("USERID") == "7"


@pytest.mark.parametrize(
    ("text", "path", "params"),
    [
        ("/admin", "/admin", {}),
        ("/admin", "/admin/x/y", {}),
        ("/admin/**", "/admin", {}),
        ("/admin/**", "/admin/", {}),
        ("/admin/**", "/admin///", {}),
        ("/admin/**", "/admin//x", {}),
        ("/admin/**", "/admin/x//", {}),
        ("/admin/**", "/administrator", None),
        ("/admin/**", "//admin", None),
        ("/admin/**", "admin/x", None),
        ("/admin/**", "/", None),
        ("/**", "", {}),
        ("/**", "/", {}),
        ("/**", "//", {}),
        ("/**", "/a//b", {}),
        ("/**", "a", None),
        ("/", "//a", {}),
        ("/:tenant/**", "/t//x", {"tenant": "t"}),
        ("/:tenant/**", "//x", None),
        ("/:tenant/**", "", None),
        (r"/:id(\d+)/**", "/7/x", {"id": "7"}),
        (r"/:id(\d+)/**", "/x/7", None),
        ("/:a*/**", "/1/2//3", {"a": "1/2"}),
        ("/:a+/x/**", "/1/x/2/x/3", {"a": "1/x/2"}),
        ("/:a+/x/**", "/1//x", None),
        ("/a?/:b?/**", "/a/1/2", {"b": "1"}),
        ("/a?/:b?/**", "//", {"b": ""}),
        ("/*(a)*/:b?/**", "/a/a/1/", {"b": "1"}),
        ("/(a)*", "/a/b", {}),
    ],
)
def test_match_prefix(text: str, path: str, params: dict[str, str] | None) -> None:
    """A prefix matches a path and everything below it, empty segments included."""
    assert Pattern(text).match_prefix(path) == params


@given(matches(), paths)
def test_prefix_agrees_with_match(case: tuple[str, str], below: str) -> None:
    """Where a pattern that ends in `**` matches, it does so as a prefix, with the same result."""
    text, path = case
    pattern = Pattern(text.rstrip("/") + "/**")
    params = pattern.match(path.rstrip("/") + below)
    assert params is not None
    assert pattern.match_prefix(path.rstrip("/") + below) == params


@given(matches(), odd_paths)
def test_prefix_covers_all_below(case: tuple[str, str], below: str) -> None:
    """What a pattern matches, it covers with anything below it, and with `**` written or not."""
    text, path = case
    params = Pattern(text).match_prefix(f"{path}/{below}")
    assert params is not None
    assert Pattern(text.rstrip("/") + "/**").match_prefix(f"{path}/{below}") == params


def test_path() -> None:
    """Values make a path of the pattern."""
    assert Pattern("/users/:id").path({"id": "7"}) == "/users/7"
    assert Pattern("/users/:id").path(Params({"ID": "7"})) == "/users/7"
    assert Pattern("/files/*").path(None, ["a/b"]) == "/files/a/b"
    assert Pattern("/users").path() == "/users"
    with pytest.raises(PatternError, match="cannot build a path from '/:id': expected a value"):
        Pattern("/:id").path()
