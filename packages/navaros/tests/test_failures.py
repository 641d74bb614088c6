"""What errors tell the client, and what they tell the log."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from aros_core.errors import DeadlineExceeded, Error, FieldError, HTTPError, UnmarshalError
from navaros.errors import ClientDisconnected
from navaros.failures import failure_of, is_special, report, special_text

FIELD = FieldError("a", "is bad")


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (HTTPError(403, "why"), 403, Error("why")),
        (HTTPError(503), 503, Error("Service Unavailable")),
        (Error("no"), 400, Error("no")),
        (FIELD, 400, FIELD),
        (DeadlineExceeded("too late"), 503, Error("Service Unavailable")),
        (TimeoutError("the database"), 500, Error("Internal Server Error")),
        (ValueError("secret"), 500, Error("Internal Server Error")),
    ],
)
def test_what_the_client_is_told(error: Exception, status: int, body: Any) -> None:
    """Only what was raised for the client tells it more than the status does."""
    assert failure_of(error) == (status, body, {})


def test_a_payload_at_fault_is_its_own_body() -> None:
    """Its fields are for the codec to shape."""
    error = UnmarshalError(None, [FIELD])
    assert failure_of(error) == (400, error, {})


def test_headers_go_along() -> None:
    """An `HTTPError` brings the header fields of its answer."""
    error = HTTPError(401, headers={"WWW-Authenticate": "Basic"})
    assert failure_of(error)[2] == {"WWW-Authenticate": "Basic"}


@pytest.mark.parametrize("body", [Error("a"), FIELD, [FIELD], (FIELD, FIELD), UnmarshalError("a")])
def test_special_answers(body: Any) -> None:
    """These speak of an error."""
    assert is_special(body)
    assert special_text(body)


@pytest.mark.parametrize("body", [[], (), [FIELD, "x"], ["x"], {}, "x", HTTPError(403), None])
def test_ordinary_answers(body: Any) -> None:
    """These do not, lists that are not all about fields among them."""
    assert not is_special(body)


def test_our_own_faults_are_errors(caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected error is logged with its traceback; what the client sent is escaped."""
    error = ValueError("boom")
    report(error, "GET\n", "/a\nb")
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("navaros", logging.ERROR)
    assert record.getMessage() == r"unhandled error in 'GET\n' '/a\nb'"
    assert record.exc_info is not None
    assert record.exc_info[1] is error


@pytest.mark.parametrize(
    "error",
    [HTTPError(404, "a\nb"), Error("a\nb"), FIELD, UnmarshalError("a\nb"), ClientDisconnected()],
)
def test_the_clients_faults_are_details(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """What the client did wrong is logged at debug level, in one line."""
    with caplog.at_level(logging.DEBUG, "navaros"):
        report(error, "GET", "/")
    (record,) = caplog.records
    assert record.levelno == logging.DEBUG
    assert "\n" not in record.getMessage()
