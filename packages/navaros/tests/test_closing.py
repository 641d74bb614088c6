"""The end of streamed bodies."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

from navaros.closing import close_body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import pytest


async def test_generators_of_both_kinds_are_closed() -> None:
    """Their clean-up runs."""
    closed: list[str] = []

    async def asynchronous() -> AsyncIterator[bytes]:
        try:
            yield b""
        finally:
            closed.append("asynchronous")

    def plain() -> Iterator[bytes]:
        try:
            yield b""
        finally:
            closed.append("plain")

    first, second = asynchronous(), plain()
    await anext(first)
    next(second)
    await close_body(first)
    await close_body(second)
    assert closed == ["asynchronous", "plain"]


async def test_files_are_closed() -> None:
    """Open files are, as often as one likes."""
    file = io.BytesIO()
    await close_body(file)
    await close_body(file)
    assert file.closed


async def test_what_is_not_streamed_stays() -> None:
    """A value with a `close` of its own, and one without, are left alone."""

    class Session:
        def close(self) -> None:
            raise AssertionError("this is not ours to close")

    for body in (Session(), "text", None, iter([])):
        await close_body(body)


async def test_a_failing_end_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody waits for the end of a body, so its error goes to the log and no further."""

    class Stubborn(io.BytesIO):
        def close(self) -> None:
            super().close()
            raise OSError("no")

    await close_body(Stubborn())
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("navaros", logging.ERROR)
