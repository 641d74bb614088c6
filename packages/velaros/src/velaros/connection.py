"""What carries messages: a small protocol that every kind of connection speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from msgspec import Struct
from multidict import CIMultiDict

from velaros.status import Status

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping

    from aros_core.asgi.types import Scope


class ConnectionEnded(Exception):
    """Raised by `Connection.receive` when the other side is gone.

    `by_server` says that this side's own server ended it, so that nothing can be sent any more; by
    default it did with 1012, which servers give when they stop.
    """

    def __init__(
        self, status: int = 1006, reason: str = "", *, by_server: bool | None = None
    ) -> None:
        super().__init__(f"the connection ended with status {status}: {reason!r}")
        self.status = status
        self.reason = reason
        self.by_server = status == Status.SERVICE_RESTART if by_server is None else by_server


@runtime_checkable
class Connection(Protocol):
    """A lasting connection that carries whole messages both ways.

    A cancelled `receive` or `send` has lost nothing; only one of each runs at a time. `send` raises
    `ConnectionEnded` or `OSError` when the other side is gone; a connection whose `send` says so by
    other exceptions names their class, or a tuple of classes, in an attribute `loss`.
    """

    async def receive(self) -> str | bytes:
        """Return the next message; raises `ConnectionEnded` when there will be none."""
        ...

    def send(self, message: str | bytes) -> Awaitable[None]:
        """Send a message; the result is done when the connection has taken it."""
        ...

    async def close(self, status: int, reason: str) -> None:
        """Close the connection with a status and a reason."""
        ...


class ConnectionInfo(Struct, frozen=True):
    """What is known of a connection's other side before its first message."""

    remote_address: str | None = None
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = ()

    def scope(self) -> Scope:
        """Return the ASGI scope that says the same."""
        fields = CIMultiDict(self.headers)
        headers = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in fields.items()]
        return {"type": "websocket", "path": "", "query_string": b"", "headers": headers}
