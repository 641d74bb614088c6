"""The tree of errors that the packages raise.

::

    Exception
    └── ArosError             the root: everything below in one except clause
        ├── PatternError      an invalid route pattern (ValueError; aros_core.patterns.errors)
        ├── HTTPError         an answer with an HTTP status, raised from anywhere
        ├── Error             an answer of one text, raised or returned
        ├── FieldError        an answer about one field, raised or returned
        ├── UnmarshalError    a payload that is missing or does not fit (ValueError)
        │   └── MessageError  a message whose envelope cannot be read
        ├── DisconnectedError the other side has left
        └── ContextClosedError a context that is used after its end (RuntimeError)

`DeadlineExceeded` is none of them, since it is a `TimeoutError`. All survive copying and pickling.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# RFC 9110 names these; older Pythons still say what RFC 2616 said.
_PHRASES: Final = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}


class ArosError(Exception):
    """The root of all errors of these packages."""


class HTTPError(ArosError):
    """An answer with an HTTP status of its own: raise it anywhere in a chain.

    `status` is 400 to 599, else `ValueError`. `message` is the text of the answer, by default the
    status's reason phrase (RFC 9110, section 15). `headers` are sent with the answer.
    """

    status: int
    message: str
    headers: dict[str, str]

    def __init__(
        self,
        status: int,
        message: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        if not 400 <= status <= 599:
            raise ValueError(f"an HTTPError has a status from 400 to 599, not {status!r}")
        self.status = int(status)
        self.message = reason_phrase(self.status) if message is None else message
        self.headers = dict(headers or {})
        super().__init__(self.status, self.message)

    def __str__(self) -> str:
        return f"{self.status} {self.message}"


class Error(ArosError):
    """An answer that is one text, `{"error": text}`; raised it is the answer just the same."""

    text: str

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.args == other.args

    def __hash__(self) -> int:
        return hash((type(self), self.args))


class FieldError(ArosError):
    """An answer about one field of a payload; a handler answers with one, or with a list of them.

    `field` is the path of the field (`user.email`, `items[0].price`), `error` says what is wrong.
    """

    field: str
    error: str

    def __init__(self, field: str, error: str) -> None:
        super().__init__(field, error)
        self.field = field
        self.error = error

    def __str__(self) -> str:
        return f"{self.field}: {self.error}"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.args == other.args

    def __hash__(self) -> int:
        return hash((type(self), self.args))


class UnmarshalError(ArosError, ValueError):
    """A payload that is missing, cannot be decoded or does not fit the type asked for.

    `message` says what is wrong with it; by default it is made of `fields`, the list of
    `FieldError` for the fields at fault. The list is empty when no field in particular is.
    """

    message: str
    fields: list[FieldError]

    def __init__(self, message: str | None = None, fields: Iterable[FieldError] = ()) -> None:
        self.fields = list(fields)
        if message is None:
            problems = "; ".join(map(str, self.fields))
            message = f"the payload does not fit: {problems}" if problems else "unreadable payload"
        self.message = message
        super().__init__(message, self.fields)

    def __str__(self) -> str:
        return self.message


class MessageError(UnmarshalError):
    """A message whose envelope cannot be read; `id` is the message's id where that could be."""

    id: str | int | None

    def __init__(self, message: str, *, id: str | int | None = None) -> None:  # noqa: A002
        super().__init__(message)
        self.args = (message,)
        self.id = id


class DisconnectedError(ArosError):
    """The other side has left, so that nothing can be sent to it, or read from it, any more.

    Each package has one of its own.
    """


class ContextClosedError(ArosError, RuntimeError):
    """A context is used to send, write or set after its chain is over."""

    def __init__(
        self,
        message: str = (
            "this context is closed: its chain is over; handlers must finish their work before "
            "they return (await it, or run it in a task that they wait for)"
        ),
    ) -> None:
        super().__init__(message)


class DeadlineExceeded(TimeoutError):
    """The deadline of a handler passed; other timeouts are the program's own affair."""


def is_client_error(error: BaseException) -> bool:
    """Tell whether the client is at fault for `error`, or gone: that is logged at debug level."""
    if isinstance(error, HTTPError):
        return error.status < 500
    return isinstance(error, (UnmarshalError, Error, FieldError, DisconnectedError))


@cache
def reason_phrase(status: int) -> str:
    """Return the reason phrase of `status`, or what its class is called if it has none."""
    if status in _PHRASES:
        return _PHRASES[status]
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Client Error" if status < 500 else "Server Error"
