"""Answers in parts: what handlers write, generators, streams, files, and their ends."""

from __future__ import annotations

import asyncio
import io
import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest

from navaros import (
    ClientDisconnected,
    Context,
    EventStream,
    HTTPError,
    ResponseStartedError,
    Router,
)
from navaros.errors import ResponseAborted

from .exchange import Exchange, ask, http_scope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

TEXT = "text/plain; charset=utf-8"


def app_of(handler: Callable[[Context], Any]) -> Router:
    """Return a router with one handler."""
    app = Router()
    app.all("/", handler)
    return app


class Source:
    """An asynchronous iterator that notes its end, and can be made to wait or fail."""

    def __init__(self, *chunks: Any, then: BaseException | None = None, wait: bool = False) -> None:
        self.is_closed = False
        self.is_waiting = asyncio.Event()
        self._items = self._generate(chunks, then, wait)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._items

    async def _generate(
        self, chunks: tuple[Any, ...], then: BaseException | None, wait: bool
    ) -> AsyncIterator[Any]:
        try:
            for chunk in chunks:
                yield chunk
            if wait:
                self.is_waiting.set()
                await asyncio.get_running_loop().create_future()
            if then is not None:
                raise then
        finally:
            self.is_closed = True


# What handlers write


async def test_write() -> None:
    """The first write begins the response with what was set; the rest follows at once."""

    async def handler(ctx: Context) -> None:
        ctx.status = 202
        ctx.headers["x-a"] = "b"
        await ctx.write("grüß")
        await ctx.write(b"")
        await ctx.write(bytearray(b" "))
        await ctx.write(memoryview(b"gott"))

    answer = await ask(app_of(handler))
    assert (answer.status, answer.body.decode()) == (202, "grüß gott")
    assert answer.headers["content-type"] == TEXT
    assert answer.headers["x-a"] == "b"
    assert "content-length" not in answer.headers
    assert [event.get("more_body") for event in answer.sent[1:]] == [True, True, True, False]


async def test_flush() -> None:
    """The head goes out before there is a body, and may stay alone."""

    async def handler(ctx: Context) -> None:
        await ctx.flush()
        assert ctx.response_status == 200
        await ctx.flush()
        await ctx.write(b"a")

    answer = await ask(app_of(handler))
    assert answer.sent[0]["headers"] == []
    assert answer.body == b"a"
    assert answer.is_complete


async def test_only_text_and_bytes_are_written() -> None:
    """Values are for the body, where a codec takes them."""

    async def handler(ctx: Context) -> None:
        await ctx.write({})  # pyright: ignore[reportArgumentType]

    assert (await ask(app_of(handler))).status == 500


async def test_a_body_after_a_write_is_refused() -> None:
    """Who writes cannot return a body as well: half of the answer would be lost."""

    async def handler(ctx: Context) -> str:
        await ctx.write("a")
        return "b"

    with pytest.raises(ResponseAborted) as aborted:
        await ask(app_of(handler))
    assert isinstance(aborted.value.error, ResponseStartedError)


async def test_writing_in_place_of_a_body() -> None:
    """A body that somebody set before does not get into what is written, and is closed."""
    file = io.BytesIO(b"page")

    async def handler(ctx: Context) -> None:
        ctx.body = file
        await ctx.write("a")

    answer = await ask(app_of(handler))
    assert (answer.status, answer.body) == (200, b"a")
    assert file.closed


async def test_writing_about_an_error() -> None:
    """Middleware that answers for an error by writing sends the error's status and headers."""
    app = Router()

    @app.use
    async def explain(ctx: Context) -> None:
        await ctx.next()
        if ctx.error is not None:
            await ctx.write("sorry")
            ctx.error = None

    @app.get("/")
    async def handler(ctx: Context) -> None:
        raise HTTPError(429, headers={"retry-after": "5"})

    answer = await ask(app)
    assert (answer.status, answer.body) == (429, b"sorry")
    assert answer.headers["retry-after"] == "5"


async def test_writing_to_a_client_that_left() -> None:
    """It raises, so that an endless loop ends; nobody's error is logged."""
    rounds: list[int] = []

    async def handler(ctx: Context) -> None:
        while True:
            rounds.append(len(rounds))
            await ctx.write("tick")
            await asyncio.sleep(0)

    async with Exchange(app_of(handler), http_scope()) as exchange:
        await exchange.wait_sent(3)
        exchange.leave()
    assert rounds
    assert not exchange.is_complete


