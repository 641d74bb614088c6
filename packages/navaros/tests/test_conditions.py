"""Conditional requests: what each condition comes to, and which one counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from navaros.conditions import Validators, allows_ranges, check_conditions

BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT"
THEN = "Sun, 06 Nov 1994 08:49:37 GMT"
AFTER = "Sun, 06 Nov 1994 08:49:38 GMT"

STRONG = Validators('"tag"', 784111777)
WEAK = Validators('W/"tag"', 784111777)

MATCH = "if-match"
NONE_MATCH = "if-none-match"
MODIFIED = "if-modified-since"
UNMODIFIED = "if-unmodified-since"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({NONE_MATCH: '"tag"'}, 304),
        ({NONE_MATCH: 'W/"tag"'}, 304),
        ({NONE_MATCH: '"other"'}, 200),
        ({NONE_MATCH: '"other", "tag"'}, 304),
        ({NONE_MATCH: '"a,b","tag"'}, 304),
        ({NONE_MATCH: '"x"tag"'}, 200),
        ({NONE_MATCH: " * "}, 304),
        ({NONE_MATCH: '"*"'}, 200),
        ({NONE_MATCH: ""}, 200),
        ({NONE_MATCH: "tag"}, 200),
        ({MATCH: '"tag"'}, 200),
        ({MATCH: "*"}, 200),
        ({MATCH: '"other", "tag"'}, 200),
        ({MATCH: '"other"'}, 412),
        ({MATCH: 'W/"tag"'}, 412),
        ({MATCH: ""}, 412),
        ({MODIFIED: BEFORE}, 200),
        ({MODIFIED: THEN}, 304),
        ({MODIFIED: AFTER}, 304),
        ({MODIFIED: "Sun Nov  6 08:49:37 1994"}, 304),
        ({MODIFIED: "yesterday"}, 200),
        ({UNMODIFIED: BEFORE}, 412),
        ({UNMODIFIED: THEN}, 200),
        ({UNMODIFIED: AFTER}, 200),
        ({UNMODIFIED: "yesterday"}, 200),
    ],
)
def test_each_condition(headers: dict[str, str], status: int) -> None:
    """RFC 9110, sections 13.1.1 to 13.1.4; dates that cannot be read are ignored."""
    assert check_conditions(CIMultiDict(headers), STRONG) == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({NONE_MATCH: '"other"', MODIFIED: AFTER}, 200),
        ({NONE_MATCH: '"tag"', MODIFIED: BEFORE}, 304),
        ({MATCH: '"tag"', UNMODIFIED: BEFORE}, 200),
        ({MATCH: '"other"', UNMODIFIED: AFTER}, 412),
        ({MATCH: '"other"', NONE_MATCH: '"tag"'}, 412),
        ({MATCH: '"tag"', NONE_MATCH: '"tag"'}, 304),
        ({UNMODIFIED: BEFORE, MODIFIED: AFTER}, 412),
        ({UNMODIFIED: AFTER, MODIFIED: AFTER}, 304),
    ],
)
def test_precedence(headers: dict[str, str], status: int) -> None:
    """RFC 9110, section 13.2.2: tags before dates, expectations before caches."""
    assert check_conditions(CIMultiDict(headers), STRONG) == status


def test_weak_tags_are_for_caches_only() -> None:
    """A weak tag matches weakly, and never where the very same bytes are meant."""
    assert check_conditions(CIMultiDict({NONE_MATCH: '"tag"'}), WEAK) == 304
    assert check_conditions(CIMultiDict({NONE_MATCH: 'W/"tag"'}), WEAK) == 304
    assert check_conditions(CIMultiDict({MATCH: 'W/"tag"'}), WEAK) == 412
    assert check_conditions(CIMultiDict({MATCH: "*"}), WEAK) == 200
    assert not allows_ranges(CIMultiDict({"if-range": 'W/"tag"'}), WEAK)


def test_lists_may_come_in_several_fields() -> None:
    """Several fields of one name are one list (RFC 9110, section 5.3)."""
    headers = CIMultiDict([(NONE_MATCH, '"other"'), (NONE_MATCH, '"tag"')])
    assert check_conditions(headers, STRONG) == 304


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ('"tag"', True),
        ('"other"', False),
        ('W/"tag"', False),
        (THEN, True),
        (BEFORE, False),
        (AFTER, False),
        ("yesterday", False),
        ("", False),
    ],
)
def test_if_range(condition: str, allowed: bool) -> None:
    """Parts are for whoever has the others of this very version (RFC 9110, section 13.1.5)."""
    assert allows_ranges(CIMultiDict({"if-range": condition}), STRONG) is allowed


def test_without_if_range_parts_are_for_everybody() -> None:
    """The condition is the client's to make."""
    assert allows_ranges(CIMultiDict(), STRONG)


@given(st.dictionaries(st.sampled_from([MATCH, NONE_MATCH, MODIFIED, UNMODIFIED]), st.text()))
def test_no_condition_breaks_anything(headers: dict[str, str]) -> None:
    """Whatever the fields say, there is a status."""
    assert check_conditions(CIMultiDict(headers), STRONG) in {200, 304, 412}
