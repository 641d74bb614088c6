"""How the messages of the scenarios are written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol


class Wire(Protocol):
    """The protocol that an application speaks over its sockets."""

    @property
    def path(self) -> str:
        """Return the path of the handshake."""
        ...

    @property
    def query(self) -> bytes:
        """Return the query of the handshake."""
        ...

    @property
    def opening(self) -> tuple[tuple[str | None, int], ...]:
        """Return the frames that begin a socket and how many events answer each one.

        The first one stands for the handshake.
        """
        ...

    def frame(self, number: int, path: str, data: Any) -> str:
        """Return the frame of a message."""
        ...

    def read(self, frame: str) -> tuple[int, Any]:
        """Return the number and the payload of a reply."""
        ...


class Envelope:
    """JSON objects, as Velaros reads and writes them."""

    path = "/"
    query = b""
    opening = ((None, 1),)

    def frame(self, number: int, path: str, data: Any) -> str:
        """Return the frame of a message; a browser would write it so."""
        message = {"path": path, "id": f"m{number}", "data": data}
        return json.dumps(message, separators=(",", ":"))

    def read(self, frame: str) -> tuple[int, Any]:
        """Return the number and the payload of a reply."""
        reply = json.loads(frame)
        return int(reply["id"].removeprefix("m")), reply["data"]


ENVELOPE = Envelope()


@dataclass(frozen=True)
class Exchange:
    """What a client asks, over and over with fresh ids, and what it is answered."""

    path: str
    data: Any
    answer: Any


PING = Exchange("/ping", {"a": 1, "b": 2}, {"pong": True})
"""The payload is carried and nobody reads it."""

ADD = Exchange("/add", {"a": 1, "b": 2}, {"sum": 3})
"""The payload is read."""
