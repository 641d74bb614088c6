"""The tree of errors: values, texts, copies."""

from __future__ import annotations

import copy
import pickle

import pytest

from aros_core.errors import (
    ArosError,
    ContextClosedError,
    DisconnectedError,
    Error,
    FieldError,
    HTTPError,
    MessageError,
    UnmarshalError,
    is_client_error,
)

EVERY_ERROR = [
    ArosError("text"),
    HTTPError(404),
    HTTPError(403, "why", headers={"retry-after": "5"}),
    Error("text"),
    FieldError("email", "is required"),
    UnmarshalError(),
    UnmarshalError("text"),
    UnmarshalError(None, [FieldError("a", "b"), FieldError("c", "d")]),
    MessageError("text"),
    MessageError("text", id=5),
    ContextClosedError(),
    ContextClosedError("text"),
    DisconnectedError("text"),
]


def clone_by_pickle(error: ArosError) -> ArosError:
    """Return `error` after a trip through pickle."""
    return pickle.loads(pickle.dumps(error))


@pytest.mark.parametrize("error", EVERY_ERROR, ids=repr)
@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, clone_by_pickle])
def test_every_error_survives_copying(error: ArosError, clone: type) -> None:
    """A copied or pickled error has the type, the attributes and the text of the original."""
    twin = clone(error)
    assert type(twin) is type(error)
    assert vars(twin) == vars(error)
    assert str(twin) == str(error)
    assert repr(twin) == repr(error)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (HTTPError(500), ArosError),
        (Error(""), ArosError),
        (FieldError("", ""), ArosError),
        (UnmarshalError(), ValueError),
        (MessageError(""), UnmarshalError),
        (ContextClosedError(), RuntimeError),
    ],
    ids=repr,
)
def test_every_error_has_its_place_in_the_tree(error: ArosError, kind: type) -> None:
    """One except clause catches them all; those with a builtin twin are caught by that as well."""
    assert isinstance(error, kind)
    assert isinstance(error, ArosError)


class TestHTTPError:
    def test_message_defaults_to_the_reason_phrase(self) -> None:
        """Without a message the text is the status's reason phrase."""
        error = HTTPError(404)
        assert (error.status, error.message, error.headers) == (404, "Not Found", {})
        assert str(error) == "404 Not Found"
        assert repr(error) == "HTTPError(404, 'Not Found')"

    @pytest.mark.parametrize(
        ("status", "phrase"),
        [
            (413, "Content Too Large"),
            (422, "Unprocessable Content"),
            (499, "Client Error"),
            (599, "Server Error"),
        ],
    )
    def test_phrases_do_not_depend_on_the_python_version(self, status: int, phrase: str) -> None:
        """Phrases are those of RFC 9110, and statuses that nobody named have one too."""
        assert HTTPError(status).message == phrase

    def test_keeps_what_it_is_given(self) -> None:
        """Message and headers are kept, the headers in a dict of the error's own."""
        headers = {"retry-after": "5"}
        error = HTTPError(503, "", headers=headers)
        headers.clear()
        assert error.message == ""
        assert error.headers == {"retry-after": "5"}

    @pytest.mark.parametrize("status", [399, 600, 200, 0, -404])
    def test_refuses_a_status_that_is_no_error(self, status: int) -> None:
        """Only 400 to 599 are errors."""
        with pytest.raises(ValueError, match=f"status from 400 to 599, not {status}"):
            HTTPError(status)

    @pytest.mark.parametrize("status", [400, 599])
    def test_takes_the_statuses_at_both_ends(self, status: int) -> None:
        """400 and 599 are errors."""
        assert HTTPError(status).status == status


class TestError:
    def test_equals_by_value(self) -> None:
        """Two errors of one text are equal, and hash alike."""
        assert Error("a") == Error("a")
        assert hash(Error("a")) == hash(Error("a"))
        assert Error("a") != Error("b")
        assert Error("a") != "a"

    def test_says_its_text(self) -> None:
        """The text is what str gives, and repr names the class."""
        assert Error("a").text == "a"
        assert str(Error("a")) == "a"
        assert repr(Error("a")) == "Error('a')"


class TestFieldError:
    def test_equals_by_value(self) -> None:
        """Two errors about one field are equal if they say the same, and hash alike."""
        assert FieldError("a", "b") == FieldError("a", "b")
        assert hash(FieldError("a", "b")) == hash(FieldError("a", "b"))
        assert FieldError("a", "b") != FieldError("a", "c")
        assert FieldError("a", "b") != ("a", "b")

    def test_says_field_and_problem(self) -> None:
        """The field and the problem are in its attributes, its str and its repr."""
        error = FieldError("email", "is required")
        assert (error.field, error.error) == ("email", "is required")
        assert str(error) == "email: is required"
        assert repr(error) == "FieldError('email', 'is required')"


class TestUnmarshalError:
    def test_names_the_fields_by_default(self) -> None:
        """Without a message the text is made of the fields."""
        error = UnmarshalError(fields=[FieldError("a", "is required"), FieldError("b", "is bad")])
        assert str(error) == "the payload does not fit: a: is required; b: is bad"
        assert error.fields == [FieldError("a", "is required"), FieldError("b", "is bad")]

    def test_always_says_something(self) -> None:
        """With neither message nor fields there is a text all the same, and no fields."""
        assert str(UnmarshalError()) == "unreadable payload"
        assert UnmarshalError().fields == []


def test_a_closed_context_says_what_to_do() -> None:
    """The default text tells that handlers must finish their work before they return."""
    assert "handlers must finish their work before they return" in str(ContextClosedError())


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (HTTPError(400), True),
        (HTTPError(499), True),
        (HTTPError(500), False),
        (UnmarshalError(), True),
        (MessageError(""), True),
        (Error(""), True),
        (FieldError("", ""), True),
        (DisconnectedError(), True),
        (ContextClosedError(), False),
        (ValueError(), False),
        (KeyboardInterrupt(), False),
    ],
    ids=repr,
)
def test_tells_whose_fault_an_error_is(error: BaseException, expected: bool) -> None:
    """What the client did wrong is told apart from what the program did."""
    assert is_client_error(error) is expected
