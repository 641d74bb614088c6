"""What an error tells the client, and what it tells the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, cast

from aros_core.errors import (
    ArosError,
    DeadlineExceeded,
    Error,
    FieldError,
    HTTPError,
    UnmarshalError,
    is_client_error,
    reason_phrase,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

log: Final = logging.getLogger("navaros")

_ANSWERS: Final = (Error, FieldError, UnmarshalError)
_MAYBE_SPECIAL: Final = (list, tuple, ArosError)
_NO_HEADERS: Final[Mapping[str, str]] = {}


def failure_of(error: Exception) -> tuple[int, Any, Mapping[str, str]]:
    """Return the status, the body and the headers that answer for an error.

    Details of what was not raised for the client stay here.
    """
    if isinstance(error, HTTPError):
        return error.status, Error(error.message), error.headers
    if isinstance(error, _ANSWERS):
        return 400, error, _NO_HEADERS
    status = 503 if isinstance(error, DeadlineExceeded) else 500
    return status, Error(reason_phrase(status)), _NO_HEADERS


def is_special(body: Any) -> bool:
    """Tell whether a body is an answer about an error, of status 400 unless one is set."""
    if not isinstance(body, _MAYBE_SPECIAL):
        return False
    if isinstance(body, ArosError):
        return isinstance(body, _ANSWERS)
    items = cast("Sequence[Any]", body)
    return bool(items) and all(isinstance(item, FieldError) for item in items)


def special_text(body: Any) -> str:
    """Return what a special answer says where there is no codec to write it."""
    if isinstance(body, (list, tuple)):
        return "\n".join(map(str, cast("Sequence[Any]", body)))
    return str(body)


def report(error: Exception, method: str, path: str) -> None:
    """Log an error that nobody handled; what the client did is for those who look closely."""
    if is_client_error(error):
        log.debug("%r %r was answered with an error: %r", method, path, error)
    else:
        log.error("unhandled error in %r %r", method, path, exc_info=error)
