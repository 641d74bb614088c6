"""The route table: what is found for a path and a method."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from aros_core.routing.table import RouteTable

from .helpers import PlainRouter, ending, names_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aros_core.steps import Link


def test_links_are_found_in_the_order_of_registration() -> None:
    """More specific routes do not jump the queue."""
    router = PlainRouter()
    handlers = [ending([], str(number)) for number in range(5)]
    router.bind("/:x", handlers[0])
    router.bind("/a", handlers[1])
    router.use(handlers[2])
    router.bind("/**", handlers[3])
    router.bind("/b", handlers[4])
    assert names_of(router.table.find("/a")) == handlers[:4]
    assert names_of(router.table.find("/b")) == [handlers[0], *handlers[2:]]
    assert [link.order for link in router.table.find("/b")] == [0, 2, 3, 4]


def test_methods_narrow_what_is_found() -> None:
    """Routes of every method are among those of each."""
    router = PlainRouter()
    any_method, get, put = (ending([], name) for name in ("any", "get", "put"))
    router.bind("/a", get, method="GET")
    router.bind("/a", any_method)
    router.bind("/a", put, method="PUT")
    assert names_of(router.table.find("/a", "GET")) == [get, any_method]
    assert names_of(router.table.find("/a", "PUT")) == [any_method, put]
    assert names_of(router.table.find("/a", "BREW")) == [any_method]
    assert names_of(router.table.find("/a")) == [any_method]


def test_who_knows_methods_is_asked_once_for_each() -> None:
    """What it picks is kept, for as many methods as there reasonably are."""
    router = PlainRouter()
    router.bind("/:x", ending([], "a"))
    asked: list[str | None] = []

    def select(links: Sequence[Link], method: str | None) -> tuple[Link, ...]:
        asked.append(method)
        return tuple(links)

    table = RouteTable(router, select)
    for _ in range(2):
        table.find("/a", "GET")
        table.find("/b", "PUT")
    assert asked == ["GET", "PUT"]
    for number in range(1000):
        assert len(list(table.find("/a", f"M{number}"))) == 1
    assert len(asked) == 1002
    table.find("/c", "GET")
    table.find("/c", "M999")
    assert len(asked) == 1003


def test_a_constraint_has_the_last_word() -> None:
    """Routes that it does not fit are left out; chains of equal outcome are one."""
    router = PlainRouter()
    number, word, guard = (ending([], name) for name in ("number", "word", "guard"))
    router.bind(r"/:id(\d+)/x", number)
    router.use("/:id([a-z]+)", guard)
    router.bind("/:id/x", word)
    find = router.table.find
    assert names_of(find("/12/x")) == [number, word]
    assert names_of(find("/ab/x")) == [guard, word]
    assert names_of(find("/A-/x")) == [word]
    assert find("/12/x") is find("/34/x")
    assert find("/12/x") is not find("/ab/x")


def test_odd_paths_do_not_keep_usual_chains_out() -> None:
    """Those that fit the constraints of many routes in ever new ways."""
    router = PlainRouter()
    for letter in "abcdef":
        router.bind(f"/:x(.*{letter}.*)", ending([], letter))
    find = router.table.find
    words = ["".join(letters) for size in range(7) for letters in combinations("abcdef", size)]
    for word in words:
        assert names_of(find(f"/-{word}")) == [
            link.handler for link in find("/-abcdef") if link.text[6] in word
        ]
    assert find("/-ace") is find("/ace-")


def test_chains_of_many_outcomes_are_not_all_kept() -> None:
    """Of constraints that fit in any combination, a few chains are remembered."""
    router = PlainRouter()
    letters = "abcdefgh"
    for letter in letters:
        router.bind(f"/:{letter}(.*{letter}.*)", ending([], letter))
    for number in range(1, 256):
        name = "".join(letter for bit, letter in enumerate(letters) if number >> bit & 1)
        patterns = [link.text[2] for link in router.table.find(f"/{name}")]
        assert patterns == sorted(name)


def test_routes_at_a_path() -> None:
    """All that match, whatever their method and without middleware; constraints count."""
    router = PlainRouter()
    number, word, put = (ending([], name) for name in ("number", "word", "put"))
    router.use(ending([], "everywhere"))
    router.use("/**", ending([], "below"))
    router.bind(r"/:id(\d+)", number, method="GET")
    router.bind("/:id([a-z]+)", word, method="GET")
    router.bind("/:id", put, method="PUT")
    assert names_of(router.table.routes_at("/12")) == [number, put]
    assert names_of(router.table.routes_at("/ab")) == [word, put]
    assert names_of(router.table.routes_at("/")) == []
    assert names_of(router.table.routes_at("outside")) == []


def test_patterns_and_wraps_of_mounted_routers() -> None:
    """Prefixes are put together, and middleware without a path covers what is below its mount."""
    top, sub = PlainRouter(), PlainRouter()
    wrap, guard, handler, root = (ending([], name) for name in ("wrap", "guard", "handler", "root"))
    sub.use(guard)
    sub.bind("/users/:id", handler)
    sub.bind("/", root)
    top.wrap(wrap)
    top.use("/tenants/:tenant", sub)
    links = list(top.table.find("/tenants/a/users/7"))
    assert names_of(links) == [wrap, guard, wrap, handler]
    assert [link.text for link in links] == [
        *["/tenants/:tenant/**"] * 2,
        *["/tenants/:tenant/users/:id"] * 2,
    ]
    assert [link.wrapped for link in links] == [guard, None, handler, None]
    assert names_of(top.table.find("/tenants/a")) == [wrap, guard, wrap, root]
    assert names_of(top.table.find("/tenants/a//x")) == [wrap, guard]
    assert names_of(top.table.find("/tenants")) == []
    assert links[-1].capture("/tenants/a/users/7") == {"tenant": "a", "id": "7"}


def test_a_router_that_is_mounted_without_a_path() -> None:
    """Its routes stand where they would stand in the parent."""
    top, sub = PlainRouter(), PlainRouter()
    everywhere, handler = ending([], "everywhere"), ending([], "handler")
    sub.use(everywhere)
    sub.bind("/a", handler)
    top.use(sub)
    assert names_of(top.table.find("/a")) == [everywhere, handler]
    assert names_of(top.table.find("")) == [everywhere]
    assert names_of(top.table.find("a")) == [everywhere]
