"""The frames of the message scenarios, and what answers them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Exchange:
    """What a client asks, over and over with fresh ids, and what it is answered."""

    path: str
    data: Any
    answer: Any

    def frame(self, number: int) -> str:
        """Return the frame of one message; a browser would write it so."""
        message = {"path": self.path, "id": f"m{number}", "data": self.data}
        return json.dumps(message, separators=(",", ":"))

    def is_answered_by(self, number: int, frame: str | bytes) -> bool:
        """Tell whether a frame is the answer to the message of this number."""
        reply = json.loads(frame)
        return reply["id"] == f"m{number}" and reply["data"] == self.answer


PING = Exchange("/ping", {"a": 1, "b": 2}, {"pong": True})
"""The payload is carried and nobody reads it."""

ADD = Exchange("/add", {"a": 1, "b": 2}, {"sum": 3})
"""The payload is read."""
