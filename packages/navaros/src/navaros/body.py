"""The body of a request: one stream, counted against one limit, for all who read it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, AsyncIterator
from typing import TYPE_CHECKING, Any, Final

from aros_core.errors import HTTPError
from navaros.closing import close_body
from navaros.errors import ClientDisconnected

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aros_core.asgi.types import Event, Receive

DEFAULT_LIMIT: Final = 10 * 1024 * 1024
"""How many bytes a request body has at most, unless somebody says otherwise."""

_STREAMED: Final = (
    "a part of the request body was streamed before, so the whole cannot be read; call ctx.read() "
    "before ctx.request_body(), or do with the stream"
)


class RequestBody(ABC):
    """A body in chunks, counted against a limit.

    Readers share it: each goes on where the last one stopped, unless `read` kept the whole.
    """

    __slots__ = ("_count", "_is_exhausted", "_size", "limit", "whole")

    def __init__(self, limit: int, declared: int = 0) -> None:
        """Take the most bytes, `-1` for any number, and the declared length."""
        self._size = declared
        self._count = 0
        self._is_exhausted = False
        self.limit = limit
        """How many bytes there may be, `-1` for any number; it counts as it is at each chunk."""
        self.whole: bytes | None = None
        """The whole body, once `read` kept it."""

    @abstractmethod
    async def receive(self) -> Event:
        """Return the next event of the body, as in ASGI."""

    def chunks(self) -> AsyncIterator[bytes]:
        """Return what was not read yet, or the whole if `read` kept it, to iterate over.

        It raises what `next_chunk` does.
        """
        return _Chunks(self)

    async def read(self) -> bytes:
        """Return the whole body, and keep it for later readers.

        Raises what `chunks` does, and `RuntimeError` when a part was streamed before.
        """
        whole = self.whole
        if whole is None:
            if self._count:
                raise RuntimeError(_STREAMED)
            self.check_size()
            chunks: list[bytes] = []
            while not self._is_exhausted:
                chunks.append(self._take(await self.receive()))
            whole = self.whole = b"".join(chunks)
        return whole

    def check_size(self) -> None:
        """Raise `HTTPError` 413 where what was declared or read is past the limit."""
        if self._size > self.limit >= 0:
            raise HTTPError(413, f"the request body is larger than {self.limit} bytes")

    async def next_chunk(self) -> bytes | None:
        """Return the next chunk, which may be empty; `None` at the end.

        Raises `HTTPError` 413 as soon as all chunks together are past the limit, at once where the
        declared length is; `ClientDisconnected` when the client leaves before the end.
        """
        self.check_size()
        if self._is_exhausted:
            return None
        return self._take(await self.receive())

    def _take(self, event: Event) -> bytes:
        """Return the chunk that an event carries, counted."""
        if event["type"] != "http.request":
            raise ClientDisconnected("the client left before its whole request body was here")
        chunk: bytes = event.get("body") or b""
        self._is_exhausted = not event.get("more_body", False)
        count = self._count = self._count + len(chunk)
        if count > self._size:
            self._size = count
            self.check_size()
        elif not count and self._is_exhausted:
            self._refuse_absence()
        return chunk

    def _refuse_absence(self) -> None:
        """Raise `HTTPError` 400 where nothing came of a body that was declared.

        So it is with what asks for an upgrade that the server does not know, on servers that take
        all that follows for the new protocol.
        """
        if self._size:
            raise HTTPError(
                400,
                f"none of the {self._size} bytes of the request body arrived; send it without "
                "an Upgrade",
                headers={"connection": "close"},
            )


class _Chunks(AsyncIterator[bytes]):
    """One reader of a body; no generator, so nothing is left behind where it stops early."""

    __slots__ = ("_body", "_has_begun", "_is_over")

    def __init__(self, body: RequestBody) -> None:
        self._body = body
        self._has_begun = False
        self._is_over = False

    async def __anext__(self) -> bytes:
        if not self._has_begun:
            self._has_begun = True
            self._is_over = self._body.whole is not None
            if self._body.whole:
                return self._body.whole
        while not self._is_over:
            chunk = await self._body.next_chunk()
            self._is_over = chunk is None
            if chunk:
                return chunk
        raise StopAsyncIteration


class RewrittenBody(RequestBody):
    """A body that middleware made, or nobody did."""

    __slots__ = ("_is_asynchronous", "_iterator")

    def __init__(self, chunks: AsyncIterable[bytes] | Iterable[bytes], limit: int) -> None:
        super().__init__(limit)
        self._is_asynchronous = isinstance(chunks, AsyncIterable)
        self._iterator: Any = aiter(chunks) if isinstance(chunks, AsyncIterable) else iter(chunks)

    async def receive(self) -> Event:
        """Return the next chunk as the event that it would be from a server."""
        if self._is_asynchronous:
            chunk = await anext(self._iterator, None)
        else:
            chunk = next(self._iterator, None)
        return _event(chunk)

    async def close(self) -> None:
        """Close the iterator that was being read, however much of it was."""
        await close_body(self._iterator)


class BodyEvents:
    """A body as an ASGI `receive`, for applications that read it in the chain's place."""

    __slots__ = ("_chunks", "_is_exhausted", "_receive")

    def __init__(self, chunks: AsyncIterator[bytes], receive: Receive) -> None:
        """Take the chunks, and what gives the events behind them."""
        self._chunks = chunks
        self._receive = receive
        self._is_exhausted = False

    async def __call__(self) -> Event:
        """Return the next event: a chunk, the end of the body, then the client's leaving."""
        if not self._is_exhausted:
            try:
                chunk = await anext(self._chunks, None)
            except ClientDisconnected:
                return {"type": "http.disconnect"}
            self._is_exhausted = chunk is None
            return _event(chunk)
        event = await self._receive()
        while event["type"] == "http.request":
            event = await self._receive()
        return event


def _event(chunk: bytes | None) -> Event:
    """Return the event for a chunk of a body, `None` for its end."""
    return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}
