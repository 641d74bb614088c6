"""What goes wrong on sockets: values, texts, copies."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import pytest

from aros_core.errors import ArosError, DisconnectedError, FieldError, is_client_error
from velaros import CloseSource, CloseStatus, RequestTimeout, SocketClosed, UnmarshalError
from velaros.errors import ErrorAnswer, HandshakeRefused, TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY_ERROR = [
    SocketClosed(),
    SocketClosed("gone", CloseStatus(1001, "bye", CloseSource.CLIENT)),
    TooManyRequests(5),
    RequestTimeout("the client did not answer in 5 s"),
    HandshakeRefused(401, {"WWW-Authenticate": "Bearer"}, b"who are you?"),
    ErrorAnswer("not found"),
    ErrorAnswer("Validation error", [FieldError("title", "is required")]),
]


def clone_by_pickle(error: Exception) -> Exception:
    """Return an error after a trip through pickle."""
    return pickle.loads(pickle.dumps(error))


@pytest.mark.parametrize("error", EVERY_ERROR, ids=repr)
@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, clone_by_pickle])
def test_every_error_survives_copying(
    error: Exception, clone: Callable[[Exception], Exception]
) -> None:
    """A copied or pickled error has the type, the attributes and the text of the original."""
    twin = clone(error)
    assert type(twin) is type(error)
    assert vars(twin) == vars(error)
    assert str(twin) == str(error)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (SocketClosed(), DisconnectedError),
        (TooManyRequests(1), ArosError),
        (RequestTimeout(), TimeoutError),
        (HandshakeRefused(403, (), b""), ArosError),
        (ErrorAnswer("no"), UnmarshalError),
    ],
    ids=repr,
)
def test_every_error_has_its_place_in_the_tree(error: Exception, kind: type) -> None:
    """What is common to several is caught by one except clause."""
    assert isinstance(error, kind)


def test_a_client_that_is_gone_is_no_error_of_the_program() -> None:
    """It is logged at debug level; a limit that is reached and a silent client are not."""
    assert is_client_error(SocketClosed())
    assert not is_client_error(TooManyRequests(1))
    assert not is_client_error(RequestTimeout())


def test_too_many_requests_say_what_to_do() -> None:
    """The text names the limit and both ways out."""
    assert str(TooManyRequests(7)) == (
        "7 requests wait for this client already; raise max_pending_requests, or await answers "
        "before asking more"
    )


def test_a_refusal_shows_what_the_server_said() -> None:
    """Status and body are its text, a body that is no UTF-8 as well; an empty one adds nothing."""
    assert str(HandshakeRefused(403, (), b"")) == "the handshake was refused with status 403"
    refused = HandshakeRefused(401, [("X-A", "1")], b"who\xff")
    assert str(refused) == "the handshake was refused with status 401: who\ufffd"
    assert refused.headers["x-a"] == "1"


def test_an_error_answer_names_the_fields_at_fault() -> None:
    """Where there are none, its own text says what is wrong."""
    assert str(ErrorAnswer("not found")) == "the answer is an error: not found"
    fields = [FieldError("a", "is required"), FieldError("b", "is too long")]
    invalid = ErrorAnswer("Validation error", fields)
    assert str(invalid) == "the answer is an error: a: is required; b: is too long"
    assert (invalid.error, invalid.fields) == ("Validation error", fields)
