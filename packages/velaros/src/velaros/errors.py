"""What goes wrong on sockets.

::

    ArosError
    ├── DisconnectedError
    │   └── SocketClosed     the other side is gone, or the socket ends
    ├── TooManyRequests      more requests wait for the other side than its limit
    ├── HandshakeRefused     a client was not let in
    └── UnmarshalError
        └── ErrorAnswer      a client was answered with an error instead of a value
    TimeoutError
    └── RequestTimeout       the other side did not answer in time
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multidict import CIMultiDict

from aros_core.errors import ArosError, DisconnectedError, UnmarshalError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aros_core.errors import FieldError
    from velaros.status import CloseStatus


class SocketClosed(DisconnectedError):
    """The socket is closed: nothing can be sent to, or awaited from, the other side any more.

    `close_status` says how it was closed, where whoever raises it knows that.
    """

    close_status: CloseStatus | None

    def __init__(
        self, message: str = "the socket is closed", close_status: CloseStatus | None = None
    ) -> None:
        super().__init__(message)
        self.close_status = close_status


class TooManyRequests(ArosError):
    """As many requests as `max_pending_requests` allows wait for this client already."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit} requests wait for this client already; raise max_pending_requests, or await "
            "answers before asking more"
        )
        self.limit = limit

    def __reduce__(self) -> tuple[type[TooManyRequests], tuple[int]]:
        return TooManyRequests, (self.limit,)


class RequestTimeout(TimeoutError):
    """The client did not answer a request in time."""


class HandshakeRefused(ArosError):
    """The server refused a client's handshake with an HTTP status, header fields and a body."""

    status: int
    headers: CIMultiDict[str]
    body: bytes

    def __init__(
        self, status: int, headers: Mapping[str, str] | Iterable[tuple[str, str]], body: bytes
    ) -> None:
        self.status = int(status)
        self.headers = CIMultiDict(headers)
        self.body = body
        super().__init__(self.status, self.headers, body)

    def __str__(self) -> str:
        text = self.body.decode("utf-8", "replace")
        return f"the handshake was refused with status {self.status}{text and f': {text}'}"


class ErrorAnswer(UnmarshalError):
    """The other side answered with an error where a value was asked for.

    `error` is its text, and `fields` say which fields of the request were at fault.
    """

    error: str

    def __init__(self, error: str, fields: Iterable[FieldError] = ()) -> None:
        self.error = error
        fields = list(fields)
        problems = "; ".join(map(str, fields))
        super().__init__(f"the answer is an error: {problems or error}", fields)
        self.args = (error, self.fields)