async def test_a_handler_that_looks_runs_to_its_end() -> None:
    """`is_done` tells as soon as the client left, without anybody waiting for it."""
    steps: list[str] = []

    async def handler(ctx: Context) -> None:
        while not ctx.is_done:
            await ctx.write("tick")
            await asyncio.sleep(0)
        with pytest.raises(ClientDisconnected):
            await ctx.write("late")
        with pytest.raises(ClientDisconnected):
            await ctx.flush()
        steps.append("end")

    async with Exchange(app_of(handler), http_scope()) as exchange:
        await exchange.wait_sent(3)
        exchange.leave()
    assert steps == ["end"]


async def test_a_server_that_says_at_sending_that_the_client_left() -> None:
    """Servers that raise then are understood."""
    steps: list[str] = []

    async def handler(ctx: Context) -> None:
        with pytest.raises(ClientDisconnected):
            await ctx.write("a")
        assert ctx.is_done
        steps.append("end")

    exchange = Exchange(app_of(handler), http_scope())
    exchange.send_error = BrokenPipeError()
    await exchange.run()
    assert steps == ["end"]


# The length that was set by hand


@pytest.mark.parametrize(("chunks", "whole"), [(["ab", "c"], True), (["ab"], False)])
async def test_a_length_set_by_hand_is_kept(chunks: list[str], whole: bool) -> None:
    """A stream whose length is known says it, and is cut off if it is shorter."""

    async def handler(ctx: Context) -> None:
        ctx.headers["content-length"] = "3"
        for chunk in chunks:
            await ctx.write(chunk)

    exchange = Exchange(app_of(handler), http_scope())
    if whole:
        await exchange.run()
        assert exchange.headers["content-length"] == "3"
    else:
        with pytest.raises(ResponseAborted):
            await exchange.run()
    assert exchange.is_complete is whole


async def test_a_stream_longer_than_its_length_is_cut_off() -> None:
    """No byte goes out past the length."""

    async def handler(ctx: Context) -> None:
        ctx.headers["content-length"] = "3"
        await ctx.write("ab")
        await ctx.write("cd")

    exchange = Exchange(app_of(handler), http_scope())
    with pytest.raises(ResponseAborted):
        await exchange.run()
    assert exchange.body == b"ab"
    assert not exchange.is_complete


# Errors after bytes went out


