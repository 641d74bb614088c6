"""Server-sent events: what goes over the wire, and how the iterator behind them is treated."""

from __future__ import annotations

import asyncio
import contextvars
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from navaros.events import EVENT_STREAM_HEADERS, Event, EventStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

LIMIT = 10


@dataclass
class Point:
    """Something that JSON has no words for by itself."""

    x: int
    y: int


async def sent(*items: Any) -> bytes:
    """Return what a stream of these items sends."""
    return b"".join([chunk async for chunk in EventStream(iter(items))])


def parse(stream: str) -> list[dict[str, str]]:
    """Read an event stream as the WHATWG specification tells browsers to."""
    events: list[dict[str, str]] = []
    fields: dict[str, str] = {}
    data: list[str] = []
    for line in stream.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if not line:
            if data:
                events.append({**fields, "data": "\n".join(data)})
            fields, data = {}, []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name:
            fields[name] = value
    return events


@pytest.mark.parametrize(
    ("item", "wire"),
    [
        ("hello", "data: hello\n\n"),
        ("", "data: \n\n"),
        (" padded", "data:  padded\n\n"),
        ("a\nb\r\nc\rd", "data: a\ndata: b\ndata: c\ndata: d\n\n"),
        ("a\n", "data: a\ndata: \n\n"),
        ("a\x85b\u2028c\x0b", "data: a\x85b\u2028c\x0b\n\n"),
        ("☃", "data: ☃\n\n"),
        ({"a": [1, None]}, 'data: {"a":[1,null]}\n\n'),
        ([], "data: []\n\n"),
        (None, "data: null\n\n"),
        (5, "data: 5\n\n"),
        (Point(1, 2), 'data: {"x":1,"y":2}\n\n'),
        ({"text": "a\nb"}, 'data: {"text":"a\\nb"}\n\n'),
        (Event("hi"), "data: hi\n\n"),
        (Event({"a": 1}, event="tick"), 'event: tick\ndata: {"a":1}\n\n'),
        (
            Event("hi\nyou", id="7", event="tick", retry=1500),
            "event: tick\nid: 7\nretry: 1500\ndata: hi\ndata: you\n\n",
        ),
        (Event("hi", id="", event="", retry=0), "event: \nid: \nretry: 0\ndata: hi\n\n"),
    ],
)
async def test_items_are_written_as_events(item: Any, wire: str) -> None:
    """Text is data, line by line; the rest is JSON; `Event` adds the other fields."""
    assert await sent(item) == wire.encode()


@pytest.mark.parametrize("bad", ["\r", "\n", "a\r\nid: 2", "\0"])
def test_ids_that_break_out_are_refused(bad: str) -> None:
    """An id is one line without NUL, which browsers would ignore."""
    with pytest.raises(ValueError, match="an event's id has no CR, LF or NUL in it"):
        Event("data", id=bad)


@pytest.mark.parametrize("bad", ["\r", "\n", "tick\ndata: forged"])
def test_types_that_break_out_are_refused(bad: str) -> None:
    """A type is one line."""
    with pytest.raises(ValueError, match="an event's type has no CR or LF in it"):
        Event("data", event=bad)


def test_a_negative_retry_is_refused() -> None:
    """Browsers ignore what is not made of digits."""
    with pytest.raises(ValueError, match="not -1"):
        Event("data", retry=-1)


def test_the_headers_keep_everybody_from_holding_events_back() -> None:
    """The type is that of event streams, and neither caches nor proxies keep the events."""
    headers = dict(EVENT_STREAM_HEADERS)
    assert headers["content-type"] == "text/event-stream"
    assert "no-store" in headers["cache-control"]
    assert headers["x-accel-buffering"] == "no"


@given(st.lists(st.text().filter(lambda text: text.isprintable() or "\n" in text)))
async def test_browsers_read_what_was_sent(texts: list[str]) -> None:
    """Whatever the texts are, a browser gets the same ones, line ends made equal."""
    stream = (await sent(*texts)).decode()
    expected = [text.replace("\r\n", "\n").replace("\r", "\n") for text in texts]
    assert [event["data"] for event in parse(stream)] == expected


async def test_asynchronous_and_plain_iterators_are_taken() -> None:
    """A generator of either kind works, and so does a list."""

    async def generate() -> AsyncIterator[str]:
        yield "a"

    def generate_plainly() -> Iterator[str]:
        yield "a"

    for source in (generate(), generate_plainly(), ["a"]):
        assert [chunk async for chunk in EventStream(source)] == [b"data: a\n\n"]


@pytest.mark.parametrize("bad", [5, "text", b"bytes", {"a": 1}, print])
def test_what_is_no_iterator_of_events_is_refused(bad: Any) -> None:
    """A generator function that was not called is the usual mistake."""
    with pytest.raises(TypeError, match="call the generator function to get one"):
        EventStream(bad)


@pytest.mark.parametrize("keep_alive", [0, -1])
def test_the_keep_alive_is_a_time(keep_alive: float) -> None:
    """No time at all would send nothing else."""
    with pytest.raises(ValueError, match="keep_alive is more than 0 seconds"):
        EventStream([], keep_alive=keep_alive)


async def test_a_quiet_iterator_is_kept_alive_and_left_alone() -> None:
    """Comments go out while the iterator is quiet, and what it waits for is not cancelled."""
    news: asyncio.Queue[str] = asyncio.Queue()
    waits = 0

    async def generate() -> AsyncIterator[str]:
        nonlocal waits
        while True:
            waits += 1
            yield await news.get()

    stream = EventStream(generate(), keep_alive=0.001)
    assert [await anext(stream) for _ in range(3)] == [b":\n\n"] * 3
    assert waits == 1
    await news.put("at last")
    chunks = [b":\n\n"]
    while chunks[-1] == b":\n\n":
        chunks.append(await anext(stream))
    assert chunks[-1] == b"data: at last\n\n"
    await stream.aclose()


