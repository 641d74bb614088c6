"""The one place that takes events from the server, for all who wait for them."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from aros_core.worker_call import current_call
from navaros.body import RequestBody

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from aros_core.asgi.types import Event, Receive
    from aros_core.codecs import PayloadCodec

READ_AHEAD: Final = 64 * 1024
"""How many bytes of a body are kept for later readers before the watch for the end pauses."""


class Inbox(RequestBody):
    """The body as it comes from the server, whose `receive` it shares with who waits for the end.

    Servers take one call of `receive` at a time. The watch for the client's leaving has to read the
    body on its way, so it keeps what it finds for whoever reads later.
    """

    __slots__ = (
        "_is_receiving",
        "_kept",
        "_kept_size",
        "_last",
        "_news",
        "_over",
        "_receive",
        "_watch",
        "codec",
        "content_type",
        "is_over",
    )

    def __init__(
        self,
        receive: Receive,
        limit: int = -1,
        declared: int = 0,
        content_type: bytes | None = None,
    ) -> None:
        """Take the server's `receive`, the body's limit, and what the header says of the body."""
        RequestBody.__init__(self, limit, declared)
        self.content_type = content_type
        self.codec: PayloadCodec | None = None
        """What the body was read with."""
        self._receive = receive
        self._is_receiving = False
        self._kept: deque[Event] | None = None
        """What the watch has read, in order; `None` before it has."""
        self._kept_size = 0
        self._last: Event | None = None
        self._news: asyncio.Future[None] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._over: asyncio.Future[None] | None = None
        self.is_over = False
        """Whether the client is gone, or the answer is out."""

    async def receive(self, *, ahead: bool = False) -> Event:
        """Return the next event; after the client left, always the one that said so.

        `ahead` is for the watch, which passes by what is kept.
        """
        while True:
            if self._kept and not ahead:
                return self._next_kept(self._kept)
            if self._last is not None:
                return self._last
            if not self._is_receiving:
                break
            await self._wait_for_news()
        self._is_receiving = True
        try:
            event = await self._receive()
        finally:
            self._is_receiving = False
            if self._news is not None:
                self._tell()
        kind = event["type"]
        if kind != "http.request" and kind.endswith(".disconnect"):
            self._last = event
            self._set_over()
        return event

    def watch(self) -> None:
        """See to it that the client's leaving is noticed from now on; fine in any thread."""
        call = current_call()
        if call is not None:
            call.loop.call_soon_threadsafe(self._begin_watch)
        else:
            self._begin_watch()

    async def wait_over(self) -> None:
        """Return when the client is gone, or the answer is out."""
        import asyncio

        self.watch()
        await asyncio.shield(self._end)

    def on_over(self, callback: Callable[[object], None]) -> None:
        """Have the callback called when the client is gone, or the answer is out."""
        self._end.add_done_callback(callback)

    def forget(self, callback: Callable[[object], None]) -> None:
        """Call the callback no more."""
        self._end.remove_done_callback(callback)

    def leave(self) -> None:
        """Note that the client is gone; the server said so when it was sent something."""
        self._set_over()

    async def end_watch(self) -> None:
        """Leave the reading to one reader alone, who notices the client's leaving from now on."""
        if self._watch is not None:
            import asyncio

            self._watch.cancel()
            await asyncio.wait((self._watch,))
            self._watch = None

    async def close(self) -> None:
        """End the watch: the answer is out."""
        self._set_over()
        await self.end_watch()

    def _begin_watch(self) -> None:
        if self._watch is None and not self.is_over:
            import asyncio

            self._watch = asyncio.get_running_loop().create_task(self._read_ahead())

    async def _read_ahead(self) -> None:
        # A server that fails to receive has no client any more, whatever it says.
        with suppress(Exception):
            while self._last is None:
                if self._kept_size >= READ_AHEAD:
                    await self._wait_for_news()
                    continue
                event = await self.receive(ahead=True)
                if self._last is None:
                    self._kept = self._kept or deque()
                    self._kept.append(event)
                    self._kept_size += len(event.get("body") or b"")
        self._set_over()

    def _next_kept(self, kept: deque[Event]) -> Event:
        event = kept.popleft()
        self._kept_size -= len(event.get("body") or b"")
        self._tell()
        return event

    async def _wait_for_news(self) -> None:
        import asyncio

        if self._news is None:
            self._news = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._news)

    def _tell(self) -> None:
        if self._news is not None:
            self._news.set_result(None)
            self._news = None

    @property
    def _end(self) -> asyncio.Future[None]:
        """Is done when the client is gone, or the answer is out; made when somebody asks for it."""
        if self._over is None:
            import asyncio

            self._over = asyncio.get_running_loop().create_future()
            if self.is_over:
                self._over.set_result(None)
        return self._over

    def _set_over(self) -> None:
        self.is_over = True
        if self._over is not None and not self._over.done():
            self._over.set_result(None)
