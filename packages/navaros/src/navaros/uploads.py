"""Files that were sent in a form."""

from __future__ import annotations

import io
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

from navaros.blocking import BlockingSteps

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy


class UploadedFile:
    """A file of a form, in memory while it is small, else in a temporary file without a name.

    It is closed with its form, at the end of the request; what is to stay has to be copied.
    """

    filename: str
    """The name that the client gives it: anything, so never a path to write to."""

    headers: CIMultiDictProxy[str]
    """The header fields of the file's part of the form."""

    size: int
    """How many bytes it has."""

    file: SpooledTemporaryFile[bytes]
    """The file itself, to be read in plain functions; reading it may wait for the disk."""

    __slots__ = ("_spool_size", "_steps", "file", "filename", "headers", "size")

    def __init__(self, filename: str, headers: CIMultiDictProxy[str], spool_size: int) -> None:
        self.filename = filename
        self.headers = headers
        self.size = 0
        # No size at all would mean: always in memory.
        self._spool_size = max(1, spool_size)
        self.file = SpooledTemporaryFile(self._spool_size)  # noqa: SIM115
        self._steps = BlockingSteps()

    @property
    def content_type(self) -> str:
        """The type that the client gives it; `application/octet-stream` where it gives none."""
        return self.headers.get("content-type", "application/octet-stream")

    async def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes from where the last read ended, all of the rest by default."""
        if self._is_in_memory:
            return self.file.read(size)
        return await self._steps.run(self.file.read, size)

    async def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to an offset, from the start unless `whence` says otherwise, and return it."""
        if self._is_in_memory:
            return self.file.seek(offset, whence)
        return await self._steps.run(lambda place: self.file.seek(*place), (offset, whence))

    async def append(self, data: bytes) -> None:
        """Add bytes at the end, as they arrive."""
        self.size += len(data)
        if self._is_in_memory:
            self.file.write(data)
        else:
            await self._steps.run(self.file.write, data)

    async def close(self) -> None:
        """Close the file, which deletes it."""
        if self._is_in_memory:
            self.file.close()
        else:
            await self._steps.finish(self.file.close)

    @property
    def _is_in_memory(self) -> bool:
        return self.size <= self._spool_size

    def __repr__(self) -> str:
        return f"<UploadedFile {self.filename!r}, {self.content_type}, {self.size} bytes>"
