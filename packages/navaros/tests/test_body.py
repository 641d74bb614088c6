"""The request body: one stream and one limit for all readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aros_core.errors import HTTPError
from navaros.body import BodyEvents, RequestBody, RewrittenBody
from navaros.errors import ClientDisconnected
from navaros.inbox import Inbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from aros_core.asgi.types import Event


UNLIMITED = -1

GONE: Event = {"type": "http.disconnect"}


def inbox_of(*events: Event, limit: int = UNLIMITED, declared: int = 0) -> Inbox:
    """Return an inbox in which these events arrive."""
    waiting = iter(events)

    async def receive() -> Event:
        return next(waiting)

    return Inbox(receive, limit, declared)


def body_of(*chunks: bytes, limit: int = UNLIMITED, declared: int = 0) -> RequestBody:
    """Return a body that comes in these chunks."""
    events: list[Event] = [
        {"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks
    ]
    return inbox_of(*events, {"type": "http.request"}, limit=limit, declared=declared)


async def collect(chunks: AsyncIterator[bytes]) -> list[bytes]:
    """Return all chunks."""
    return [chunk async for chunk in chunks]


async def test_chunks_come_as_they_are() -> None:
    """A stream gives the chunks one by one, without the empty ones."""
    assert await collect(body_of(b"a", b"", b"bc").chunks()) == [b"a", b"bc"]


async def test_readers_share_the_stream() -> None:
    """A second reader goes on where the first one stopped."""
    body = body_of(b"a", b"b", b"c")
    first = body.chunks()
    assert await anext(first) == b"a"
    assert await collect(body.chunks()) == [b"b", b"c"]
    assert await collect(body.chunks()) == []


@given(st.lists(st.binary(max_size=5), max_size=5))
async def test_the_whole_is_kept(chunks: list[bytes]) -> None:
    """`read` joins the chunks, and gives them to every later reader."""
    body = body_of(*chunks)
    whole = b"".join(chunks)
    assert await body.read() == whole
    assert await body.read() == whole
    assert await collect(body.chunks()) == ([whole] if whole else [])


async def test_readers_leave_nothing_behind() -> None:
    """A reader may stop anywhere: it is no generator that somebody would have to close."""
    chunks = body_of(b"a", b"b").chunks()
    assert await anext(chunks) == b"a"
    assert not hasattr(chunks, "aclose")


async def test_a_reader_that_began_before_goes_on() -> None:
    """What one reader got of the body is not given to it again when another reads the whole."""
    body = body_of(b"", b"a")
    early = body.chunks()
    assert await body.read() == b"a"
    assert await collect(early) == [b"a"]
    assert await collect(early) == []


class Rewritten:
    """Chunks that are iterated over by a generator of their own."""

    def __init__(self) -> None:
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            yield b"a"
            yield b"b"
        finally:
            self.is_closed = True


async def test_rewritten_bodies_are_closed() -> None:
    """Closed is what was iterated over, whoever made it, and half a plain generator as well."""
    chunks = Rewritten()
    source = RewrittenBody(chunks, UNLIMITED)
    assert (await source.receive())["body"] == b"a"
    await source.close()
    assert chunks.is_closed

    plain = (chunk for chunk in (b"a", b"b"))
    source = RewrittenBody(plain, UNLIMITED)
    assert (await source.receive())["body"] == b"a"
    await source.close()
    assert next(plain, None) is None


@pytest.mark.parametrize("how", ["read", "chunks"])
async def test_a_body_that_never_came_is_no_empty_body(how: str) -> None:
    """Where bytes were declared and none came, nobody takes that for an empty body."""
    body = body_of(b"", declared=3)
    with pytest.raises(HTTPError, match="none of the 3 bytes") as caught:
        await (body.read() if how == "read" else collect(body.chunks()))
    assert (caught.value.status, caught.value.headers) == (400, {"connection": "close"})
    assert await body_of(b"", declared=0).read() == b""
    assert await body_of(b"ab", declared=3).read() == b"ab"


async def test_the_rest_is_not_the_whole() -> None:
    """After a part was streamed, `read` says so instead of giving less than the whole."""
    body = body_of(b"a", b"b")
    await anext(body.chunks())
    with pytest.raises(RuntimeError, match=r"streamed before.*ctx\.read\(\) before"):
        await body.read()


async def test_a_declared_length_past_the_limit_is_refused_at_once() -> None:
    """Nothing is read of a body that says it is too long."""
    body = body_of(b"nobody reads this", declared=11, limit=10)
    with pytest.raises(HTTPError) as refused:
        await body.read()
    assert refused.value.status == 413
    body.limit = UNLIMITED
    assert await body.read() == b"nobody reads this"


async def test_the_count_of_all_readers_is_limited() -> None:
    """Readers together get no more than the limit, however often they try."""
    body = body_of(b"12345", b"678", b"90", b"1", limit=9)
    first = body.chunks()
    assert await anext(first) == b"12345"
    assert await anext(body.chunks()) == b"678"
    for _ in range(2):
        with pytest.raises(HTTPError) as refused:
            await collect(body.chunks())
        assert refused.value.status == 413


async def test_the_limit_itself_is_allowed() -> None:
    """A body of exactly the limit is read; `0` allows an empty one, `-1` anything."""
    assert await body_of(b"12345", declared=5, limit=5).read() == b"12345"
    assert await body_of(limit=0).read() == b""
    assert await body_of(b"x" * 100).read() == b"x" * 100


async def test_the_limit_may_be_raised_meanwhile() -> None:
    """The limit counts as it is when a chunk is read."""
    body = body_of(b"a", b"b", limit=1)
    chunks = body.chunks()
    assert await anext(chunks) == b"a"
    body.limit = 2
    assert await anext(chunks) == b"b"


async def test_the_server_is_read_to_the_end_and_no_further() -> None:
    """The last chunk ends the body; what the server says next is not for its readers."""
    inbox = inbox_of(
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request"},
        {"type": "http.disconnect"},
    )
    assert [await inbox.next_chunk() for _ in range(4)] == [b"a", b"", None, None]
    assert await inbox.receive() == GONE


async def test_a_client_that_leaves_ends_the_reading() -> None:
    """Half a body is never taken for a whole one."""
    inbox = inbox_of({"type": "http.request", "body": b"a", "more_body": True}, GONE)
    with pytest.raises(ClientDisconnected):
        await inbox.read()


async def test_rewritten_bodies_are_of_either_kind() -> None:
    """Middleware gives an asynchronous iterator, or anything plain that yields bytes."""

    async def decompressed() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    plain: Iterable[bytes] = [b"a", b"b"]
    for chunks in (decompressed(), plain):
        assert await RewrittenBody(chunks, UNLIMITED).read() == b"ab"


async def test_no_body_is_empty() -> None:
    """What is made of nothing is at its end with the first event."""
    assert await RewrittenBody((), 0).read() == b""
    assert await collect(RewrittenBody((), 0).chunks()) == []


async def test_events_for_an_application() -> None:
    """An application gets the chunks, one end, and then the client's leaving."""
    inbox = inbox_of({"type": "http.request", "body": b"left over"}, GONE)
    events = BodyEvents(body_of(b"a", b"b").chunks(), inbox.receive)
    assert [await events() for _ in range(4)] == [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b", "more_body": True},
        {"type": "http.request", "body": b"", "more_body": False},
        GONE,
    ]


async def test_an_application_learns_that_the_client_left() -> None:
    """Where the client leaves in the midst of the body, the application is told so."""
    inbox = inbox_of({"type": "http.request", "body": b"a", "more_body": True}, GONE)
    events = BodyEvents(inbox.chunks(), inbox.receive)
    assert (await events())["body"] == b"a"
    assert await events() == GONE