async def test_without_keep_alive_only_events_are_sent() -> None:
    """`None` waits as long as it takes."""
    news: asyncio.Queue[str] = asyncio.Queue()

    async def generate() -> AsyncIterator[str]:
        yield await news.get()

    stream = EventStream(generate(), keep_alive=None)
    first = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    await news.put("a")
    assert await first == b"data: a\n\n"
    await stream.aclose()


async def test_the_iterator_goes_no_further_than_asked() -> None:
    """What comes after a `yield` happens when the next event is asked for."""
    steps: list[int] = []

    async def generate() -> AsyncIterator[str]:
        for step in range(LIMIT):
            steps.append(step)
            yield str(step)

    stream = EventStream(generate())
    assert steps == []
    await anext(stream)
    await asyncio.sleep(0)
    assert steps == [0]
    await anext(stream)
    assert steps == [0, 1]
    await stream.aclose()


async def test_the_iterator_runs_in_one_task_with_our_context_variables() -> None:
    """Timeouts and task groups around a `yield` work, and context variables are seen."""
    color: contextvars.ContextVar[str] = contextvars.ContextVar("color")
    color.set("blue")
    tasks: set[asyncio.Task[Any] | None] = set()

    async def generate() -> AsyncIterator[str]:
        async with asyncio.timeout(LIMIT):
            for _ in range(3):
                tasks.add(asyncio.current_task())
                yield color.get()

    assert [chunk async for chunk in EventStream(generate())] == [b"data: blue\n\n"] * 3
    assert len(tasks) == 1


async def test_closing_stops_an_iterator_that_waits() -> None:
    """When the client leaves, the iterator is stopped where it waits, and cleans up."""
    cleaned: list[str] = []

    async def generate() -> AsyncIterator[str]:
        try:
            yield "a"
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append("cleaned")

    stream = EventStream(generate(), keep_alive=0.001)
    assert await anext(stream) == b"data: a\n\n"
    assert await anext(stream) == b":\n\n"
    await stream.aclose()
    assert cleaned == ["cleaned"]
    assert await anext(stream, "over") == "over"
    await stream.aclose()
    assert cleaned == ["cleaned"]


async def test_closing_stops_an_iterator_between_events() -> None:
    """An iterator that was not asked for more is closed at its `yield`."""
    reasons: list[type[BaseException]] = []

    async def generate() -> AsyncIterator[str]:
        try:
            yield "a"
        except BaseException as error:
            reasons.append(type(error))
            raise

    stream = EventStream(generate())
    await anext(stream)
    await stream.aclose()
    assert reasons == [GeneratorExit]


async def test_closing_an_unused_stream_closes_the_iterator() -> None:
    """A stream that is never sent leaves nothing open."""

    class Source:
        closed = False

        def __aiter__(self) -> Source:
            return self

        async def __anext__(self) -> str:
            raise AssertionError

        async def aclose(self) -> None:
            self.closed = True

    source = Source()
    await EventStream(source).aclose()
    assert source.closed


async def test_iterators_without_close_are_fine() -> None:
    """An asynchronous iterator need not be a generator."""

    class Source:
        def __aiter__(self) -> Source:
            return self

        async def __anext__(self) -> str:
            return "a"

    stream = EventStream(Source())
    assert await anext(stream) == b"data: a\n\n"
    await stream.aclose()


async def test_an_iterator_that_will_not_stop_is_stopped() -> None:
    """Swallowing the cancellation does not keep a stream alive."""

    async def generate() -> AsyncIterator[str]:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                yield "still here"

    stream = EventStream(generate(), keep_alive=0.001)
    assert await anext(stream) == b":\n\n"
    await stream.aclose()


async def test_errors_reach_whoever_sends_the_stream() -> None:
    """An error in the iterator comes after the events before it, once."""

    async def generate() -> AsyncIterator[str]:
        yield "a"
        raise ZeroDivisionError

    stream = EventStream(generate())
    assert await anext(stream) == b"data: a\n\n"
    with pytest.raises(ZeroDivisionError):
        await anext(stream)
    assert await anext(stream, "over") == "over"
    await stream.aclose()


async def test_errors_while_closing_are_raised() -> None:
    """A clean-up that fails is not lost."""

    async def generate() -> AsyncIterator[str]:
        try:
            yield "a"
        finally:
            raise ZeroDivisionError

    stream = EventStream(generate())
    await anext(stream)
    with pytest.raises(ZeroDivisionError):
        await stream.aclose()


async def test_what_cannot_be_encoded_is_an_error() -> None:
    """An item that JSON cannot hold raises where the stream is sent."""
    stream = EventStream([object()])
    with pytest.raises(TypeError, match="cannot encode object as json"):
        await anext(stream)
    await stream.aclose()


async def test_a_cancelled_consumer_can_still_close() -> None:
    """After a cancelled wait, the stream is closed like any other."""
    waiting = asyncio.Event()
    cleaned: list[str] = []

    async def generate() -> AsyncIterator[str]:
        try:
            waiting.set()
            await asyncio.Event().wait()
            yield "never"
        finally:
            cleaned.append("cleaned")

    stream = EventStream(generate())
    consumer = asyncio.ensure_future(anext(stream))
    await waiting.wait()
    consumer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consumer
    assert cleaned == []
    await stream.aclose()
    assert cleaned == ["cleaned"]
