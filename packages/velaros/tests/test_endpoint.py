"""The end of a client's connection: who closes, who hears of it, and what is left behind."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aros_core.codecs import JsonCodec
from velaros import CloseSource, CloseStatus, ConnectionEnded, Context, Router, SocketClosed
from velaros.client import Client, connect
from velaros.reception import Reception
from velaros.transports.websockets import WebSocketConnection

from .real_servers import behaving, make_router, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from websockets.asyncio.server import ServerConnection

    from aros_core.codecs import InboundMessage, MessageType


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """Return the address of a server with a handler for each thing."""
    async with serving(make_router()) as address:
        yield address


async def send_for_ever(client: Client) -> None:
    """Send until that raises."""
    while True:
        await client.send("/x", "x" * 1000)


class TestEnding:
    """Who closes, and what is raised then."""

    async def test_the_server_closes(self, url: str) -> None:
        """Whoever waits, or sends later, hears how the server closed."""
        status = CloseStatus(4001, "as you wish", CloseSource.SERVER)
        async with connect(url) as client:
            with pytest.raises(SocketClosed, match="the server closed the connection with 4001"):
                await client.request("/close", timeout=None)
            assert client.close_status == status
            assert [message async for message in client] == []
            with pytest.raises(SocketClosed) as failure:
                await client.send("/echo")
            assert failure.value.close_status == status
            with pytest.raises(SocketClosed):
                await anext(aiter(client.stream("/count", 1)))

    async def test_the_client_closes(self, url: str) -> None:
        """The first close wins, and later calls raise."""
        async with connect(url) as client:
            waiting = asyncio.create_task(client.request("/never"))
            await asyncio.sleep(0)
            await client.close(4002, "bye")
            await client.close(4003, "too late")
            with pytest.raises(SocketClosed, match="this client closed the connection with 4002"):
                await waiting
        assert client.close_status == CloseStatus(4002, "bye", CloseSource.CLIENT)

    async def test_what_cannot_be_a_close_is_refused(self, url: str) -> None:
        """A status that no close frame can carry is a ValueError."""
        async with connect(url) as client:
            with pytest.raises(ValueError, match="1006"):
                await client.close(1006)

    async def test_the_router_says_goodbye(self) -> None:
        """Close hooks of the client's router can send before its close frame goes out."""
        heard: list[Any] = []
        router, answers = make_router(), Router()

        @router.bind("/goodbye")
        async def goodbye(ctx: Context) -> None:
            heard.append(await ctx.unmarshal())

        @router.use_close
        async def ended(ctx: Context) -> None:
            heard.append(ctx.close_status)

        @answers.use_close
        async def leave(ctx: Context) -> None:
            await ctx.send("so long", path="/goodbye")

        async with serving(router) as url, connect(url, router=answers):
            pass
        assert heard == ["so long", CloseStatus(1000, "", CloseSource.CLIENT)]

    async def test_handlers_can_close(self, url: str) -> None:
        """A handler of the router closes without waiting for itself."""
        answers = Router()

        async with connect(url, router=answers) as client:

            @answers.bind("/question")
            async def question(ctx: Context) -> None:
                await client.close(4002, "enough")

            with pytest.raises(SocketClosed, match="4002: enough"):
                await client.request("/ask")

    async def test_a_lost_connection(self) -> None:
        """A connection that ends without a close frame is told as lost."""

        async def drop(websocket: ServerConnection) -> None:
            await websocket.recv()
            websocket.transport.abort()

        async with behaving(drop) as url, connect(url) as client:
            with pytest.raises(SocketClosed, match="was lost") as failure:
                await client.request("/x")
            assert failure.value.close_status == CloseStatus(1006, "", CloseSource.SERVER)
            with pytest.raises(SocketClosed, match="was lost"):
                await anext(aiter(client))

    async def test_sending_meets_the_end(self) -> None:
        """A send that is under way when the connection ends says how it ended."""

        async def close(websocket: ServerConnection) -> None:
            await websocket.close(4005, "full")

        async def send_for_ever(client: Client) -> None:
            while True:
                await client.send("/x")

        async with behaving(close) as url, connect(url) as client:
            with pytest.raises(SocketClosed) as failure:
                await send_for_ever(client)
            assert failure.value.close_status == CloseStatus(4005, "full", CloseSource.SERVER)

    async def test_the_router_hears_how_it_ended(self) -> None:
        """Close hooks see the server's close, and what they send raises."""
        log: list[Any] = []
        answers = Router()

        @answers.use_close
        async def closed(ctx: Context) -> None:
            log.append(ctx.close_status)
            with pytest.raises(SocketClosed):
                await ctx.send("too late")

        async def close(websocket: ServerConnection) -> None:
            await websocket.recv()
            await websocket.close(4005, "full")

        async with behaving(close) as url, connect(url, router=answers) as client:
            with pytest.raises(SocketClosed, match="4005"):
                await client.request("/x")
        assert log == [CloseStatus(4005, "full", CloseSource.SERVER)]

    async def test_the_router_hears_the_end_from_the_server(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Leaving after a failed send does not hide the end that the reader has yet to see."""
        log: list[Any] = []
        answers = Router()

        @answers.use_close
        async def closed(ctx: Context) -> None:
            log.append(ctx.close_status)

        leaving = asyncio.Event()
        receive, begin_end = WebSocketConnection.receive, Reception.begin_end

        async def receive_late(connection: WebSocketConnection) -> str | bytes:
            try:
                return await receive(connection)
            except ConnectionEnded:
                await leaving.wait()
                raise

        def begin_end_and_tell(reception: Reception) -> None:
            begin_end(reception)
            leaving.set()

        monkeypatch.setattr(WebSocketConnection, "receive", receive_late)
        monkeypatch.setattr(Reception, "begin_end", begin_end_and_tell)

        async def close(websocket: ServerConnection) -> None:
            await websocket.close(4005, "full")

        async with behaving(close) as url, connect(url, router=answers) as client:
            with pytest.raises(SocketClosed, match="4005"):
                await send_for_ever(client)
        assert log == [CloseStatus(4005, "full", CloseSource.SERVER)]

    async def test_leaving_stops_handlers(self, url: str) -> None:
        """Handlers of the client's router are cancelled when the block is left."""
        log: list[str] = []
        asked = asyncio.Event()
        answers = Router()

        @answers.bind("/question")
        async def question(ctx: Context) -> None:
            asked.set()
            try:
                await asyncio.Event().wait()
            finally:
                log.append("cleaned up")

        async with connect(url, router=answers) as client:
            await client.send("/ask")
            await asked.wait()
        assert log == ["cleaned up"]

    async def test_leaving_under_cancellation(self, url: str) -> None:
        """A block that is cancelled twice still leaves nothing behind."""
        entered = asyncio.Event()

        async def use() -> None:
            async with connect(url):
                entered.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(use())
        await entered.wait()
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_errors_of_the_block_pass(self, url: str) -> None:
        """An error of the caller's own leaves the block as it is."""
        with pytest.raises(LookupError, match="mine"):
            async with connect(url):
                raise LookupError("mine")

    async def test_a_codec_that_breaks(self) -> None:
        """An error of reading ends the connection, and is raised by leaving the block."""

        class Broken(JsonCodec):
            def decode_message(self, raw: str | bytes, message_type: MessageType) -> InboundMessage:
                raise LookupError("broken codec")

        causes: list[BaseException | None] = []

        async def use(url: str) -> None:
            async with connect(url, codec=Broken()) as client:
                with pytest.raises(SocketClosed) as failure:
                    await client.request("/fail")
                causes.append(failure.value.__cause__)

        async with serving(make_router()) as url:
            with pytest.raises(LookupError, match="broken codec") as failure:
                await use(url)
        assert causes == [failure.value]
