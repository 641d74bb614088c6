"""Routers of the sibling protocol that live in a chain."""

from __future__ import annotations

import pytest

from aros_core.embedding import Embedding

from .helpers import Guest, PlainRouter, ending, passing


def test_the_family_of_a_router() -> None:
    """Those mounted on it are its tree; those that live in it belong to the family as well."""
    top, sub, embedded, below = (PlainRouter() for _ in range(4))
    embedded.use("/x", below)
    sub.use(ending([], "handler"))
    sub.use("/ws", Guest(embedded))
    sub.use(Guest(embedded))
    top.use("/a", sub)
    top.use("/b", sub)
    assert list(top.tree()) == [top, sub]
    assert list(top.family()) == [top, sub, embedded, below]


async def test_it_is_a_handler_like_any_other() -> None:
    """What it does not take goes on to the next one."""
    log: list[str] = []
    router = PlainRouter()
    router.use(passing(log, "before"), Guest(PlainRouter()))
    router.bind("/x", ending(log, "route"))
    await router.ask("/x")
    assert log == ["before", "route", "/before"]


def test_it_says_which_router_it_brings_and_what_it_takes() -> None:
    """Without either it cannot be made."""
    assert Embedding.__abstractmethods__ == {"router", "handle"}
    with pytest.raises(TypeError, match="abstract"):
        Embedding()  # pyright: ignore[reportAbstractUsage]
