"""The sending of an answer in parts: what handlers write, streams and files."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from functools import cache
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final, cast

from navaros.answer import AnsweringSide
from navaros.closing import close_body
from navaros.content import BINARY, TEXT, chunk_bytes, is_file_object
from navaros.errors import ClientDisconnected, ResponseAborted
from navaros.events import EVENT_STREAM_HEADERS, EventStream
from navaros.failures import failure_of, report
from navaros.fields import declared_length, is_bodiless
from navaros.iterators import close_iterator
from navaros.traversal import refuse_climbing

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Mapping

    from aros_core.asgi.types import Event
    from navaros.interruption import UntilOver


_END: Final = object()
_PARTS_AT_ONCE: Final = 16


@cache
def _until_over() -> type[UntilOver]:
    # Kept, since an import statement for each answer would take longer.
    from navaros.interruption import UntilOver

    return UntilOver


class SendingSide(AnsweringSide):
    """The answer on its way."""

    _parts: int = 0
    _is_complete: bool = False
    _is_mute: bool = False
    """Whether the response has no body, because of its status or because `HEAD` asked."""
    _length_left: int | None = None
    """How many bytes are still to come, by the Content-Length that was set by hand."""

    async def write(self, chunk: str | bytes | bytearray | memoryview) -> None:
        """Send a part of the body; the first one begins the response.

        Returns when the server takes more. Raises `ClientDisconnected` when the client is gone,
        `ContextClosedError` after the end, and `RuntimeError` when the answer is complete already.
        Where a WebSocket took over it does nothing.
        """
        if self._may_write():
            await self._push(chunk)

    async def flush(self) -> None:
        """Send the status and the headers now, if they have not been; raises what `write` does."""
        if not self._may_write():
            return
        if self._sent_status is None:
            await self._begin(None)
        if not self._is_mute:
            # Servers may hold the head back until there is something behind it.
            await self._emit({"type": "http.response.body", "body": b"", "more_body": True})

    async def stream(self, items: AsyncGenerator[Any, None]) -> None:
        """Send the items of a handler that is an async generator as parts of the body.

        The first item is made before the response begins, so an error up to there is answered.
        """
        await self._pump(items)
        if self._sent_status is None and self._body is None:
            self._body = b""

    async def send_events(self, events: Iterable[Event]) -> None:
        """Send an answer whose events are all there."""
        for event in events:
            await self._emit(event)

    async def send_rest(self) -> None:
        """Send an answer that is streamed, or bring the one that began to its end.

        Raises `ResponseAborted` where an error keeps it from that.
        """
        self.has_leftovers = self._is_sending = True
        failure = None if self._sent_status is None else self._error
        if failure is None:
            try:
                if self._sent_status is None:
                    await self._send_body()
                await self._complete()
            except ClientDisconnected:
                return
            except Exception as error:
                if self._sent_status is None:
                    await self.send_events(self.failure_events(error))
                    return
                report(error, self.method, self.path)
                failure = error
        if failure is not None and not self._is_complete and not self._is_client_gone:
            # A server that sees an exception cuts the connection off, and so do the middlewares of
            # others around us; some of those would complete the response if we just returned.
            raise ResponseAborted(failure) from None

    async def release(self) -> None:
        """Let go of everything that belongs to the request; the answer is out, or never will be."""
        self._is_sending = False
        if self._inbox_or_none is not None:
            await self._inbox_or_none.close()
        for rewritten in reversed(self._rewritten_bodies):
            await rewritten.close()
        for body in (*self._dropped, self._body):
            await close_body(body)
        if self._form is not None:
            await self._form.close()

    @property
    def _is_client_gone(self) -> bool:
        return self._inbox_or_none is not None and self._inbox_or_none.is_over

    def _may_write(self) -> bool:
        self.require_open()
        if self._is_taken_over:
            return False
        if self._is_complete:
            raise RuntimeError("the answer is complete; nothing can be added to it")
        inbox = self._watched_inbox
        inbox.watch()
        if inbox.is_over:
            raise ClientDisconnected
        return True

    async def _send_body(self) -> None:
        body = self._body
        if is_bodiless(self._status_with(body)):
            await self._begin(None)
        elif isinstance(body, PurePath):
            await self._send_file(Path(body))
        elif isinstance(body, EventStream):
            # Browsers wait for the head to call the connection open, however late events come.
            await self._begin(None, extra=dict(EVENT_STREAM_HEADERS))
            await self._pump(body)
        else:
            await self._pump(_chunks_of(body))
            if self._sent_status is None and not self._is_client_gone:
                await self._begin(BINARY)

    async def _send_file(self, path: Path) -> None:
        from navaros.files import open_file

        status = self._status_with(path)
        refuse_climbing(path, self._scope)
        answer = await open_file(
            path, self.method, self.request_headers, self._headers, whole=status != 200
        )
        try:
            status = answer.status if status == 200 else status
            await self._begin(None, status=status, extra=dict(answer.headers))
            if answer.content is not None:
                await self._pump(answer.content)
        finally:
            await close_body(answer.content)

    async def _pump(self, chunks: AsyncIterator[Any]) -> None:
        """Send what an iterator yields while the client is there to take it, and close it."""
        inbox = self._watched_inbox
        try:
            with _until_over()(inbox):
                while not (self._is_mute or inbox.is_over):
                    chunk = await anext(chunks, _END)
                    if chunk is _END or inbox.is_over:
                        break
                    await self._push(chunk)
        except ClientDisconnected:
            return
        finally:
            await close_iterator(chunks)

    async def _push(self, chunk: Any) -> None:
        data = chunk_bytes(chunk)
        if self._sent_status is None:
            await self._begin(TEXT if isinstance(chunk, str) else BINARY)
        if self._is_mute or not data:
            return
        if self._length_left is not None:
            if len(data) > self._length_left:
                raise ValueError(
                    f"the body is longer than its Content-Length: {len(data)} more bytes, where "
                    f"{self._length_left} were left"
                )
            self._length_left -= len(data)
        await self._emit({"type": "http.response.body", "body": data, "more_body": True})
        self._parts += 1
        if self._parts % _PARTS_AT_ONCE == 0:
            # Where the client is gone, servers may return without waiting; a writer that never
            # waits either would keep the loop from noticing, for ever.
            import asyncio

            await asyncio.sleep(0)

    async def _begin(
        self,
        content_type: str | None,
        *,
        status: int | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        """Send the status and the headers; from now on they cannot be changed."""
        if status is None:
            status = self._status_with(None)
        extra = extra or {}
        if self._error is not None:
            extra = {**failure_of(self._error)[2], **extra}
        is_mute = is_bodiless(status)
        fields = self._fields(status, extra, None if is_mute else content_type, None)
        self._is_mute = is_mute or self.method == "HEAD"
        if self._headers is not None and not self._is_mute:
            self._length_left = declared_length(self._headers)
        self._sent_status = status
        self._fix()
        await self._emit({"type": "http.response.start", "status": status, "headers": fields})

    async def _complete(self) -> None:
        if self._is_complete or self._is_client_gone:
            return
        if self._length_left:
            raise ValueError(
                "the body is shorter than its Content-Length: "
                f"{self._length_left} bytes are missing"
            )
        self._is_complete = True
        await self._emit({"type": "http.response.body", "body": b"", "more_body": False})

    @abstractmethod
    def _send(self, event: Event) -> Awaitable[None]:
        """Send a part of the response to the server."""

    async def _emit(self, event: Event) -> None:
        try:
            await self._send(event)
        except OSError as error:
            self._inbox().leave()
            raise ClientDisconnected from error


def _chunks_of(body: Any) -> AsyncIterator[Any]:
    if is_file_object(body):
        from navaros.files import read_file_object

        is_asynchronous = inspect.iscoroutinefunction(body.read)
        return _read_chunks(body) if is_asynchronous else read_file_object(body)
    if isinstance(body, AsyncIterable):
        return aiter(cast("AsyncIterable[Any]", body))
    from navaros.blocking import ThreadedIterator

    return ThreadedIterator(body)


async def _read_chunks(file: Any) -> AsyncIterator[bytes]:
    from navaros.files import CHUNK_SIZE

    while chunk := await file.read(CHUNK_SIZE):
        yield chunk
