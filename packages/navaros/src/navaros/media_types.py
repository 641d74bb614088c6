"""The media type that a file's name stands for."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import PurePath

# What `mimetypes` calls the encoding of a file is its content: it is sent as it lies there.
_COMPRESSED: Final = {
    "br": "application/x-brotli",
    "bzip2": "application/x-bzip2",
    "compress": "application/x-compress",
    "gzip": "application/gzip",
    "xz": "application/x-xz",
}
_UNKNOWN: Final = "application/octet-stream"


def guess_content_type(path: PurePath) -> str:
    """Return the `Content-Type` for a file of this name; texts are in UTF-8.

    It is `application/octet-stream` for a name that says nothing.
    """
    # The leading dot keeps a name with a colon from being taken for a URL.
    media_type, encoding = mimetypes.guess_type(f"./{path.name}")
    if encoding is not None:
        return _COMPRESSED.get(encoding, _UNKNOWN)
    if media_type is None:
        return _UNKNOWN
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
