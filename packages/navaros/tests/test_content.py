"""Bodies as bytes: who encodes what, and what nobody can."""

from __future__ import annotations

import io
import logging
from collections import UserList
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.wrappers_pb2 import StringValue

from aros_core.codecs import PayloadCodec
from aros_core.errors import Error, FieldError, UnmarshalError
from navaros import EventStream, middleware
from navaros.content import (
    BINARY,
    HOLDS_DATA,
    NO_CONTENT,
    TEXT,
    chunk_bytes,
    encode_body,
    is_file_object,
    is_streamed,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@dataclass
class Message:
    """A message whose field has the name of a file's method."""

    read: bool
    close: str = "never"


@dataclass
class Recording:
    """A file object that happens to be a dataclass."""

    data: bytes

    def read(self, size: int = -1) -> bytes:
        """Return all that is left."""
        data, self.data = self.data, b""
        return data

    def close(self) -> None:
        """Do nothing."""


class Tagged(PayloadCodec):
    """A codec that shows what it was given."""

    name = "tagged"
    content_type = "text/x-tagged"
    shapes_answers = True

    def decode(self, data: bytes, into: Any = Any) -> Any:
        """Return the bytes."""
        return data

    def encode(self, value: Any) -> bytes:
        """Return the value's type."""
        return f"<{type(value).__name__}>".encode()


class Silent(Tagged):
    """A codec that has no shapes for special answers."""

    content_type = "text/x-silent"
    shapes_answers = False


class Broken(Tagged):
    """A codec that fails."""

    content_type = "text/x-broken"

    def encode(self, value: Any) -> bytes:
        """Raise an error."""
        raise LookupError("broken")


async def agenerator() -> AsyncIterator[bytes]:
    """Yield something."""
    yield b"a"


@pytest.mark.parametrize(
    "make",
    [
        agenerator,
        lambda: iter(["a"]),
        lambda: (item for item in "ab"),
        lambda: map(str, [1]),
        lambda: io.BytesIO(b"a"),
        lambda: EventStream(iter(["a"])),
    ],
)
def test_what_is_streamed(make: Callable[[], Any]) -> None:
    """Iterators of both kinds and file objects are sent piece by piece."""
    assert is_streamed(make())


@pytest.mark.parametrize(
    "body",
    [
        "a",
        b"a",
        [1],
        (1,),
        {"a": 1},
        range(3),
        UserList([1]),
        5,
        None,
        Message(read=True),
        NO_CONTENT,
    ],
)
def test_what_is_not_streamed(body: Any) -> None:
    """Values are sent whole, collections of every kind among them."""
    assert not is_streamed(body)


def test_a_file_object_can_be_read_and_closed() -> None:
    """Attributes of those names that are no methods make no file."""
    assert is_file_object(io.BytesIO())
    assert not is_file_object(Message(read=True))


@pytest.mark.parametrize(
    ("body", "content_type", "data"),
    [
        ("grüß", TEXT, "grüß".encode()),
        ("", TEXT, b""),
        (b"\x00", BINARY, b"\x00"),
        (bytearray(b"a"), BINARY, b"a"),
        (memoryview(b"a"), BINARY, b"a"),
        (NO_CONTENT, None, b""),
    ],
)
def test_texts_and_bytes_need_no_codec(body: Any, content_type: str | None, data: bytes) -> None:
    """They go out as they are, also where there are codecs."""
    assert encode_body(body, None, [], None) == (content_type, data)
    assert encode_body(body, "application/json", [middleware.json()], None) == (content_type, data)


def test_everything_else_is_the_codecs() -> None:
    """The only codec encodes it, whatever the client accepts."""
    codecs = [middleware.json()]
    assert encode_body({"a": 1}, "text/html", codecs, None) == ("application/json", b'{"a":1}')
    assert encode_body(False, None, codecs, None) == ("application/json", b"false")


def test_without_a_codec_it_says_what_to_add() -> None:
    """The error is for the log: it names the type and the remedy."""
    with pytest.raises(
        TypeError, match=r"type dict needs a codec.*app\.use\(middleware\.json\(\)\)"
    ):
        encode_body({}, None, [], None)
    with pytest.raises(TypeError, match="needs a codec"):
        encode_body({}, None, [middleware.json(response=False)], None)


def test_which_codec_writes() -> None:
    """What `Accept` prefers, else the one that read the request, else the first that may."""
    json, tagged = middleware.json(), Tagged()
    codecs = [middleware.json(response=False), json, tagged]
    assert encode_body(1, None, codecs, None)[0] == "application/json"
    assert encode_body(1, None, codecs, tagged)[0] == "text/x-tagged"
    assert encode_body(1, None, codecs, codecs[0])[0] == "application/json"
    assert encode_body(1, "text/x-tagged", codecs, json)[0] == "text/x-tagged"


def test_a_codec_that_cannot_write_leaves_it_to_the_next() -> None:
    """A client that asks for what a body cannot be gets it as it can be, and no error."""
    codecs = [middleware.json(), middleware.protobuf()]
    message = StringValue(value="a")
    json, protobuf = "application/json", "application/protobuf"
    assert encode_body({"a": 1}, protobuf, codecs, codecs[1]) == (json, b'{"a":1}')
    assert encode_body(message, json, codecs, codecs[0]) == (protobuf, b"\n\x01a")
    assert encode_body(message, None, codecs, None) == (protobuf, b"\n\x01a")
    with pytest.raises(TypeError, match="as json"):
        encode_body(object(), None, codecs, None)
    with pytest.raises(TypeError, match="as protobuf"):
        encode_body(object(), protobuf, codecs, None)


SPECIAL = [
    (Error("no"), b'{"error":"no"}', b"no"),
    (
        FieldError("a", "is bad"),
        b'{"error":"Validation error","fields":[{"a":"is bad"}]}',
        b"a: is bad",
    ),
    (
        [FieldError("a", "is bad"), FieldError("b", "too")],
        b'{"error":"Validation error","fields":[{"a":"is bad"},{"b":"too"}]}',
        b"a: is bad\nb: too",
    ),
    (UnmarshalError("unreadable"), b'{"error":"unreadable"}', b"unreadable"),
]


@pytest.mark.parametrize(("body", "shaped", "text"), SPECIAL)
def test_special_answers(body: Any, shaped: bytes, text: bytes) -> None:
    """They have their shape in a codec that knows it, else they are a text."""
    assert encode_body(body, None, [middleware.json()], None) == ("application/json", shaped)
    assert encode_body(body, None, [], None) == (TEXT, text)
    assert encode_body(body, None, [Silent()], None) == (TEXT, text)
    assert encode_body(body, "text/x-silent", [Silent(), middleware.json()], None)[1] == shaped


def test_a_special_answer_survives_its_codec(caplog: pytest.LogCaptureFixture) -> None:
    """An answer to an error that cannot be encoded goes out as text, and the log says why."""
    assert encode_body(Error("no"), None, [Broken()], None) == (TEXT, b"no")
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.name == "navaros"
    with pytest.raises(LookupError):
        encode_body({}, None, [Broken()], None)


def test_chunks_are_text_or_bytes() -> None:
    """Parts of a body are not for codecs."""
    for chunk in ("ä", "ä".encode(), bytearray("ä".encode()), memoryview("ä".encode())):
        assert chunk_bytes(chunk) == "ä".encode()
    with pytest.raises(TypeError, match="str or bytes, not in dict"):
        chunk_bytes({})


def test_declared_data_is_for_a_codec() -> None:
    """Its class alone tells; what could be read or iterated over is looked at closely."""
    assert HOLDS_DATA[Message]
    assert HOLDS_DATA[dict]
    assert not HOLDS_DATA[list]
    assert not HOLDS_DATA[Recording]
    assert is_streamed(Recording(b""))
    assert not HOLDS_DATA[str]
