"""The two formats of submitted forms: bytes in, fields and the bytes of files out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

from multidict import CIMultiDict, CIMultiDictProxy, MultiDict

from aros_core.errors import HTTPError
from aros_core.extras import import_extra
from navaros.uploads import UploadedFile

if TYPE_CHECKING:
    from collections.abc import Generator

MAX_PART_HEADERS: Final = 16 * 1024
"""How many bytes the header fields of one part have together at most."""


@dataclass(frozen=True, slots=True)
class FormLimits:
    """How large a form may be, in numbers and in bytes."""

    max_fields: int
    max_files: int
    max_field_size: int
    max_file_size: int | None
    spool_size: int


class FormParser(ABC):
    """A form on its way in.

    `entries` is what was found up to now, `arrived` the bytes that are to be added to its files.
    """

    def __init__(self, limits: FormLimits) -> None:
        self.entries: MultiDict[str | UploadedFile] = MultiDict()
        self.arrived: list[tuple[UploadedFile, bytes]] = []
        self._limits = limits
        self._field_count = 0

    @abstractmethod
    def feed(self, data: bytes) -> None:
        """Take the next bytes; raise `HTTPError` 400 for malformed ones, 413 past a limit."""

    @abstractmethod
    def finish(self) -> None:
        """Take the end of the form; raise `HTTPError` 400 if it comes too early."""

    def _count_field(self) -> None:
        self._field_count += 1
        if self._field_count > self._limits.max_fields:
            raise _too_large("the form", self._limits.max_fields, "fields")

    def _check_field(self, size: int) -> None:
        if size > self._limits.max_field_size:
            raise _too_large("a field of the form", self._limits.max_field_size, "bytes")


class URLEncodedParser(FormParser):
    """Reads `application/x-www-form-urlencoded` (WHATWG URL, section 5.1)."""

    def __init__(self, limits: FormLimits) -> None:
        super().__init__(limits)
        self._name = bytearray()
        self._value = bytearray()
        self._separators = 0
        self._parser: Any = import_extra("python_multipart", "forms").QuerystringParser(
            {
                "on_field_start": self._count_field,
                "on_field_name": self._add_to_name,
                "on_field_data": self._add_to_value,
                "on_field_end": self._end_field,
            }
        )

    def feed(self, data: bytes) -> None:
        """Take the next bytes; raise `HTTPError` 413 past a limit."""
        # Fields with nothing in them are none, but they take their time as well.
        self._separators += data.count(b"&")
        if self._separators > self._limits.max_fields:
            raise _too_large("the form", self._limits.max_fields, "fields")
        self._parser.write(data)

    def finish(self) -> None:
        """Take the end of the form, which may come anywhere."""
        self._parser.finalize()

    def _add_to_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._check_field(len(self._name))

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._check_field(len(self._name) + len(self._value))

    def _end_field(self) -> None:
        self.entries.add(_unescape(self._name), _unescape(self._value))
        self._name.clear()
        self._value.clear()


@dataclass(slots=True)
class _Part:
    """One part of a form, as far as it is here."""

    headers: CIMultiDict[str] = field(default_factory=CIMultiDict[str])
    headers_size: int = 0
    header_name: bytearray = field(default_factory=bytearray)
    header_value: bytearray = field(default_factory=bytearray)
    name: str = ""
    file: UploadedFile | None = None
    value: bytearray = field(default_factory=bytearray)
    size: int = 0


class MultipartParser(FormParser):
    """Reads `multipart/form-data` (RFC 7578)."""

    def __init__(self, limits: FormLimits, boundary: bytes) -> None:
        super().__init__(limits)
        self._file_count = 0
        self._part = _Part()
        self._is_complete = False
        callbacks = {
            "on_part_begin": self._begin_part,
            "on_header_field": self._add_to_header_name,
            "on_header_value": self._add_to_header_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open_part,
            "on_part_data": self._add_to_part,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }
        with _refusing_malformed():
            library = import_extra("python_multipart", "forms")
            self._parser: Any = library.MultipartParser(boundary, callbacks)

    def feed(self, data: bytes) -> None:
        """Take the next bytes; raise `HTTPError` 400 for malformed ones, 413 past a limit."""
        with _refusing_malformed():
            self._parser.write(data)

    def finish(self) -> None:
        """Take the end of the form; raise `HTTPError` 400 before its last boundary."""
        if not self._is_complete:
            raise HTTPError(400, "the form is malformed: it ends before its last boundary")

    def _begin_part(self) -> None:
        self._part = _Part()

    def _add_to_header_name(self, data: bytes, start: int, end: int) -> None:
        self._part.header_name += data[start:end]
        self._count_header(end - start)

    def _add_to_header_value(self, data: bytes, start: int, end: int) -> None:
        self._part.header_value += data[start:end]
        self._count_header(end - start)

    def _count_header(self, size: int) -> None:
        self._part.headers_size += size
        if self._part.headers_size > MAX_PART_HEADERS:
            raise _too_large("the header of a part of the form", MAX_PART_HEADERS, "bytes")

    def _end_header(self) -> None:
        part = self._part
        value = part.header_value.decode("latin-1").strip(" \t")
        part.headers.add(part.header_name.decode("latin-1"), value)
        part.header_name.clear()
        part.header_value.clear()

    def _open_part(self) -> None:
        part = self._part
        disposition, parameters = parse_parameters(part.headers.get("content-disposition", ""))
        if disposition != b"form-data" or b"name" not in parameters:
            raise HTTPError(400, "the form is malformed: a part of it has no name")
        part.name = parameters[b"name"].decode("utf-8", "replace")
        filename = parameters.get(b"filename")
        if filename is None:
            self._count_field()
            return
        self._count_file()
        headers = CIMultiDictProxy(part.headers)
        name = filename.decode("utf-8", "replace")
        part.file = UploadedFile(name, headers, self._limits.spool_size)
        # From here on, whoever gives the form up closes the file.
        self.entries.add(part.name, part.file)

    def _count_file(self) -> None:
        self._file_count += 1
        if self._file_count > self._limits.max_files:
            raise _too_large("the form", self._limits.max_files, "files")

    def _add_to_part(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        part.size += end - start
        if part.file is None:
            self._check_field(part.size)
            part.value += data[start:end]
            return
        limit = self._limits.max_file_size
        if limit is not None and part.size > limit:
            raise _too_large("a file of the form", limit, "bytes")
        self.arrived.append((part.file, data[start:end]))

    def _end_part(self) -> None:
        part = self._part
        if part.file is None:
            self.entries.add(part.name, part.value.decode("utf-8", "replace"))

    def _end(self) -> None:
        self._is_complete = True


def parse_parameters(header: str) -> tuple[bytes, dict[bytes, bytes]]:
    """Return the value of a header field without its parameters, in lower case, and those.

    Raises `ImportError` without the extra `forms`.
    """
    library = import_extra("python_multipart", "forms")
    value, parameters = library.multipart.parse_options_header(header)
    return value.lower(), parameters


@contextmanager
def _refusing_malformed() -> Generator[None]:
    """Turn what the library raises into the answer to it."""
    try:
        yield
    except ValueError as error:
        raise HTTPError(400, f"the form is malformed: {error}") from error


def _too_large(what: str, limit: int, unit: str) -> HTTPError:
    return HTTPError(413, f"{what} has more than {limit} {unit}")


def _unescape(text: bytearray) -> str:
    return unquote_plus(text.decode("utf-8", "replace"), errors="replace")
