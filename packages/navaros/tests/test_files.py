"""Files as bodies: status, headers and bytes for every kind of request, and nothing left open."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import re
import threading
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

import pytest
from multidict import CIMultiDict

from aros_core.errors import HTTPError
from navaros.files import CHUNK_SIZE, FileAnswer, file_status, open_file, read_file_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from navaros.blocking import ThreadedIterator

CONTENT = b"0123456789"
MODIFIED = 784111777
LAST_MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT"
ETAG = f'"{MODIFIED * 10**9:x}-a"'


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Return a file of ten bytes that was modified long ago."""
    path = tmp_path / "digits.txt"
    path.write_bytes(CONTENT)
    os.utime(path, (MODIFIED, MODIFIED))
    return path


@pytest.fixture(autouse=True)
def _nothing_is_left_open(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that leaves a file open which `pathlib` opened."""
    opened: list[Any] = []
    open_path = Path.open

    def remember(path: Path, mode: str) -> Any:
        file: Any = open_path(path, mode)
        opened.append(file)
        return file

    monkeypatch.setattr(Path, "open", remember)
    yield
    assert all(file.closed for file in opened)


async def ask(
    path: Path,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    own: dict[str, str] | None = None,
    *,
    whole: bool = False,
) -> FileAnswer:
    """Request a file; `own` are the header fields that the response has already."""
    own_headers = None if own is None else CIMultiDict(own)
    return await open_file(path, method, CIMultiDict(headers or {}), own_headers, whole=whole)


async def body_of(answer: FileAnswer) -> bytes:
    """Return the bytes of an answer; check that they are as many as it says."""
    assert answer.content is not None
    body = b"".join([chunk async for chunk in answer.content])
    assert dict(answer.headers)["content-length"] == str(len(body))
    return body


async def test_a_file_is_sent_whole(digits: Path) -> None:
    """Type, length, validators and bytes."""
    answer = await ask(digits)
    assert answer.status == 200
    assert sorted(answer.headers) == [
        ("accept-ranges", "bytes"),
        ("content-length", "10"),
        ("content-type", "text/plain; charset=utf-8"),
        ("etag", ETAG),
        ("last-modified", LAST_MODIFIED),
    ]
    assert await body_of(answer) == CONTENT


async def test_large_files_are_sent_in_chunks(tmp_path: Path) -> None:
    """No more than a chunk is in memory at once."""
    path = tmp_path / "large.bin"
    content = os.urandom(2 * CHUNK_SIZE + 1)
    path.write_bytes(content)
    answer = await ask(path)
    assert answer.content is not None
    chunks = [chunk async for chunk in answer.content]
    assert [len(chunk) for chunk in chunks] == [CHUNK_SIZE, CHUNK_SIZE, 1]
    assert b"".join(chunks) == content


async def test_head_has_the_headers_only(digits: Path) -> None:
    """`HEAD` is answered as `GET` would be, without the bytes; ranges are not for it."""
    answer = await ask(digits, "HEAD", headers={"range": "bytes=0-1"})
    assert answer.status == 200
    assert dict(answer.headers)["content-length"] == "10"
    assert answer.content is None


async def test_an_empty_file_is_sent_whole(tmp_path: Path) -> None:
    """There are no parts of nothing, so whoever asks for some gets it whole."""
    (tmp_path / "empty").touch()
    for headers in ({}, {"range": "bytes=0-"}, {"range": "bytes=-1"}):
        answer = await ask(tmp_path / "empty", headers=headers)
        assert answer.status == 200
        assert await body_of(answer) == b""


@pytest.mark.parametrize(
    "name", ["missing", "", "digits.txt/x", "x" * 300, "a\0b", "\ud800", "loop"]
)
async def test_what_is_no_file_is_not_found(digits: Path, name: str) -> None:
    """A path that leads nowhere is a 404, however wrong it is."""
    (digits.parent / "loop").symlink_to("loop")
    with pytest.raises(HTTPError) as caught:
        await ask(digits.parent / name)
    assert caught.value.status == 404
    assert str(digits.parent) not in caught.value.message


async def test_a_pipe_is_not_found(tmp_path: Path) -> None:
    """What is no regular file is not even opened, which could take forever."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(HTTPError, match="404"):
        await ask(tmp_path / "pipe")


async def test_a_file_that_may_not_be_read_is_a_fault_of_the_server(
    digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missing permissions are for the log to tell, not to hide behind a 404."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "not allowed")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(PermissionError):
        await ask(digits)


async def test_a_file_without_known_type_is_bytes(tmp_path: Path) -> None:
    """A name that says nothing gives the type for anything."""
    (tmp_path / "data").touch()
    answer = await ask(tmp_path / "data", "HEAD")
    assert dict(answer.headers)["content-type"] == "application/octet-stream"


async def test_a_time_in_the_future_is_now(digits: Path) -> None:
    """`Last-Modified` is never later than the answer, and never before there were clocks."""
    os.utime(digits, (2**33, 2**33))
    last_modified = dict((await ask(digits, "HEAD")).headers)["last-modified"]
    assert not last_modified.endswith("2242 12:56:32 GMT")
    os.utime(digits, (-5, -5))
    last_modified = dict((await ask(digits, "HEAD")).headers)["last-modified"]
    assert last_modified == "Thu, 01 Jan 1970 00:00:00 GMT"


async def test_every_change_gives_another_etag(digits: Path) -> None:
    """Another size or another time, down to the nanosecond, is another version."""
    etags = {dict((await ask(digits, "HEAD")).headers)["etag"]}
    os.utime(digits, ns=(MODIFIED * 10**9, MODIFIED * 10**9 + 1))
    etags.add(dict((await ask(digits, "HEAD")).headers)["etag"])
    os.truncate(digits, 11)
    os.utime(digits, (MODIFIED, MODIFIED))
    etags.add(dict((await ask(digits, "HEAD")).headers)["etag"])
    assert len(etags) == 3


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", [{"if-none-match": ETAG}, {"if-modified-since": LAST_MODIFIED}])
async def test_what_the_client_has_is_not_sent_again(
    digits: Path, method: str, headers: dict[str, str]
) -> None:
    """A 304 has the validators, and neither type nor length nor bytes."""
    answer = await ask(digits, method, headers)
    assert answer.status == 304
    assert dict(answer.headers) == {
        "etag": ETAG,
        "last-modified": LAST_MODIFIED,
        "accept-ranges": "bytes",
    }
    assert answer.content is None


@pytest.mark.parametrize(
    "headers",
    [{"if-match": '"other"'}, {"if-unmodified-since": "Sun, 06 Nov 1994 08:49:36 GMT"}],
)
async def test_what_the_client_expects_has_to_be_there(
    digits: Path, headers: dict[str, str]
) -> None:
    """A condition that fails is a 412 without a body."""
    answer = await ask(digits, headers=headers)
    assert answer.status == 412
    assert dict(answer.headers)["content-length"] == "0"
    assert answer.content is None


async def test_one_part_is_sent(digits: Path) -> None:
    """A part goes out under 206, with its place."""
    answer = await ask(digits, headers={"range": "bytes=2-4"})
    headers = dict(answer.headers)
    assert answer.status == 206
    assert headers["content-range"] == "bytes 2-4/10"
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert headers["etag"] == ETAG
    assert await body_of(answer) == b"234"


async def test_several_parts_are_sent(digits: Path) -> None:
    """Parts go out in the order they were asked for, each with type and place."""
    answer = await ask(digits, headers={"range": "bytes=7-,0-1"})
    content_type = dict(answer.headers)["content-type"]
    found = re.fullmatch(r"multipart/byteranges; boundary=([0-9a-f]{32})", content_type)
    assert found is not None
    assert answer.status == 206
    assert "content-range" not in dict(answer.headers)
    head = f"--{found[1]}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes "
    assert (await body_of(answer)).decode() == (
        f"{head}7-9/10\r\n\r\n789\r\n{head}0-1/10\r\n\r\n01\r\n--{found[1]}--\r\n"
    )


async def test_parts_of_large_files_are_sent(tmp_path: Path) -> None:
    """A part may span chunks, and starts where it should."""
    path = tmp_path / "large.bin"
    content = os.urandom(3 * CHUNK_SIZE)
    path.write_bytes(content)
    answer = await ask(path, headers={"range": f"bytes=5-{2 * CHUNK_SIZE}"})
    assert await body_of(answer) == content[5 : 2 * CHUNK_SIZE + 1]


@pytest.mark.parametrize(
    "asked", ["bytes=10-", "bytes=" + ",".join(["0-0"] * 17), "bytes=" + ",".join(["0-"] * 5000)]
)
async def test_parts_that_cannot_be_sent_are_refused(digits: Path, asked: str) -> None:
    """Past the end, or far too many: a 416 that tells the size."""
    answer = await ask(digits, headers={"range": asked})
    assert answer.status == 416
    assert dict(answer.headers) == {"content-range": "bytes */10", "content-length": "0"}
    assert answer.content is None


@pytest.mark.parametrize("asked", ["bytes=0-,0-,0-,0-", "bytes=0-,-10,1-,2-,3-"])
async def test_asking_often_does_not_give_more(digits: Path, asked: str) -> None:
    """Ranges that overlap come to one part."""
    answer = await ask(digits, headers={"range": asked})
    assert dict(answer.headers)["content-range"] == "bytes 0-9/10"
    assert await body_of(answer) == CONTENT


@pytest.mark.parametrize("asked", ["bytes=x", "bytes=4-2", "pages=1-2", ""])
async def test_malformed_ranges_are_ignored(digits: Path, asked: str) -> None:
    """What cannot be understood gives the whole file."""
    answer = await ask(digits, headers={"range": asked})
    assert answer.status == 200
    assert await body_of(answer) == CONTENT


@pytest.mark.parametrize(
    ("condition", "status"), [(ETAG, 206), (LAST_MODIFIED, 206), ('"other"', 200), ("bad", 200)]
)
async def test_parts_of_another_version_are_not_sent(
    digits: Path, condition: str, status: int
) -> None:
    """With `If-Range`, a client whose parts are old gets the whole new file."""
    answer = await ask(digits, headers={"range": "bytes=0-1", "if-range": condition})
    assert answer.status == status
    assert await body_of(answer) == (b"01" if status == 206 else CONTENT)


async def test_conditions_come_before_ranges(digits: Path) -> None:
    """A client that has the file gets no part of it either."""
    answer = await ask(digits, headers={"range": "bytes=0-1", "if-none-match": ETAG})
    assert answer.status == 304


async def test_other_methods_get_the_whole_file(digits: Path) -> None:
    """Conditions and ranges are about what `GET` would give, not about this answer."""
    answer = await ask(digits, "POST", headers={"range": "bytes=0-1", "if-none-match": ETAG})
    assert answer.status == 200
    assert dict(answer.headers) == {
        "content-type": "text/plain; charset=utf-8",
        "content-length": "10",
    }
    assert await body_of(answer) == CONTENT


async def test_a_file_under_another_status_is_sent_whole(digits: Path) -> None:
    """The page of a 404 is neither cached by itself nor sent in parts."""
    answer = await ask(digits, whole=True, headers={"range": "bytes=0-1", "if-none-match": ETAG})
    assert await body_of(answer) == CONTENT
    answer = await ask(digits, "HEAD", whole=True)
    assert answer.content is None


async def test_the_response_s_own_headers_count(digits: Path) -> None:
    """Type and validators that a handler set are those that are sent and compared."""
    own = {
        "Content-Type": "text/x-digits",
        "ETag": '"own"',
        "Last-Modified": "Thu, 01 Jan 1970 00:00:05 GMT",
    }
    answer = await ask(digits, "HEAD", own=own)
    headers = dict(answer.headers)
    assert headers["content-type"] == "text/x-digits"
    assert headers["etag"] == '"own"'
    assert headers["last-modified"] == "Thu, 01 Jan 1970 00:00:05 GMT"
    assert (await ask(digits, "GET", {"if-none-match": '"own"'}, own)).status == 304
    assert (await ask(digits, "GET", {"if-match": ETAG}, own)).status == 412
    answer = await ask(digits, "GET", {"range": "bytes=0-1,4-5"}, own)
    assert b"Content-Type: text/x-digits\r\n" in await body_of(answer)


async def test_a_file_that_shrinks_is_an_error(digits: Path) -> None:
    """An answer that would be shorter than it says is not taken for complete."""
    answer = await ask(digits)
    assert answer.content is not None
    os.truncate(digits, 3)
    assert await anext(answer.content) == b"012"
    with pytest.raises(OSError, match="became shorter while it was sent"):
        await anext(answer.content)


async def test_a_file_that_grows_is_sent_as_it_was(digits: Path) -> None:
    """No more is sent than was said."""
    answer = await ask(digits)
    with digits.open("ab") as file:
        file.write(b"more")
    assert await body_of(answer) == CONTENT


async def test_an_answer_that_is_not_sent_is_closed(digits: Path) -> None:
    """Closing the content closes the file, before the first chunk and after it."""
    answer = await ask(digits)
    assert answer.content is not None
    await answer.content.aclose()
    answer = await ask(digits)
    assert answer.content is not None
    await anext(answer.content)
    await answer.content.aclose()


async def test_a_cancelled_request_leaves_nothing_open(
    digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is opened after nobody wants it any more is closed."""
    loop = asyncio.get_running_loop()
    opening, closed = asyncio.Event(), asyncio.Event()
    go_on = threading.Event()

    class Opened(io.BytesIO):
        def close(self) -> None:
            super().close()
            loop.call_soon_threadsafe(closed.set)

        def fileno(self) -> int:
            raise OSError

    def open_slowly(*_: object) -> Opened:
        loop.call_soon_threadsafe(opening.set)
        assert go_on.wait(10)
        return Opened()

    monkeypatch.setattr(Path, "open", open_slowly)
    request = asyncio.create_task(ask(digits))
    await opening.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    go_on.set()
    await closed.wait()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"range": "bytes=0-1"}, 206),
        ({"if-none-match": ETAG}, 304),
        ({"if-match": '"other"'}, 412),
        ({"range": "bytes=10-"}, 416),
    ],
)
def test_the_status_can_be_told_ahead(digits: Path, headers: dict[str, str], status: int) -> None:
    """What `open_file` would answer with is known without sending anything."""
    assert file_status(digits, "GET", CIMultiDict(headers)) == status
    assert file_status(digits, "GET", CIMultiDict(headers), whole=True) == 200
    with pytest.raises(HTTPError, match="404"):
        file_status(digits / "missing", "GET", CIMultiDict(headers))


def spooled() -> SpooledTemporaryFile[bytes]:
    """Return a temporary file that is on disk already."""
    file = SpooledTemporaryFile(5)  # noqa: SIM115
    file.write(CONTENT)
    file.seek(0)
    return file


@pytest.mark.parametrize(
    "make", [lambda: io.BytesIO(CONTENT), lambda: io.BufferedReader(io.BytesIO(CONTENT)), spooled]
)
async def test_file_objects_are_read_and_closed(make: Callable[[], Any]) -> None:
    """Whatever is open for reading bytes is read to its end and closed."""
    file = make()
    assert [chunk async for chunk in read_file_object(file)] == [CONTENT]
    assert file.closed


async def test_file_objects_are_read_in_chunks_from_where_they_are() -> None:
    """What was read before is not sent, and no more than a chunk is read at once."""
    file = io.BytesIO(bytes(CHUNK_SIZE + 11))
    file.seek(10)
    assert [len(chunk) async for chunk in read_file_object(file)] == [CHUNK_SIZE, 1]


async def test_file_objects_that_are_not_sent_are_closed() -> None:
    """Closing before the first chunk closes the file."""
    file = io.BytesIO(CONTENT)
    await read_file_object(file).aclose()
    assert file.closed


async def test_file_objects_without_close_are_read() -> None:
    """All that is needed is `read`."""

    class Source:
        def __init__(self) -> None:
            self.chunks = [b"a", b"b", b""]

        def read(self, _: int) -> bytes:
            return self.chunks.pop(0)

    content: ThreadedIterator[bytes] = read_file_object(Source())
    assert [chunk async for chunk in content] == [b"a", b"b"]
    await content.aclose()


async def test_files_in_text_mode_are_an_error() -> None:
    """Text is not guessed into bytes; the file is closed all the same."""
    file: Any = io.StringIO("text")
    with pytest.raises(TypeError, match="gave str, not bytes; open it in binary mode"):
        await anext(read_file_object(file))
    assert file.closed
