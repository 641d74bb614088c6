"""What the applications exchange, and the types that pyright knows them by."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Event: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[Event], Awaitable[None]]
Application: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]

TEXT = "Hello, world!"


@dataclass
class User:
    """The typed object of `POST /users`."""

    name: str
    email: str
    age: int


@dataclass
class Numbers:
    """The payload of a message to `/add`."""

    a: int
    b: int


def checked_user(data: Any) -> User:
    """Return what was posted as an object; raises `ValueError` where it does not fit.

    For those who have no conversion of their own.
    """
    name, email, age = data["name"], data["email"], data["age"]
    if not (isinstance(name, str) and isinstance(email, str) and isinstance(age, int)):
        raise ValueError("a user has a name, an email address and an age")
    return User(name, email, age)


def ping(data: Any) -> dict[str, bool]:
    """Answer a message to `/ping`, whatever its payload."""
    return {"pong": True}


def add(data: Any) -> dict[str, int]:
    """Answer a message to `/add`."""
    return {"sum": data["a"] + data["b"]}


ROUTES: dict[str, Callable[[Any], Any]] = {"/ping": ping, "/add": add}


def reply_to(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return what answers a message; for those who have no routing of messages.

    Raises `KeyError` or `TypeError` for one that is not as it should be.
    """
    return {"id": message["id"], "data": ROUTES[message["path"]](message["data"])}
