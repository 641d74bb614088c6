"""The errors that only HTTP knows; the others come from `aros_core.errors`.

::

    ArosError
    ├── ResponseStartedError  the response is changed after it began (RuntimeError)
    └── ClientDisconnected    the client is gone, when read or written (DisconnectedError, OSError)
    Exception
    └── ResponseAborted       tells the server to cut the connection off
"""

from __future__ import annotations

from aros_core.errors import ArosError, DisconnectedError


class ResponseStartedError(ArosError, RuntimeError):
    """The status, a header, a cookie or the body is changed after the response began."""

    def __init__(
        self,
        message: str = (
            "the response has begun, so its status, headers, cookies and body are fixed; change "
            "them before the first write, and add to the body with ctx.write()"
        ),
    ) -> None:
        super().__init__(message)


class ClientDisconnected(DisconnectedError, ConnectionResetError):
    """The client left while its body was read, or a part of the answer was written to it."""

    def __init__(self, message: str = "the client is gone") -> None:
        super().__init__(message)


class ResponseAborted(Exception):
    """Leaves the application so that the server cuts off a response that will not be complete.

    `error` is what stopped the response; it was logged already. It is not the cause, so that the
    server's own log entry stays short.
    """

    def __init__(self, error: BaseException) -> None:
        super().__init__(
            f"the response was cut off after it began, because of {type(error).__qualname__}; the "
            'logger "navaros" has the details'
        )
        self.error = error
