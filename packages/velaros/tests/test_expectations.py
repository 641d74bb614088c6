"""What a test expects, and what it is told when something else happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from velaros import CloseSource, CloseStatus, Context
from velaros.testing import Client, ExpectationFailed, ExpectationTimedOut

from .answering_router import make_router

if TYPE_CHECKING:
    from aros_core.asgi.types import Receive, Scope, Send


async def test_says_what_was_awaited_and_what_came() -> None:
    """The error names the expectation and lists everything that nobody took."""
    async with Client(make_router()).connect() as socket:
        await socket.push("/push", id="p1")
        await socket.push("/ask")
        with pytest.raises(ExpectationTimedOut) as failure:
            await socket.expect_push("/three", timeout=0.02)
    lines = str(failure.value).splitlines()
    assert lines[0] == ("expected a push at '/three' within 0.02 s, but this came instead:")
    assert lines[1:4] == [
        "  - a push at '/one': {'message': 'first'}",
        "  - a push at '/two': {'message': 'second'}",
        "  - a reply to 'p1': {'message': 'third'}",
    ]
    assert lines[4].startswith("  - a request at '/question' with id ")
    assert isinstance(failure.value, AssertionError)
    assert isinstance(failure.value, TimeoutError)


async def test_says_that_nothing_came() -> None:
    """Where nothing came, the error says so."""
    async with Client(make_router()).connect() as socket:
        with pytest.raises(ExpectationTimedOut) as failure:
            await socket.expect_reply("x", timeout=0.01)
        assert str(failure.value) == "expected a reply to 'x' within 0.01 s, but nothing came"
        with pytest.raises(ExpectationTimedOut, match="expected a request within"):
            await socket.expect_request(timeout=0)
        with pytest.raises(ExpectationTimedOut, match="expected a close within"):
            await socket.expect_close(timeout=0)
        with pytest.raises(ExpectationTimedOut, match="expected a frame within"):
            await socket.receive_raw(timeout=0)
        with pytest.raises(ExpectationTimedOut, match="expected an answer from '/sum' within"):
            await socket.request("/sum", 1, timeout=0.01)
        with pytest.raises(ExpectationTimedOut, match="the next item or the end of the stream"):
            await anext(aiter(socket.stream("/sum", 1, timeout=0.01)))


async def test_a_close_is_not_waited_through() -> None:
    """When the socket is closed instead, that is said at once."""
    async with Client(make_router()).connect() as socket:
        with pytest.raises(ExpectationFailed) as failure:
            await socket.request("/close", timeout=60)
        assert str(failure.value) == (
            "expected an answer from '/close', but this came instead:\n"
            "  - a push: {'message': 'goodbye'}\n"
            "  - a close by the server: 4001 'as you wish'"
        )


async def test_expect_nothing_fails_when_something_comes() -> None:
    """Anything that comes, or came before, or the close, is something."""
    async with Client(make_router()).connect() as socket:
        await socket.push("/close")
        with pytest.raises(ExpectationFailed, match="expected nothing, but this came"):
            await socket.expect_nothing()
        with pytest.raises(ExpectationFailed, match="a push"):
            await socket.expect_nothing()
        assert await socket.expect_push() == {"message": "goodbye"}
        with pytest.raises(ExpectationFailed, match="a close by the server: 4001"):
            await socket.expect_nothing()


async def test_unreadable_frames_are_told() -> None:
    """A frame that the codec cannot read is named as such, and the end of a stream as that."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "?"})
        await send({"type": "websocket.send", "text": '{"id":1,"end":true}'})
        await receive()

    async with Client(app).connect() as socket:
        with pytest.raises(ExpectationTimedOut) as failure:
            await socket.expect_push(timeout=0.01)
    assert "a frame that cannot be read: '?' (" in str(failure.value)
    assert "a request with id 1, the last of a stream: None" in str(failure.value)


async def test_expectations_after_the_client_left() -> None:
    """After a close of its own the test can wait for the end, and for nothing else."""
    router, ended = make_router(), list[bool]()

    @router.use_close
    async def note(ctx: Context) -> None:
        ended.append(True)

    async with Client(router).connect() as socket:
        await socket.close(4002, "bye")
        await socket.expect_nothing(0)
        with pytest.raises(ExpectationFailed, match="a close by the client: 4002 'bye'"):
            await socket.expect_push()
        assert await socket.expect_close() == CloseStatus(4002, "bye", CloseSource.CLIENT)
        assert ended == [True]


async def test_timeouts_of_the_application_are_its_own() -> None:
    """A TimeoutError that the application raised is no unmet expectation."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        raise TimeoutError("its own")

    async with Client(app).connect() as socket:
        await socket.push("/x")
        with pytest.raises(TimeoutError, match="its own") as failure:
            await socket.expect_push()
    assert not isinstance(failure.value, ExpectationFailed)
    async with Client(app).connect() as socket:
        await socket.push("/x")
        with pytest.raises(TimeoutError, match="its own"):
            await socket.expect_nothing()
