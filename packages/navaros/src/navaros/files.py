"""Files as response bodies: which answer they come to, and their bytes."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol

from aros_core.errors import HTTPError
from navaros.blocking import BlockingSteps, ThreadedIterator
from navaros.conditions import Validators, allows_ranges, check_conditions
from navaros.dates import format_date, parse_date
from navaros.media_types import guess_content_type
from navaros.ranges import ByteRange, frame_parts, parse_ranges

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from multidict import MultiMapping

CHUNK_SIZE: Final = 64 * 1024
"""How many bytes are read, and sent, at once."""

_NOT_THERE: Final = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
}


class BinaryFile(Protocol):
    """Something that is open for reading bytes, such as a file or a `BytesIO`."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and none at the end."""
        ...


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """What a request for a file is answered with.

    `content` has to be iterated to its end, or closed with `aclose()`. It is `None` where no body
    follows: for `HEAD`, and for the statuses 304, 412 and 416.
    """

    status: int
    headers: list[tuple[str, str]]
    content: ThreadedIterator[bytes] | None = None


async def open_file(
    path: Path,
    method: str,
    request_headers: MultiMapping[str],
    own_headers: Mapping[str, str] | None = None,
    *,
    whole: bool = False,
) -> FileAnswer:
    """Return the answer to a request for the file at `path`; its bytes are read in threads.

    `GET` and `HEAD` heed conditions, and `GET` heeds ranges; every other method gets the whole
    file, and so does everybody with `whole`, for files that go out under a status of their own.
    `own_headers` are those that the response has already, with look-ups that ignore case: its type
    and validators count in place of the file's. Raises `HTTPError` 404 for what is no file.
    """
    is_whole = whole or method not in {"GET", "HEAD"}
    opening = _Opening(path, method, request_headers, own_headers or {}, is_whole)
    steps = BlockingSteps()
    try:
        return await steps.run(_Opening.answer, opening)
    except BaseException:
        await steps.finish(opening.close)
        raise


def file_status(
    path: Path,
    method: str,
    request_headers: MultiMapping[str],
    own_headers: Mapping[str, str] | None = None,
    *,
    whole: bool = False,
) -> int:
    """Return the status that `open_file` would answer with; this blocks for a moment."""
    is_whole = whole or method not in {"GET", "HEAD"}
    opening = _Opening(path, method, request_headers, own_headers or {}, is_whole)
    try:
        return opening.answer().status
    finally:
        opening.close()


def read_file_object(file: BinaryFile) -> ThreadedIterator[bytes]:
    """Return the rest of an open file in chunks, read in threads; the file is closed at the end.

    The end is also an error, a cancellation, or `aclose()`.
    """
    return ThreadedIterator(_read_to_end(file), getattr(file, "close", None))


@dataclass(slots=True)
class _Opening:
    """The work on the answer that blocks, and the file as far as it is open."""

    path: Path
    method: str
    request_headers: MultiMapping[str]
    own_headers: Mapping[str, str]
    is_whole: bool
    file: BinaryIO | None = None

    def answer(self) -> FileAnswer:
        """Open the file and return what to send of it."""
        self.file = _open(self.path)
        facts = os.fstat(self.file.fileno())
        content_type = self.own_headers.get("content-type") or guess_content_type(self.path)
        if self.is_whole:
            whole = [ByteRange(0, facts.st_size)]
            return self._send(200, [("content-type", content_type)], whole)
        validators = self._validators(facts)
        headers = [
            ("etag", validators.etag),
            ("last-modified", format_date(validators.modified)),
            ("accept-ranges", "bytes"),
        ]
        status = check_conditions(self.request_headers, validators)
        if status != 200:
            return self._refuse(status, headers)
        ranges = self._asked_ranges(facts.st_size, validators)
        return self._send_ranges(ranges, facts.st_size, content_type, headers)

    def close(self) -> None:
        """Close the file if it is open."""
        if self.file is not None:
            self.file.close()

    def _validators(self, facts: os.stat_result) -> Validators:
        etag = self.own_headers.get("etag") or f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"'
        modified = parse_date(self.own_headers.get("last-modified", ""))
        if modified is None:
            # Nothing was modified later than it is sent (RFC 9110, section 8.8.2.1).
            modified = max(0, min(int(facts.st_mtime), int(time.time())))
        return Validators(etag, modified)

    def _asked_ranges(self, size: int, validators: Validators) -> list[ByteRange] | None:
        """Return the ranges to send, none if they cannot be; `None` is for the whole file.

        Of an empty file there are no parts, and a client that always asks for some gets it whole.
        """
        asked = self.request_headers.getall("range", None)
        if not asked or self.method != "GET" or not size:
            return None
        if not allows_ranges(self.request_headers, validators):
            return None
        return parse_ranges(", ".join(asked), size)

    def _send_ranges(
        self,
        ranges: list[ByteRange] | None,
        size: int,
        content_type: str,
        headers: list[tuple[str, str]],
    ) -> FileAnswer:
        typed = ("content-type", content_type)
        if ranges is None:
            return self._send(200, [typed, *headers], [ByteRange(0, size)])
        if not ranges:
            return self._refuse(416, [("content-range", f"bytes */{size}")])
        if len(ranges) == 1:
            part = ("content-range", ranges[0].content_range(size))
            return self._send(206, [typed, *headers, part], ranges)
        boundary = secrets.token_hex(16)
        typed = ("content-type", f"multipart/byteranges; boundary={boundary}")
        pieces = frame_parts(ranges, size, content_type, boundary)
        return self._send(206, [typed, *headers], pieces)

    def _send(
        self, status: int, headers: list[tuple[str, str]], pieces: Sequence[bytes | ByteRange]
    ) -> FileAnswer:
        assert self.file is not None, "what is sent was opened"
        headers.append(("content-length", str(sum(map(len, pieces)))))
        if self.method == "HEAD":
            self.close()
            return FileAnswer(status, headers)
        chunks = _read_pieces(self.file, pieces)
        return FileAnswer(status, headers, ThreadedIterator(chunks, self.file.close))

    def _refuse(self, status: int, headers: list[tuple[str, str]]) -> FileAnswer:
        self.close()
        if status != 304:
            headers.append(("content-length", "0"))
        return FileAnswer(status, headers)


def _open(path: Path) -> BinaryIO:
    try:
        # Asked first, because opening a pipe waits for whoever writes to it.
        if not stat.S_ISREG(path.stat().st_mode):
            raise HTTPError(404)
        return path.open("rb")
    except ValueError as error:
        raise HTTPError(404) from error
    except OSError as error:
        if error.errno in _NOT_THERE:
            raise HTTPError(404) from error
        raise


def _read_pieces(file: BinaryIO, pieces: Iterable[bytes | ByteRange]) -> Iterator[bytes]:
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
            continue
        file.seek(piece.start)
        left = len(piece)
        while left:
            chunk = file.read(min(left, CHUNK_SIZE))
            if not chunk:
                raise OSError(f"{file.name} became shorter while it was sent")
            left -= len(chunk)
            yield chunk


def _read_to_end(file: Any) -> Iterator[bytes]:
    while True:
        chunk = file.read(CHUNK_SIZE)
        if not isinstance(chunk, bytes):
            raise TypeError(
                f"reading {file!r} gave {type(chunk).__qualname__}, not bytes; open it in binary "
                f"mode"
            )
        if not chunk:
            return
        yield chunk
