"""What each server can do for sockets: the suite asserts it, the deployment page lists it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")


class Frame(Enum):
    """The close frame that a client gets."""

    FULL = "with the status"
    BARE = "without a status"
    NONE = "none"


class Shutdown(Enum):
    """What becomes of open sockets when a server is told to stop."""

    ORDERLY = "in order"
    ABRUPT = "by cutting connections while close handlers run"
    PATIENT = "not at all"


@dataclass(frozen=True)
class Ability(Generic[T]):
    """What a server does, and what is to be said about it."""

    value: T
    remark: str = ""

    def __str__(self) -> str:
        value = self.value
        if isinstance(value, bool):
            text = "yes" if value else "no"
        else:
            text = str(value.value if isinstance(value, Enum) else value)
        return f"{text}, {self.remark}" if self.remark else text


@dataclass(frozen=True)
class Abilities:
    """The behaviours in which servers differ."""

    denial_response: Ability[bool]
    client_status: Ability[bool]
    client_reason: Ability[bool]
    drop_status: Ability[int]
    violation_status: Ability[bool]
    violation_frame: Ability[Frame]
    size_frame: Ability[Frame]
    shutdown: Ability[Shutdown]
    shutdown_status: Ability[int]
    shutdown_farewell: Ability[bool]


BEHAVIOURS = {
    "denial_response": "A refused handshake has its own status and body",
    "client_status": "Close handlers see the client's status",
    "client_reason": "Close handlers see the client's reason",
    "drop_status": "Status that they see after a drop",
    "violation_status": "They see 1002, 1007 or 1009 when the server gave the client up",
    "violation_frame": "Close frame after a protocol error",
    "size_frame": "Close frame past the server's own message limit",
    "shutdown": "Shutdown ends open sockets",
    "shutdown_status": "Status that clients get at shutdown",
    "shutdown_farewell": "Close handlers can still send at shutdown",
}


def table(servers: Iterable[tuple[str, Abilities]]) -> str:
    """Return the Markdown table of servers and behaviours."""
    named = list(servers)
    rows = [["", *(name for name, _ in named)], ["---"] * (len(named) + 1)]
    for field in fields(Abilities):
        cells = [str(getattr(abilities, field.name)) for _, abilities in named]
        rows.append([BEHAVIOURS[field.name], *cells])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
