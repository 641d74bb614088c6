"""The types that names of files stand for."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from navaros.media_types import guess_content_type


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("README.TXT", "text/plain; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("data.json", "application/json"),
        ("photo.png", "image/png"),
        ("report.pdf", "application/pdf"),
        ("dir.html/photo.jpeg", "image/jpeg"),
        ("archive.tar.gz", "application/gzip"),
        ("page.html.gz", "application/gzip"),
        ("page.html.bz2", "application/x-bzip2"),
        ("page.html.xz", "application/x-xz"),
        ("Makefile", "application/octet-stream"),
        (".profile", "application/octet-stream"),
        ("x.unheard-of", "application/octet-stream"),
        ("data:text,x.png", "image/png"),
        ("http:x.html", "text/html; charset=utf-8"),
        ("a?b.png", "image/png"),
        ("", "application/octet-stream"),
    ],
)
def test_names_have_types(name: str, content_type: str) -> None:
    """The suffix decides; texts are in UTF-8, and compressed files are what they are."""
    assert guess_content_type(PurePath(name)) == content_type


def test_unheard_of_encodings_are_just_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """An encoding without a media type of its own says nothing about the type."""

    def guess(_: str) -> tuple[str, str]:
        return "text/plain", "enigma"

    monkeypatch.setattr("mimetypes.guess_type", guess)
    assert guess_content_type(PurePath("x.txt.enigma")) == "application/octet-stream"
