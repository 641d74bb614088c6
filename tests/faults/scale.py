"""How much a test does: little in the ordinary run, all of it in the nox session `faults`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def scaled(name: str, *, fast: float | str, full: float | str) -> Decorator:
    """Give a test its size as the argument `name`, once for each of the two runs.

    A test without this decorator is part of both.
    """
    return pytest.mark.parametrize(
        name,
        [
            pytest.param(fast, id="fast", marks=pytest.mark.fast),
            pytest.param(full, id="full", marks=pytest.mark.full),
        ],
    )
