"""Asynchronous iterators, which may have an end of their own, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def close_iterator(iterator: AsyncIterator[Any]) -> None:
    """Close an iterator if it is one that can be, such as a generator; raise what it raises."""
    close = getattr(iterator, "aclose", None)
    if close is not None:
        await close()
