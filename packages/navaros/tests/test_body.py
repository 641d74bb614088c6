"""The request body: one stream and one limit for all readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aros_core.errors import HTTPError
from navaros.body import BodyEvents, RequestBody, RewrittenBody, no_body
from navaros.errors import ClientDisconnected
from navaros.inbox import Inbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from aros_core.asgi.types import Event


UNLIMITED = -1

GONE: Event = {"type": "http.disconnect"}


class Limit:
    """A limit that can change."""

    def __init__(self, size: int = UNLIMITED) -> None:
        self.max_request_body_size = size


def body_of(*chunks: bytes, declared: int = 0) -> RequestBody:
    """Return a body that comes in these chunks."""
    return RequestBody(RewrittenBody(chunks).receive, declared)


def inbox_of(*events: Event) -> Inbox:
    """Return an inbox in which these events arrive."""
    waiting = iter(events)

    async def receive() -> Event:
        return next(waiting)

    return Inbox(receive)


async def collect(chunks: AsyncIterator[bytes]) -> list[bytes]:
    """Return all chunks."""
    return [chunk async for chunk in chunks]


async def test_chunks_come_as_they_are() -> None:
    """A stream gives the chunks one by one, without the empty ones."""
    assert await collect(body_of(b"a", b"", b"bc").chunks(Limit())) == [b"a", b"bc"]


async def test_readers_share_the_stream() -> None:
    """A second reader goes on where the first one stopped."""
    body = body_of(b"a", b"b", b"c")
    first = body.chunks(Limit())
    assert await anext(first) == b"a"
    assert await collect(body.chunks(Limit())) == [b"b", b"c"]
    assert await collect(body.chunks(Limit())) == []


@given(st.lists(st.binary(max_size=5), max_size=5))
async def test_the_whole_is_kept(chunks: list[bytes]) -> None:
    """`read` joins the chunks, and gives them to every later reader."""
    body = body_of(*chunks)
    whole = b"".join(chunks)
    assert await body.read(Limit()) == whole
    assert await body.read(Limit()) == whole
    assert await collect(body.chunks(Limit())) == ([whole] if whole else [])


async def test_readers_leave_nothing_behind() -> None:
    """A reader may stop anywhere: it is no generator that somebody would have to close."""
    chunks = body_of(b"a", b"b").chunks(Limit())
    assert await anext(chunks) == b"a"
    assert not hasattr(chunks, "aclose")


async def test_a_reader_that_began_before_goes_on() -> None:
    """What one reader got of the body is not given to it again when another reads the whole."""
    body = body_of(b"", b"a")
    early = body.chunks(Limit())
    assert await body.read(Limit()) == b"a"
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
    source = RewrittenBody(chunks)
    assert (await source.receive())["body"] == b"a"
    await source.close()
    assert chunks.is_closed

    plain = (chunk for chunk in (b"a", b"b"))
    source = RewrittenBody(plain)
    assert (await source.receive())["body"] == b"a"
    await source.close()
    assert next(plain, None) is None


@pytest.mark.parametrize("how", ["read", "chunks"])
async def test_a_body_that_never_came_is_no_empty_body(how: str) -> None:
    """Where bytes were declared and none came, nobody takes that for an empty body."""
    body = body_of(b"", declared=3)
    with pytest.raises(HTTPError, match="none of the 3 bytes") as caught:
        await (body.read(Limit()) if how == "read" else collect(body.chunks(Limit())))
    assert (caught.value.status, caught.value.headers) == (400, {"connection": "close"})
    assert await body_of(b"", declared=0).read(Limit()) == b""
    assert await body_of(b"ab", declared=3).read(Limit()) == b"ab"


async def test_the_rest_is_not_the_whole() -> None:
    """After a part was streamed, `read` says so instead of giving less than the whole."""
    body = body_of(b"a", b"b")
    await anext(body.chunks(Limit()))
    with pytest.raises(RuntimeError, match=r"streamed before.*ctx\.read\(\) before"):
        await body.read(Limit())


async def test_a_declared_length_past_the_limit_is_refused_at_once() -> None:
    """Nothing is read of a body that says it is too long."""
    body = RequestBody(RewrittenBody([b"nobody reads this"]).receive, 11)
    with pytest.raises(HTTPError) as refused:
        await body.read(Limit(10))
    assert refused.value.status == 413
    assert await body.read(Limit()) == b"nobody reads this"


async def test_the_count_of_all_readers_is_limited() -> None:
    """Readers together get no more than the limit, however often they try."""
    body = body_of(b"12345", b"678", b"90", b"1")
    first = body.chunks(Limit(9))
    assert await anext(first) == b"12345"
    assert await anext(body.chunks(Limit(9))) == b"678"
    for _ in range(2):
        with pytest.raises(HTTPError) as refused:
            await collect(body.chunks(Limit(9)))
        assert refused.value.status == 413


async def test_the_limit_itself_is_allowed() -> None:
    """A body of exactly the limit is read; `0` allows an empty one, `-1` anything."""
    assert await body_of(b"12345", declared=5).read(Limit(5)) == b"12345"
    assert await body_of().read(Limit(0)) == b""
    assert await body_of(b"x" * 100).read(Limit(UNLIMITED)) == b"x" * 100


async def test_the_limit_may_be_raised_meanwhile() -> None:
    """The limit counts as it is when a chunk is read."""
    limit = Limit(1)
    chunks = body_of(b"a", b"b").chunks(limit)
    assert await anext(chunks) == b"a"
    limit.max_request_body_size = 2
    assert await anext(chunks) == b"b"


async def test_the_server_is_read_to_the_end_and_no_further() -> None:
    """The last chunk ends the body; what the server says next is not for its readers."""
    inbox = inbox_of(
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request"},
        {"type": "http.disconnect"},
    )
    body = RequestBody(inbox.receive)
    assert [await body.next_chunk(Limit()) for _ in range(4)] == [b"a", b"", None, None]
    assert await inbox.receive() == GONE


async def test_a_client_that_leaves_ends_the_reading() -> None:
    """Half a body is never taken for a whole one."""
    inbox = inbox_of({"type": "http.request", "body": b"a", "more_body": True}, GONE)
    body = RequestBody(inbox.receive)
    with pytest.raises(ClientDisconnected):
        await body.read(Limit())


async def test_rewritten_bodies_are_of_either_kind() -> None:
    """Middleware gives an asynchronous iterator, or anything plain that yields bytes."""

    async def decompressed() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    plain: Iterable[bytes] = [b"a", b"b"]
    for chunks in (decompressed(), plain):
        assert await RequestBody(RewrittenBody(chunks).receive).read(Limit()) == b"ab"


async def test_no_body_is_empty() -> None:
    """What has no body is at its end with the first event."""
    assert await RequestBody(no_body).read(Limit()) == b""
    assert await collect(RequestBody(no_body).chunks(Limit())) == []


async def test_events_for_an_application() -> None:
    """An application gets the chunks, one end, and then the client's leaving."""
    inbox = inbox_of({"type": "http.request", "body": b"left over"}, GONE)
    events = BodyEvents(body_of(b"a", b"b").chunks(Limit()), inbox.receive)
    assert [await events() for _ in range(4)] == [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b", "more_body": True},
        {"type": "http.request", "body": b"", "more_body": False},
        GONE,
    ]


async def test_an_application_learns_that_the_client_left() -> None:
    """Where the client leaves in the midst of the body, the application is told so."""
    inbox = inbox_of({"type": "http.request", "body": b"a", "more_body": True}, GONE)
    events = BodyEvents(RequestBody(inbox.receive).chunks(Limit()), inbox.receive)
    assert (await events())["body"] == b"a"
    assert await events() == GONE
