"""Server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct

from aros_core.codecs.json import JsonCodec
from navaros.iterators import close_iterator

if TYPE_CHECKING:
    from navaros.producer import Producer

EVENT_STREAM_HEADERS: Final = (
    ("content-type", "text/event-stream"),
    ("cache-control", "no-cache, no-store"),
    # Nginx and its like would collect events before they pass them on.
    ("x-accel-buffering", "no"),
)
"""The header fields of a response whose body is an event stream."""

_KEEP_ALIVE: Final = b":\n\n"
_QUIET: Final = object()

# The line ends of the format; `str.splitlines` knows more than these.
_split_lines: Final = re.compile(r"\r\n|\r|\n").split
_find_line_end: Final = re.compile(r"[\r\n]").search
_find_id_fault: Final = re.compile(r"[\r\n\0]").search

_encode_json: Final = JsonCodec().encode


class Event(Struct, frozen=True):
    """A server-sent event with more than data.

    `data` is text, or else is sent as JSON. `id` is what a browser names in `Last-Event-ID` when
    it comes back, `event` is the type that its listeners are called by, `retry` is after how many
    milliseconds it comes back. Raises `ValueError` for an `id` with CR, LF or NUL, an `event` with
    CR or LF, and a negative `retry`.
    """

    data: Any
    id: str | None = None
    event: str | None = None
    retry: int | None = None

    def __post_init__(self) -> None:
        if self.id is not None and _find_id_fault(self.id):
            raise ValueError(f"an event's id has no CR, LF or NUL in it, but here is {self.id!r}")
        if self.event is not None and _find_line_end(self.event):
            raise ValueError(f"an event's type has no CR or LF in it, but here is {self.event!r}")
        if self.retry is not None and self.retry < 0:
            raise ValueError(f"an event's retry is in milliseconds from now, not {self.retry!r}")


class EventStream(AsyncIterator[bytes]):
    """A response body that sends what an iterator yields as server-sent events.

    The iterator, asynchronous or plain, yields texts, `Event`s, or anything that goes out as JSON.
    A plain one is advanced in worker threads. Whenever it is quiet for `keep_alive` seconds, a
    comment goes out, so that nobody on the way takes the connection for dead (`None`: never).

    The iterator runs in one task of its own, and no further than it is asked for. It is closed with
    the stream, when the client leaves as well.
    """

    def __init__(
        self, iterator: AsyncIterable[Any] | Iterable[Any], *, keep_alive: float | None = 15.0
    ) -> None:
        if keep_alive is not None and keep_alive <= 0:
            raise ValueError(f"keep_alive is more than 0 seconds, or None, not {keep_alive!r}")
        self._events = _iterate(iterator)
        self._keep_alive = keep_alive
        self._producer: Producer | None = None
        self._is_over = False

    async def __anext__(self) -> bytes:
        if self._is_over:
            raise StopAsyncIteration
        if self._producer is None:
            from navaros.producer import Producer

            self._producer = Producer(self._events)
        item = await self._producer.next(self._keep_alive, _QUIET)
        return _KEEP_ALIVE if item is _QUIET else _encode(item)

    async def aclose(self) -> None:
        """Stop, and close the iterator; raise what it raises on that."""
        if self._is_over:
            return
        self._is_over = True
        if self._producer is None:
            await close_iterator(self._events)
        else:
            await self._producer.stop()


def _iterate(iterator: object) -> AsyncIterator[Any]:
    if isinstance(iterator, AsyncIterable):
        return aiter(cast("AsyncIterable[Any]", iterator))
    if isinstance(iterator, Iterable) and not isinstance(iterator, (str, bytes, Mapping)):
        from navaros.blocking import ThreadedIterator

        return ThreadedIterator(iter(cast("Iterable[Any]", iterator)))
    raise TypeError(
        f"an EventStream takes an iterator of events, asynchronous or plain, not {iterator!r}; "
        f"call the generator function to get one"
    )


def _encode(item: Any) -> bytes:
    lines: list[str] = []
    if isinstance(item, Event):
        if item.event is not None:
            lines.append(f"event: {item.event}")
        if item.id is not None:
            lines.append(f"id: {item.id}")
        if item.retry is not None:
            lines.append(f"retry: {item.retry}")
        item = item.data
    text = item if isinstance(item, str) else _encode_json(item).decode()
    lines.extend(f"data: {line}" for line in _split_lines(text))
    return ("\n".join(lines) + "\n\n").encode()
