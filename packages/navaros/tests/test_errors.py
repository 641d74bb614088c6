"""The errors of HTTP."""

from __future__ import annotations

import copy
import pickle

import pytest

from aros_core.errors import ArosError
from navaros.errors import ClientDisconnected, ResponseAborted, ResponseStartedError


@pytest.mark.parametrize("error", [ResponseStartedError(), ClientDisconnected("gone")])
def test_they_are_of_the_family(error: Exception) -> None:
    """One except clause catches all of them, and they survive copying and pickling."""
    assert isinstance(error, ArosError)
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(twin) is type(error)
        assert str(twin) == str(error)


def test_builtin_bases() -> None:
    """They are what Python calls such errors."""
    assert issubclass(ResponseStartedError, RuntimeError)
    assert issubclass(ClientDisconnected, ConnectionResetError)


def test_what_they_say() -> None:
    """They say what to do."""
    assert "before the first write" in str(ResponseStartedError())
    assert str(ClientDisconnected()) == "the client is gone"


def test_an_abortion_names_its_cause_and_the_log() -> None:
    """It is for a server's log, which points to ours."""
    abortion = ResponseAborted(ValueError("boom"))
    assert "ValueError" in str(abortion)
    assert '"navaros"' in str(abortion)
    assert "boom" not in str(abortion)
    assert isinstance(abortion.error, ValueError)
