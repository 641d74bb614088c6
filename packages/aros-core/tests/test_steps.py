"""Steps: the links of a chain, each with those after it."""

from __future__ import annotations

from aros_core.steps import END, SPENT, STREAMING, chain_of

from .helpers import ending, links_of, names_of


def test_a_chain_has_its_links_in_order() -> None:
    """From any step on."""
    handlers = [ending([], name) for name in "abc"]
    chain = chain_of(links_of(*handlers))
    assert names_of(chain) == handlers
    assert names_of(chain.after) == handlers[1:]
    assert chain.after.after.after is END


def test_a_chain_may_lead_to_another() -> None:
    """Which the two then share."""
    last = chain_of(links_of(ending([], "last")))
    chain = chain_of(links_of(ending([], "first")), last)
    assert chain.after is last


def test_where_nobody_walks_on_there_are_no_links() -> None:
    """An empty chain is its own end."""
    assert chain_of([]) is END
    for halt in (END, SPENT, STREAMING):
        assert halt.is_halt
        assert halt.after is halt
        assert list(halt) == []
