"""Joins pattern texts, as mounting does."""

from __future__ import annotations


def join_paths(prefix: str, path: str) -> str:
    """Put a pattern text below another: `/api` and `/users` make `/api/users`.

    `/` and the empty text add nothing, on either side; with nothing on both the result is `/`.
    """
    prefix = prefix.rstrip("/")
    if path in {"", "/"}:
        return prefix or "/"
    return prefix + path
