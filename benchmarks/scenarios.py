"""What is measured in process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from apps.models import TEXT
from http_calls import Request
from wire import ADD, PING

if TYPE_CHECKING:
    from wire import Exchange

FEW, MANY = 10, 5000
LAST = MANY // 2 - 1

ADA = {"name": "Ada", "email": "ada@example.org", "age": 36}


@dataclass(frozen=True)
class Scenario:
    """One row: the kind of application, its size, and what it is asked."""

    name: str
    title: str
    kind: str
    work: Request | Exchange
    size: int | None = None
    small: tuple[int, Request] | None = None
    """A smaller size of the same, and what it is asked, for the growth between the two."""


def request_of_many(what: str, size: int) -> Request:
    """Return the request for the last route of a kind, or for none."""
    last = f"/api/r{size // 2 - 1}"
    return {
        "static": Request("GET", f"{last}/list", TEXT),
        "parameter": Request("GET", f"{last}/items/12345", "12345"),
        "404": Request("GET", f"{last}/nothing/here", status=404),
    }[what]


def among_many(what: str, title: str) -> Scenario:
    """Return the scenario of the last of many routes, compared with few."""
    few = (FEW, request_of_many(what, FEW))
    return Scenario(f"many-{what}", title, "many", request_of_many(what, MANY), MANY, few)


GET_TEXT = Request("GET", "/text", TEXT)

SCENARIOS = (
    Scenario("text", "GET, text, static route", "text", GET_TEXT),
    Scenario(
        "parameter",
        "GET, one parameter, small JSON",
        "parameter",
        Request("GET", "/users/12345", {"id": "12345", "name": "Ada"}),
    ),
    Scenario(
        "typed",
        "POST JSON into a typed object and back",
        "typed",
        Request("POST", "/users", ADA, body=b'{"name":"Ada","email":"ada@example.org","age":36}'),
    ),
    Scenario("middleware-5", "text behind 5 middlewares", "behind", GET_TEXT, 5),
    Scenario("middleware-each", "each further middleware", "behind", GET_TEXT, 15, (5, GET_TEXT)),
    among_many("static", f"last of {MANY:,} routes, static"),
    among_many("parameter", f"last of {MANY:,} routes, parameter"),
    among_many("404", f"{MANY:,} routes, none matches"),
    Scenario("message", "message, dispatched by path, replied", "messages", PING),
    Scenario("message-data", "the same, payload read", "messages", ADD),
)