@pytest.mark.parametrize("kind", ["write", "generator", "iterator"])
async def test_an_error_after_bytes_went_out(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """The connection is aborted, so that nobody takes the answer for complete; logged once."""
    error = LookupError("boom")

    async def write(ctx: Context) -> None:
        await ctx.write("a")
        raise error

    async def generator(ctx: Context) -> AsyncIterator[str]:
        yield "a"
        raise error

    async def iterator(ctx: Context) -> Source:
        return Source("a", then=error)

    handlers = {"write": write, "generator": generator, "iterator": iterator}
    exchange = Exchange(app_of(handlers[kind]), http_scope())
    with pytest.raises(ResponseAborted) as aborted:
        await exchange.run()
    assert aborted.value.error is error
    assert aborted.value.__cause__ is None
    assert (exchange.status, exchange.body, exchange.is_complete) == (200, b"a", False)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("navaros", logging.ERROR)


async def test_an_error_after_bytes_that_middleware_handles() -> None:
    """Middleware that marks it as handled answers for the rest."""
    app = Router()

    @app.use
    async def handle(ctx: Context) -> None:
        await ctx.next()
        ctx.error = None
        await ctx.write("!")

    @app.get("/")
    async def handler(ctx: Context) -> AsyncIterator[str]:
        yield "a"
        raise LookupError

    answer = await ask(app)
    assert (answer.body, answer.is_complete) == (b"a!", True)


# Generators and iterators


async def test_a_generator_streams() -> None:
    """What it sets before its first item goes out; each item follows as it is made."""

    async def handler(ctx: Context) -> AsyncIterator[str]:
        ctx.status = 202
        ctx.headers["x-a"] = "b"
        yield "one "
        with pytest.raises(ResponseStartedError):
            ctx.status = 500
        yield "two"

    answer = await ask(app_of(handler))
    assert (answer.status, answer.body) == (202, b"one two")
    assert answer.headers["content-type"] == TEXT
    assert answer.headers["x-a"] == "b"


async def test_middleware_is_around_a_generator() -> None:
    """It sees the time a stream takes, and its errors."""
    app = Router()
    seen: list[Any] = []

    @app.use
    async def watch(ctx: Context) -> None:
        await ctx.next()
        seen.append(ctx.error)
        ctx.error = None

    @app.get("/")
    async def handler(ctx: Context) -> AsyncIterator[str]:
        yield "a"
        seen.append("made")
        raise LookupError("boom")

    await ask(app)
    assert seen[0] == "made"
    assert isinstance(seen[1], LookupError)


@pytest.mark.parametrize("kind", ["generator", "iterator", "plain"])
async def test_an_error_before_the_first_item(kind: str) -> None:
    """Nothing went out yet, so the error is answered like any other."""

    async def generator(ctx: Context) -> AsyncIterator[str]:
        raise HTTPError(403, "no")
        yield "never"

    async def iterator(ctx: Context) -> Source:
        return Source(then=HTTPError(403, "no"))

    async def plain(ctx: Context) -> Iterator[str]:
        def items() -> Iterator[str]:
            raise HTTPError(403, "no")
            yield "never"

        return items()

    handler = {"generator": generator, "iterator": iterator, "plain": plain}[kind]
    answer = await ask(app_of(handler))
    assert (answer.status, answer.body) == (403, b"no")


async def test_streams_of_nothing() -> None:
    """A stream without items is an empty body, and not a missing one."""

    async def generator(ctx: Context) -> AsyncIterator[str]:
        for chunk in ():
            yield chunk

    async def iterator(ctx: Context) -> Source:
        return Source()

    for handler in (generator, iterator):
        answer = await ask(app_of(handler))
        assert (answer.status, answer.body, answer.is_complete) == (200, b"", True)


@pytest.mark.parametrize(
    ("chunks", "content_type"),
    [(["a", "b"], TEXT), ([b"a", b"b"], "application/octet-stream"), (["", "ab"], TEXT)],
)
async def test_iterators_of_either_kind(chunks: list[Any], content_type: str) -> None:
    """Both are sent as they come; the first item tells the type."""

    async def asynchronous(ctx: Context) -> Source:
        return Source(*chunks)

    async def plain(ctx: Context) -> Iterator[Any]:
        return iter(chunks)

    for handler in (asynchronous, plain):
        answer = await ask(app_of(handler))
        assert (answer.status, answer.body) == (200, b"ab")
        assert answer.headers["content-type"] == content_type


async def test_plain_iterators_do_not_hold_up_the_loop() -> None:
    """They run in worker threads, where they may block."""
    threads: set[int] = set()

    def items() -> Iterator[str]:
        threads.add(threading.get_ident())
        yield "a"

    async def handler(ctx: Context) -> Iterator[str]:
        return items()

    assert (await ask(app_of(handler))).body == b"a"
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("kind", ["generator", "iterator"])
@pytest.mark.parametrize("items", [0, 2])
async def test_a_client_that_leaves_a_stream(
    kind: str, items: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Streaming stops wherever it waits, and the generator is closed."""
    source = Source(*["x"] * items, wait=True)

    async def generator(ctx: Context) -> AsyncIterator[str]:
        async for item in source:
            yield item

    async def iterator(ctx: Context) -> Source:
        return source

    handler = generator if kind == "generator" else iterator
    async with Exchange(app_of(handler), http_scope()) as exchange:
        await source.is_waiting.wait()
        exchange.leave()
    assert source.is_closed
    assert exchange.body == b"x" * items
    assert not (items and exchange.is_complete)
    assert caplog.records == []


async def test_a_generator_that_swallows_its_end() -> None:
    """Where a generator goes on after the client left, nobody asks it for more."""
    made: list[str] = []
    waiting = asyncio.Event()

    async def handler(ctx: Context) -> AsyncIterator[str]:
        yield "a"
        try:
            waiting.set()
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            made.append("swallowed")
        yield "b"
        made.append("never")

    async with Exchange(app_of(handler), http_scope()) as exchange:
        await waiting.wait()
        exchange.leave()
    assert made == ["swallowed"]
    assert exchange.body == b"a"


@pytest.mark.parametrize("kind", ["write", "generator"])
async def test_an_endless_stream_that_never_waits(kind: str) -> None:
    """Where neither handler nor server ever waits, the client's leaving is noticed all the same."""

    async def write(ctx: Context) -> None:
        while True:
            await ctx.write("x")

    async def generator(ctx: Context) -> AsyncIterator[str]:
        while True:
            yield "x"

    async with Exchange(app_of(write if kind == "write" else generator), http_scope()) as exchange:
        await exchange.wait_sent(2)
        exchange.leave()
    assert not exchange.is_complete


async def test_a_stream_to_a_server_that_raises() -> None:
    """A client that is gone at sending ends the stream, and closes it."""
    source = Source("a", "b")

    async def handler(ctx: Context) -> Source:
        return source

    exchange = Exchange(app_of(handler), http_scope())
    exchange.send_error = ConnectionResetError()
    await exchange.run()
    assert source.is_closed


async def test_a_stream_that_reads_the_request() -> None:
    """An echo works: the body comes in while the answer goes out."""

    async def handler(ctx: Context) -> AsyncIterator[bytes]:
        return ctx.request_body()

    answer = await ask(app_of(handler), "POST", "/", b"a", b"b")
    assert answer.body == b"ab"


async def test_a_deadline_ends_a_stream() -> None:
    """A stream that takes too long is cut off."""
    source = Source("a", wait=True)
    app = Router()

    @app.use
    async def bound(ctx: Context) -> None:
        ctx.set_timeout(0.01)
        await ctx.next()

    @app.get("/")
    async def handler(ctx: Context) -> AsyncIterator[str]:
        async for item in source:
            yield item

    with pytest.raises(ResponseAborted) as aborted:
        await ask(app)
    assert isinstance(aborted.value.error, TimeoutError)
    assert source.is_closed


async def test_items_that_are_no_chunks() -> None:
    """What is neither text nor bytes is an error, answered since nothing went out."""

    async def handler(ctx: Context) -> AsyncIterator[Any]:
        yield {"a": 1}

    assert (await ask(app_of(handler))).status == 500


async def test_an_iterator_without_an_end() -> None:
    """Any object that can be iterated over is sent, whether or not it can be closed."""

    class Countdown:
        def __init__(self) -> None:
            self.left = 2

        def __aiter__(self) -> Countdown:
            return self

        async def __anext__(self) -> str:
            if not self.left:
                raise StopAsyncIteration
            self.left -= 1
            return str(self.left)

    async def handler(ctx: Context) -> Countdown:
        return Countdown()

    assert (await ask(app_of(handler))).body == b"10"


# Event streams and files


async def test_an_event_stream_begins_at_once() -> None:
    """Browsers call the connection open when the head is there, before any event."""
    source = Source(wait=True)

    async def handler(ctx: Context) -> EventStream:
        ctx.headers["cache-control"] = "no-store"
        return EventStream(source)

    async with Exchange(app_of(handler), http_scope()) as exchange:
        await exchange.wait_sent(1)
        await source.is_waiting.wait()
        exchange.leave()
    assert exchange.headers["content-type"] == "text/event-stream"
    assert exchange.headers["cache-control"] == "no-store"
    assert source.is_closed


async def test_an_event_stream_to_a_client_that_is_gone() -> None:
    """Where not even the head gets out, the stream is closed."""
    source = Source("a")

    async def handler(ctx: Context) -> EventStream:
        return EventStream(source)

    exchange = Exchange(app_of(handler), http_scope())
    exchange.send_error = ConnectionResetError()
    await exchange.run()
    assert exchange.sent == []


async def test_events_are_sent() -> None:
    """Each event is a part of its own."""

    async def handler(ctx: Context) -> EventStream:
        return EventStream(Source("a", {"b": 1}))

    answer = await ask(app_of(handler))
    assert answer.body == b'data: a\n\ndata: {"b":1}\n\n'


async def test_file_objects_are_streamed_and_closed() -> None:
    """Plain and asynchronous ones are read in pieces."""

    class AsyncFile:
        def __init__(self) -> None:
            self.closed = False
            self._file = io.BytesIO(b"content")

        async def read(self, size: int) -> bytes:
            return self._file.read(size)

        async def close(self) -> None:
            self.closed = True

    for file in (io.BytesIO(b"content"), AsyncFile()):

        async def handler(ctx: Context, file: Any = file) -> Any:
            return file

        answer = await ask(app_of(handler))
        assert (answer.status, answer.body) == (200, b"content")
        assert file.closed


async def test_a_text_file_object_is_an_error(tmp_path: Path) -> None:
    """Only binary files are sent; the file is closed all the same."""
    path = tmp_path / "a.txt"
    path.write_text("text")
    file = path.open()

    async def handler(ctx: Context) -> Any:
        return file

    assert (await ask(app_of(handler))).status == 500
    assert file.closed


async def test_a_path_is_sent_as_a_file(tmp_path: Path) -> None:
    """With type, length and validators; a status that was set is kept."""
    path = tmp_path / "a.txt"
    path.write_text("text")

    async def handler(ctx: Context) -> Path:
        if ctx.query.get("status"):
            ctx.status = int(ctx.query["status"])
        return path

    answer = await ask(app_of(handler))
    assert (answer.status, answer.body) == (200, b"text")
    assert answer.headers["content-length"] == "4"
    assert "etag" in answer.headers
    assert (await ask(app_of(handler), query_string=b"status=404")).status == 404
    head = await ask(app_of(handler), "HEAD")
    assert (head.headers["content-length"], head.body) == ("4", b"")


async def test_a_missing_file(tmp_path: Path) -> None:
    """It is a 404, without the headers that were meant for the file."""

    async def handler(ctx: Context) -> Path:
        ctx.headers["cache-control"] = "max-age=1000"
        return tmp_path / "missing"

    answer = await ask(app_of(handler))
    assert (answer.status, answer.body) == (404, b"Not Found")
    assert "cache-control" not in answer.headers


# HEAD, and statuses without a body


@pytest.mark.parametrize("kind", ["write", "generator", "iterator", "events", "file"])
async def test_head_has_no_body(kind: str) -> None:
    """Streams have the headers of `GET`, and are closed without being sent."""
    source = Source("a", "b")

    async def write(ctx: Context) -> None:
        await ctx.write("a")
        await ctx.flush()

    async def generator(ctx: Context) -> AsyncIterator[str]:
        yield "a"

    async def iterator(ctx: Context) -> Source:
        return source

    async def events(ctx: Context) -> EventStream:
        return EventStream(source)

    async def file(ctx: Context) -> io.BytesIO:
        return io.BytesIO(b"a")

    handlers = {
        "write": write,
        "generator": generator,
        "iterator": iterator,
        "events": events,
        "file": file,
    }
    answer = await ask(app_of(handlers[kind]), "HEAD")
    assert (answer.status, answer.body, answer.is_complete) == (200, b"", True)
    assert "content-type" in answer.headers


@pytest.mark.parametrize("status", [100, 204, 205, 304])
async def test_streams_on_a_status_without_a_body(status: int) -> None:
    """They are not sent, and closed all the same; their first step is not even taken."""
    file = io.BytesIO(b"a")

    async def handler(ctx: Context) -> io.BytesIO:
        ctx.status = status
        return file

    answer = await ask(app_of(handler))
    assert (answer.status, answer.body, answer.is_complete) == (status, b"", True)
    assert file.closed
    assert "content-type" not in answer.headers


async def test_writes_on_a_status_without_a_body() -> None:
    """What is written there is dropped."""

    async def handler(ctx: Context) -> None:
        ctx.status = 204
        await ctx.write("a")

    answer = await ask(app_of(handler))
    assert (answer.status, answer.body) == (204, b"")
    assert answer.sent[0]["headers"] == []


async def test_a_stream_after_something_was_written() -> None:
    """A generator goes on with what middleware began."""
    app = Router()

    @app.use
    async def begin(ctx: Context) -> None:
        await ctx.write("<")
        await ctx.next()
        await ctx.write(">")

    @app.get("/")
    async def handler(ctx: Context) -> AsyncIterator[str]:
        yield "a"

    assert (await ask(app)).body == b"<a>"


async def test_the_head_cannot_be_made() -> None:
    """A head that may not be sent is answered with 500, and the stream is closed."""
    source = Source("a")

    async def handler(ctx: Context) -> Source:
        ctx.headers["content-length"] = "many"
        return source

    assert (await ask(app_of(handler))).status == 500
    assert source.is_closed
