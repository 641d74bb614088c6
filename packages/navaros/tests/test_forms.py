"""Submitted forms: read from a stream, limited, and closed whatever happens."""

from __future__ import annotations

import asyncio
import sys
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

import pytest
from multidict import MultiDictProxy

from aros_core.errors import HTTPError
from navaros.forms import Form, read_form
from navaros.uploads import UploadedFile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

URL_ENCODED = "application/x-www-form-urlencoded"
MULTIPART = 'multipart/form-data; boundary="limit"'
END = b"--limit--\r\n"


@pytest.fixture(autouse=True)
def _all_files_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that leaves an uploaded file open."""
    files: list[Any] = []

    class Remembered(SpooledTemporaryFile[bytes]):
        def __init__(self, max_size: int) -> None:
            super().__init__(max_size)
            files.append(self)

    monkeypatch.setattr("navaros.uploads.SpooledTemporaryFile", Remembered)
    yield
    assert all(file.closed for file in files)


def field(name: str, content: bytes) -> bytes:
    """Return a field of a form."""
    head = f'--limit\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return head.encode() + content + b"\r\n"


def file(name: str, content: bytes) -> bytes:
    """Return a file of a form."""
    head = f'--limit\r\nContent-Disposition: form-data; name="{name}"; filename="{name}.txt"\r\n'
    return head.encode() + b"Content-Type: text/plain\r\n\r\n" + content + b"\r\n"


async def stream(body: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    """Yield a body in pieces."""
    for start in range(0, len(body), size):
        yield body[start : start + size]


def uploaded(form: Form, name: str) -> UploadedFile:
    """Return the file of this name."""
    value = form[name]
    assert isinstance(value, UploadedFile)
    return value


@pytest.mark.parametrize(
    "content_type", [URL_ENCODED, URL_ENCODED.upper(), f"{URL_ENCODED}; charset=utf-8"]
)
async def test_url_encoded_forms_are_read(content_type: str) -> None:
    """The form is a multi-mapping of texts."""
    form = await read_form(content_type, stream(b"a=1&b=%20x+y&a=2", 1))
    assert form["a"] == "1"
    assert form.getall("a") == ["1", "2"]
    assert form.get("b") == " x y"
    assert form.get("c") is None
    assert list(form.items()) == [("a", "1"), ("b", " x y"), ("a", "2")]
    await form.close()


@pytest.mark.parametrize("size", [1, 10, 1000])
@pytest.mark.parametrize("spool_size", [1, 1000])
async def test_multipart_forms_are_read(size: int, spool_size: int) -> None:
    """Texts and files, wherever those are kept, are ready to be read from their start."""
    body = field("a", b"1") + file("f", b"0123456789" * 10) + field("b", b"2") + END
    form = await read_form(MULTIPART, stream(body, size), spool_size=spool_size)
    assert (form["a"], form["b"]) == ("1", "2")
    upload = uploaded(form, "f")
    assert (upload.filename, upload.content_type, upload.size) == ("f.txt", "text/plain", 100)
    assert await upload.read() == b"0123456789" * 10
    assert not upload.file.closed
    await form.close()
    assert upload.file.closed


async def test_an_empty_body_is_an_empty_form() -> None:
    """A URL-encoded form without fields has no bytes at all."""
    assert len(await read_form(URL_ENCODED, stream(b""))) == 0


async def test_a_form_cannot_be_changed() -> None:
    """What was submitted stays what it is."""
    form = await read_form(URL_ENCODED, stream(b"a=1"))
    assert isinstance(form, MultiDictProxy)
    assert not hasattr(form, "add")
    with pytest.raises(TypeError):
        form["a"] = "2"  # pyright: ignore[reportIndexIssue]


@pytest.mark.parametrize("content_type", ["", "application/json", "text/plain", "multipart/mixed"])
async def test_other_types_are_refused(content_type: str) -> None:
    """Another type is a 415 that says what a form is."""
    with pytest.raises(HTTPError, match=r"415 .*multipart/form-data, not ") as caught:
        await read_form(content_type, stream(b"a=1"))
    assert caught.value.message.endswith(content_type or "unknown")


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", 'multipart/form-data; boundary=""']
)
async def test_a_boundary_is_needed(content_type: str) -> None:
    """Without one, nobody can tell the parts apart."""
    with pytest.raises(HTTPError, match=r"400 .*names no boundary"):
        await read_form(content_type, stream(END))


@pytest.mark.parametrize(
    ("body", "limits", "status"),
    [
        (field("a", b"") * 1001, {}, 413),
        (file("f", b"") * 1001, {}, 413),
        (field("a", bytes(2**20 + 1)), {}, 413),
        (file("f", b"0123456789"), {"max_file_size": 9}, 413),
        (file("f", b"0123456789"), {}, 400),
        (file("f", b"0123456789") + b"--limit\r\nbroken\r\n", {}, 400),
        (file("f", b"0123456789") + field("a", b"123"), {"max_field_size": 2}, 413),
    ],
)
@pytest.mark.parametrize("spool_size", [1, 1000])
async def test_bad_forms_are_refused_and_closed(
    body: bytes, limits: dict[str, int], status: int, spool_size: int
) -> None:
    """Past a limit it is 413, malformed 400; no file stays open, in memory or on disk."""
    whole = body if status == 400 else body + END
    with pytest.raises(HTTPError) as caught:
        await read_form(MULTIPART, stream(whole), spool_size=spool_size, **limits)
    assert caught.value.status == status


@pytest.mark.parametrize("max_fields", [0, 1, 2])
async def test_the_stream_is_closed(max_fields: int) -> None:
    """A form that is refused before its end leaves no half-read stream to the garbage collector."""
    closed: list[bool] = []

    async def noted() -> AsyncIterator[bytes]:
        try:
            for chunk in (b"a=1&", b"b=2&", b"c=3&"):
                yield chunk
        finally:
            closed.append(True)

    chunks = noted()
    with pytest.raises(HTTPError):
        await read_form(URL_ENCODED, chunks, max_fields=max_fields)
    assert closed == [True]


async def test_url_encoded_bombs_are_refused() -> None:
    """A thousand fields are enough, by default."""
    assert len(await read_form(URL_ENCODED, stream(b"a&" * 1000))) == 1000
    with pytest.raises(HTTPError, match="413 the form has more than 1000 fields"):
        await read_form(URL_ENCODED, stream(b"a&" * 1001))


async def test_a_stream_that_fails_leaves_nothing_open() -> None:
    """When the client leaves in the middle, the files so far are closed."""

    async def broken() -> AsyncIterator[bytes]:
        yield file("f", b"0123456789")
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await read_form(MULTIPART, broken(), spool_size=1)


async def test_a_cancelled_reader_leaves_nothing_open() -> None:
    """Cancelled while it waits for more, the reader closes what it has."""
    waiting = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield file("f", b"0123456789")
        waiting.set()
        await asyncio.Event().wait()

    reader = asyncio.create_task(read_form(MULTIPART, endless()))
    await waiting.wait()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader


async def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "python_multipart", None)
    with pytest.raises(ImportError, match=r"navaros\[forms\]"):
        await read_form(URL_ENCODED, stream(b"a=1"))
