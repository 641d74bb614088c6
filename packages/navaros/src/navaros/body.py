"""The body of a request: one stream, counted against one limit, for all who read it."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from typing import TYPE_CHECKING, Any, Final, Protocol

from aros_core.errors import HTTPError
from navaros.closing import close_body
from navaros.errors import ClientDisconnected

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aros_core.asgi.types import Event, Receive
    from navaros.inbox import Inbox

DEFAULT_LIMIT: Final = 10 * 1024 * 1024
"""How many bytes a request body has at most, unless somebody says otherwise."""


class HasLimit(Protocol):
    """Who says how large a body may be; it is asked at every chunk."""

    @property
    def max_request_body_size(self) -> int:
        """The most bytes, `-1` for any number."""
        ...


class Source(Protocol):
    """Where the chunks of a body come from."""

    is_exhausted: bool
    """Whether the end was reached."""

    async def next(self) -> bytes:
        """Return the next chunk, which may be empty; at the end it is."""
        ...


class RequestBody:
    """A body in chunks, from the server or from middleware that rewrites it.

    Readers share it: each goes on where the last one stopped, unless `read` kept the whole.
    """

    __slots__ = ("_count", "_declared", "_source", "whole")

    def __init__(self, source: Source, declared: int | None = None) -> None:
        """Take the body's source and its declared length."""
        self._source = source
        self._declared = declared or 0
        self._count = 0
        self.whole: bytes | None = None
        """The whole body, once `read` kept it."""

    def chunks(self, limits: HasLimit) -> AsyncIterator[bytes]:
        """Return what was not read yet, or the whole if `read` kept it, to iterate over.

        It raises what `next_chunk` does.
        """
        return _Chunks(self, limits)

    async def read(self, limits: HasLimit) -> bytes:
        """Return the whole body, and keep it for later readers.

        Raises what `chunks` does, and `RuntimeError` when a part was streamed before.
        """
        if self.whole is None:
            if self._count:
                raise RuntimeError(
                    "a part of the request body was streamed before, so the whole cannot be read; "
                    "call ctx.read() before ctx.request_body(), or do with the stream"
                )
            chunks: list[bytes] = []
            self.check_declared(limits)
            while not self._source.is_exhausted:
                chunk = await self._source.next()
                self._count_in(chunk, limits)
                chunks.append(chunk)
            self.whole = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        return self.whole

    def check_declared(self, limits: HasLimit) -> None:
        """Raise `HTTPError` 413 where what was declared or read is past the limit."""
        _check(max(self._count, self._declared), limits)

    async def next_chunk(self, limits: HasLimit) -> bytes | None:
        """Return the next chunk, which may be empty; `None` at the end.

        Raises `HTTPError` 413 as soon as all chunks together are past the limit, at once where the
        declared length is; `ClientDisconnected` when the client leaves before the end.
        """
        self.check_declared(limits)
        if self._source.is_exhausted:
            return None
        chunk = await self._source.next()
        self._count_in(chunk, limits)
        return chunk

    def _count_in(self, chunk: bytes, limits: HasLimit) -> None:
        self._count += len(chunk)
        if self._count > self._declared:
            _check(self._count, limits)
        elif not self._count and self._source.is_exhausted:
            self._refuse_absence()

    def _refuse_absence(self) -> None:
        """Raise `HTTPError` 400 where nothing came of a body that was declared.

        So it is with what asks for an upgrade that the server does not know, on servers that take
        all that follows for the new protocol.
        """
        if self._declared:
            raise HTTPError(
                400,
                f"none of the {self._declared} bytes of the request body arrived; send it without "
                "an Upgrade",
                headers={"connection": "close"},
            )


class _Chunks(AsyncIterator[bytes]):
    """One reader of a body; no generator, so nothing is left behind where it stops early."""

    __slots__ = ("_body", "_has_begun", "_is_over", "_limits")

    def __init__(self, body: RequestBody, limits: HasLimit) -> None:
        self._body = body
        self._limits = limits
        self._has_begun = False
        self._is_over = False

    async def __anext__(self) -> bytes:
        if not self._has_begun:
            self._has_begun = True
            self._is_over = self._body.whole is not None
            if self._body.whole:
                return self._body.whole
        while not self._is_over:
            chunk = await self._body.next_chunk(self._limits)
            self._is_over = chunk is None
            if chunk:
                return chunk
        raise StopAsyncIteration


class ReceivedBody:
    """The chunks of a body as the server receives them."""

    __slots__ = ("_inbox", "is_exhausted")

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self.is_exhausted = False

    async def next(self) -> bytes:
        """Return the next chunk; raise `ClientDisconnected` when the client left before the end."""
        event = await self._inbox.receive()
        if event["type"] != "http.request":
            raise ClientDisconnected("the client left before its whole request body was here")
        self.is_exhausted = not event.get("more_body", False)
        return event.get("body") or b""


class RewrittenBody:
    """The chunks of a body that middleware made."""

    __slots__ = ("_is_asynchronous", "_iterator", "is_exhausted")

    def __init__(self, chunks: AsyncIterable[bytes] | Iterable[bytes]) -> None:
        self._is_asynchronous = isinstance(chunks, AsyncIterable)
        self._iterator: Any = aiter(chunks) if isinstance(chunks, AsyncIterable) else iter(chunks)
        self.is_exhausted = False

    async def next(self) -> bytes:
        """Return the next chunk; at the end it is empty."""
        if self._is_asynchronous:
            chunk = await anext(self._iterator, None)
        else:
            chunk = next(self._iterator, None)
        self.is_exhausted = chunk is None
        return chunk or b""

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
            return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}
        event = await self._receive()
        while event["type"] == "http.request":
            event = await self._receive()
        return event


class NoBody:
    """The body of what has none, such as a WebSocket upgrade."""

    is_exhausted = True

    async def next(self) -> bytes:
        """Return that there is nothing."""
        return b""


def _check(size: int, limits: HasLimit) -> None:
    limit = limits.max_request_body_size
    if size > limit >= 0:
        raise HTTPError(413, f"the request body is larger than {limit} bytes")
