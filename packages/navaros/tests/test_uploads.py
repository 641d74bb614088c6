"""Uploaded files: in memory or on disk, they read the same."""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from navaros.uploads import UploadedFile


def upload(spool_size: int, **headers: str) -> UploadedFile:
    """Return an empty file with these header fields."""
    fields = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return UploadedFile("notes.txt", CIMultiDictProxy(fields), spool_size)


@pytest.mark.parametrize("spool_size", [0, 1, 5, 100])
async def test_a_file_reads_what_was_appended(spool_size: int) -> None:
    """Wherever the bytes are, they can be read in parts, and again."""
    file = upload(spool_size)
    await file.append(b"01234")
    await file.append(b"56789")
    assert file.size == 10
    assert await file.seek(0) == 0
    assert await file.read(3) == b"012"
    assert await file.read() == b"3456789"
    assert await file.read() == b""
    assert await file.seek(-2, io.SEEK_END) == 8
    assert await file.read() == b"89"
    await file.close()
    assert file.file.closed


@pytest.mark.parametrize(("size", "on_disk"), [(5, False), (6, True)])
async def test_large_files_go_to_disk(size: int, on_disk: bool) -> None:
    """Past the size to keep in memory, the bytes are in a real file."""
    file = upload(5)
    await file.append(bytes(size))
    assert isinstance(getattr(file.file, "_file"), io.BytesIO) is not on_disk  # noqa: B009
    await file.close()


async def test_the_disk_is_used_in_other_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for the disk on the event loop."""
    file = upload(1)
    threads: list[threading.Thread] = []

    def watched(method: Any) -> Any:
        def call(*arguments: Any) -> Any:
            threads.append(threading.current_thread())
            return method(*arguments)

        return call

    for name in ("write", "read", "seek", "close"):
        monkeypatch.setattr(file.file, name, watched(getattr(file.file, name)))
    await file.append(b"0123456789")
    await file.seek(0)
    await file.read()
    await file.close()
    assert len(threads) >= 4
    assert threading.main_thread() not in threads


async def test_a_file_tells_what_the_client_says() -> None:
    """Name, type and headers are the client's words; without a type it is bytes."""
    file = upload(5, Content_Type="text/plain", X_Note="hi")
    await file.append(b"123")
    assert (file.filename, file.content_type) == ("notes.txt", "text/plain")
    assert file.headers["x-note"] == "hi"
    assert repr(file) == "<UploadedFile 'notes.txt', text/plain, 3 bytes>"
    await file.close()
    nameless = upload(5)
    assert nameless.content_type == "application/octet-stream"
    await nameless.close()
