"""Router options."""

from __future__ import annotations

from typing import Any

import pytest

from velaros import Router
from velaros.options import Option

DEFAULTS: dict[str, Any] = {
    "max_concurrent_messages": 100,
    "max_waiting_messages": 1000,
    "max_message_size": 1024 * 1024,
    "max_pending_requests": 1000,
    "request_timeout": 5.0,
    "send_timeout": 30.0,
    "close_timeout": 5.0,
    "answer_unhandled": True,
    "origins": ["*"],
}
COUNTS = [name for name in DEFAULTS if name.startswith("max_")]
TIMES = [name for name in DEFAULTS if name.endswith("_timeout")]


def made(name: str, value: Any) -> Router:
    """Return a router with one option set."""
    options: dict[str, Any] = {name: value}
    return Router(**options)


def test_has_the_defaults_of_the_documentation() -> None:
    """Nothing needs to be set; each option is an attribute."""
    router = Router()
    assert {name: getattr(router, name) for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize("name", [*COUNTS, *TIMES])
def test_takes_a_value_at_once_and_later(name: str) -> None:
    """Options work as keywords and as attributes."""
    router = made(name, 7)
    assert getattr(router, name) == 7
    setattr(router, name, 1)
    assert getattr(router, name) == 1


@pytest.mark.parametrize("name", [*COUNTS, *TIMES])
@pytest.mark.parametrize("value", [0, -1, None, "5", True, float("nan")])
def test_refuses_what_is_not_above_zero(name: str, value: Any) -> None:
    """A limit of nothing, or of something that is no number, is an error that says so."""
    kind = "a whole number" if name in COUNTS else "a number of seconds"
    with pytest.raises(ValueError, match=f"{name} must be {kind} above 0, not "):
        made(name, value)


@pytest.mark.parametrize("name", COUNTS)
def test_counts_are_whole(name: str) -> None:
    """Half a message is no limit."""
    with pytest.raises(ValueError, match=r"must be a whole number above 0, not 1\.5"):
        made(name, 1.5)


@pytest.mark.parametrize("name", TIMES)
def test_times_may_be_fractions(name: str) -> None:
    """A timeout may be shorter than a second, and without an end."""
    assert getattr(made(name, 0.25), name) == 0.25
    assert getattr(made(name, float("inf")), name) == float("inf")


def test_origins_are_checked_when_set() -> None:
    """A wrong origin is an error at once; a text alone would be a list of letters."""
    router = Router(origins=["https://myapp.com"])
    assert router.origins == ["https://myapp.com"]
    router.origins = []
    assert router.origins == []
    with pytest.raises(ValueError, match="cannot match anything"):
        router.origins = ["https://myapp.com/"]
    with pytest.raises(ValueError, match=r"origins is a list; write \['https://myapp.com'\]"):
        router.origins = "https://myapp.com"
    assert router.origins == []


def test_an_option_of_the_class_is_its_descriptor() -> None:
    """Looked up on the class, an option is what documents it."""
    assert isinstance(Router.request_timeout, Option)


def test_routers_do_not_share_options() -> None:
    """What is set on one router is its own."""
    first, second = Router(), Router()
    first.close_timeout = 1.0
    assert second.close_timeout == 5.0
