"""What is kept of results, and for how long."""

from __future__ import annotations

import pytest

from aros_core.memo import MOST_REMEMBERED, Memo


def test_values_are_computed_once() -> None:
    """The first look computes, all others find; an error is not kept."""
    asked: list[int] = []

    def halve(number: int) -> int:
        asked.append(number)
        if number % 2:
            raise ValueError("odd")
        return number // 2

    memo = Memo(halve)
    assert [memo[4], memo[6], memo[4]] == [2, 3, 2]
    for _ in range(2):
        with pytest.raises(ValueError, match="odd"):
            memo[5]
    assert asked == [4, 6, 5, 5]


@pytest.mark.parametrize("most", [None, 3])
def test_a_limited_number_is_kept(most: int | None) -> None:
    """When it is full it begins anew, so it answers for any number of keys."""
    memo = Memo(str) if most is None else Memo(str, most)
    most = MOST_REMEMBERED if most is None else most
    for number in range(2 * most + 1):
        assert memo[number] == str(number)
        assert len(memo) <= most
    assert memo == {2 * most: str(2 * most)}
