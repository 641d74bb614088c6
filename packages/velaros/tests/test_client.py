"""Tests of `velaros.client` against real servers: uvicorn, and one that may misbehave."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest

from velaros import (
    CloseSource,
    CloseStatus,
    Context,
    HTTPError,
    RequestTimeout,
    Router,
    SocketClosed,
    UnmarshalError,
    middleware,
)
from velaros.client import ErrorAnswer, HandshakeRefused, connect
from velaros.errors import TooManyRequests
from velaros.mailbox import BURST
from velaros.protobuf.envelope_pb2 import Envelope

from .real_servers import Album, behaving, make_router, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from websockets.asyncio.server import ServerConnection


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """Return the address of a server with a handler for each thing."""
    async with serving(make_router()) as address:
        yield address


class TestAsking:
    """Sending, requests and streams."""

    async def test_requests(self, url: str) -> None:
        """A request gives the answer as the type asked for, and plain without one."""
        async with connect(url) as client:
            assert client.subprotocol == "velaros-json"
            assert await client.request("/album", Album("Blue"), Album) == Album("Blue")
            assert await client.request("/album", {"title": "Blue"}) == {"title": "Blue"}
            answers = [client.request("/album", Album(str(n)), Album) for n in range(50)]
            assert [album.title for album in await asyncio.gather(*answers)] == [
                str(n) for n in range(50)
            ]
            assert client.close_status is None
        assert client.close_status == CloseStatus(1000, "", CloseSource.CLIENT)

    async def test_data_goes_out_as_it_is(self, url: str) -> None:
        """No data is none, None is a null, a text stays one, and metadata is sent along."""
        async with connect(url) as client:
            assert await client.request("/echo") == {"data": "", "meta": {}}
            assert await client.request("/echo", None) == {"data": "null", "meta": {}}
            assert await client.request("/echo", "a", meta={"b": 1}) == {
                "data": '"a"',
                "meta": {"b": 1},
            }

    async def test_errors_are_data_unless_a_type_has_no_place_for_them(self, url: str) -> None:
        """An error answer is returned as it is, but never read as something else."""
        async with connect(url) as client:
            assert await client.request("/nowhere") == {"error": "not found"}
            with pytest.raises(ErrorAnswer, match="as you wish"):
                await client.request("/fail", T=Album)
            with pytest.raises(UnmarshalError):
                await client.request("/album", Album("Blue"), int)

    async def test_requests_time_out(self, url: str) -> None:
        """A request that nobody answers in time says what was asked."""
        async with connect(url) as client:
            with pytest.raises(RequestTimeout, match=r"did not answer '/never' in 0\.01 s"):
                await client.request("/never", timeout=0.01)
            with pytest.raises(RequestTimeout):
                await anext(aiter(client.stream("/never", timeout=0.01)))
            assert await client.request("/fail") == {"error": "as you wish"}

    async def test_cancelled_requests_are_forgotten(self, url: str) -> None:
        """A cancelled request leaves room for another."""
        async with connect(url, max_pending_requests=1) as client:
            waiting = asyncio.create_task(client.request("/never", timeout=None))
            await asyncio.sleep(0)
            with pytest.raises(TooManyRequests):
                await client.request("/fail")
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert await client.request("/fail") == {"error": "as you wish"}

    async def test_a_timeout_of_the_callers_own_stays_one(self, url: str) -> None:
        """A timeout around a request is told apart from that of the request."""
        async with connect(url) as client:
            with pytest.raises(TimeoutError) as failure:
                async with asyncio.timeout(0.01):
                    await client.request("/never")
        assert not isinstance(failure.value, RequestTimeout)

    async def test_streams(self, url: str) -> None:
        """A stream yields typed items; one that breaks off, or never was one, raises."""
        async with connect(url) as client:
            assert [n async for n in client.stream("/count", 3, int)] == [0, 1, 2]
            assert [n async for n in client.stream("/count", 0)] == []
            items = aiter(client.stream("/broken", T=int))
            assert await anext(items) == 1
            with pytest.raises(ErrorAnswer, match="no more"):
                await anext(items)
            with pytest.raises(ErrorAnswer, match="not found"):
                await anext(aiter(client.stream("/nowhere")))

    async def test_streams_can_be_left(self, url: str) -> None:
        """What comes after a stream was left is dropped."""
        async with connect(url) as client:
            async for number in client.stream("/count", 100, int):
                if number == 2:
                    break
            assert [n async for n in client.stream("/count", 2, int)] == [0, 1]

    async def test_notifications(self, url: str) -> None:
        """What the server sends unasked is iterated over, with path, data and metadata."""
        async with connect(url) as client:
            await client.send("/notify", 3)
            numbers: list[Any] = []
            async for message in client:
                assert (message.path, message.id) == ("/news", None)
                assert message.meta == {"n": len(numbers)}
                assert message.unmarshal(dict[str, int]) == message.data
                numbers.append(message.data)
                if len(numbers) == 3:
                    break
            assert numbers == [{"number": n} for n in range(3)]

    async def test_other_codecs(self) -> None:
        """MessagePack and protobuf speak the same."""
        router = make_router()
        router.use(middleware.protobuf())

        @router.bind("/envelope")
        async def envelope(ctx: Context) -> Envelope:
            return await ctx.unmarshal(Envelope)

        async with serving(router) as url:
            async with connect(url, codec="msgpack") as client:
                assert client.subprotocol == "velaros-msgpack"
                assert await client.request("/album", Album("Blue"), Album) == Album("Blue")
            async with connect(url, codec="protobuf") as client:
                answer = await client.request("/envelope", Envelope(path="/x"), Envelope)
                assert answer.path == "/x"
                with pytest.raises(ErrorAnswer, match="not found"):
                    await client.request("/nowhere", T=Envelope)
            async with connect(url, codec=middleware.msgpack()) as client:
                assert client.subprotocol == "velaros-msgpack"


class TestAnswering:
    """What the server asks: answered by a router, or by who iterates."""

    async def test_a_router_answers(self, url: str) -> None:
        """The router's handlers answer, their hooks follow the connection."""
        log: list[Any] = []
        answers = Router()

        @answers.use_upgrade
        async def prepare(ctx: Context) -> None:
            ctx.set_on_socket("name", "Ada")

        @answers.use_open
        async def opened(ctx: Context) -> None:
            log.append((ctx.headers["upgrade"].lower(), ctx.subprotocol, ctx.remote_address))

        @answers.use
        async def note(ctx: Context) -> None:
            await ctx.next()
            log.append(ctx.path)

        @answers.bind("/:what")
        async def question(ctx: Context) -> dict[str, Any]:
            return {"name": ctx.get_from_socket("name"), "asked": await ctx.unmarshal(str)}

        @answers.use_close
        async def closed(ctx: Context) -> None:
            log.append(ctx.close_status)

        async with connect(url, router=answers) as client:
            answer = await client.request("/ask")
            assert answer == {"answer": {"name": "Ada", "asked": "Who?"}}
        address = url.removeprefix("ws://").rstrip("/")
        assert log == [
            ("websocket", "velaros-json", address),
            "/question",
            CloseStatus(1000, "", CloseSource.CLIENT),
        ]

    async def test_a_text_stays_a_text(self, url: str) -> None:
        """A plain text that a client's router answers with is not put into a shape."""
        answers = Router()

        @answers.bind("/question")
        async def question(ctx: Context) -> str:
            return "Ada"

        async with connect(url, router=answers) as client:
            assert await client.request("/ask/text") == {"answer": "Ada"}

    async def test_notifications_pass_the_router_by(self, url: str) -> None:
        """What wants no answer is iterated over, whatever routes there are."""
        answers = Router()

        @answers.bind("/**")
        async def anything(ctx: Context) -> None:
            raise AssertionError("nothing was asked")

        async with connect(url, router=answers) as client:
            await client.send("/notify", 1)
            async for message in client:
                assert message.data == {"number": 0}
                break

    async def test_without_a_router_requests_are_iterated_over(self, url: str) -> None:
        """What the server asks can be answered by hand."""
        async with connect(url) as client:
            asking = asyncio.create_task(client.request("/ask/text"))
            async for message in client:
                assert (message.path, message.data) == ("/question", "Who?")
                await message.reply("Ada")
                break
            assert await asking == {"answer": "Ada"}

    async def test_handlers_can_ask_back(self) -> None:
        """A client's handler can ask the server while it answers it, on a path of its own."""
        router = make_router()
        answers = Router()

        @router.bind("/name")
        async def name(ctx: Context) -> None:
            await ctx.reply(["Ada"])

        @router.bind("/deep")
        async def deep(ctx: Context) -> Any:
            return await ctx.request("Who?", list[str], path="/list")

        @answers.bind("/list")
        async def as_list(ctx: Context) -> Any:
            return await ctx.request(None, list[str], path="/name")

        async with serving(router) as url, connect(url, router=answers) as client:
            assert await client.request("/deep") == ["Ada"]

    async def test_routers_do_not_answer_each_other_for_ever(self) -> None:
        """A message that has an id and no path, and that nobody awaits, is not answered."""
        received: list[str | bytes] = []

        async def stray(websocket: ServerConnection) -> None:
            await websocket.send('{"id":"stray","data":{"error":"not found"}}')
            received.extend([frame async for frame in websocket])

        async with behaving(stray) as url, connect(url, router=Router()) as client:
            async for message in client:
                assert message.id == "stray"
                break
        assert received == []

    async def test_a_refusing_upgrade_hook(self, url: str) -> None:
        """What an upgrade hook of the router raises is raised by entering."""
        answers = Router()

        @answers.use_upgrade
        async def refuse(ctx: Context) -> None:
            raise HTTPError(403, "not like this")

        with pytest.raises(HTTPError, match="not like this"):
            async with connect(url, router=answers):
                pass


class TestConnecting:
    """Handshakes and options."""

    async def test_a_refused_handshake(self) -> None:
        """A refusal is raised with its status, headers and body."""
        router = make_router()

        @router.use_upgrade
        async def guard(ctx: Context) -> None:
            if ctx.headers.get("authorization") != "Bearer secret":
                raise HTTPError(401, "who are you?", headers={"WWW-Authenticate": "Bearer"})

        async with serving(router) as url:
            with pytest.raises(HandshakeRefused) as refusal:
                async with connect(url):
                    pass
            assert (refusal.value.status, refusal.value.body) == (401, b"who are you?")
            assert refusal.value.headers["WWW-Authenticate"] == "Bearer"
            async with connect(url, headers={"Authorization": "Bearer secret"}) as client:
                assert await client.request("/fail") == {"error": "as you wish"}

    async def test_no_server(self) -> None:
        """A server that cannot be reached is an OSError."""
        async with serving(make_router()) as url:
            pass
        with pytest.raises(OSError, match=r".+"):
            async with connect(url):
                pass

    def test_a_missing_extra(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without the library, the error names the extra to install."""
        monkeypatch.setitem(sys.modules, "websockets", None)
        with pytest.raises(ImportError, match=r"velaros\[client\]"):
            connect("ws://localhost/")

    def test_an_unknown_codec(self) -> None:
        """A codec that there is none of is told at once."""
        with pytest.raises(ValueError, match="choose one of json, msgpack, protobuf"):
            connect("ws://localhost/", codec="xml")

    async def test_too_large_messages(self, url: str) -> None:
        """A message past the limit closes the connection with 1009."""
        async with connect(url, max_message_size=100) as client:
            with pytest.raises(SocketClosed, match="1009"):
                await client.request("/album", Album("x" * 200))

    async def test_options_of_the_library(self, url: str) -> None:
        """Further options reach the library."""
        with pytest.raises(ValueError, match="ssl"):
            async with connect(url, ssl=True):
                pass


class TestReading:
    """What comes from servers that misbehave, or are too fast."""

    async def test_unreadable_messages_are_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        """What cannot be read is passed over."""

        async def mumble(websocket: ServerConnection) -> None:
            await websocket.send("?")
            await websocket.send(b"\xff")
            await websocket.send('{"path":"/news","data":1}')
            await websocket.wait_closed()

        async with behaving(mumble) as url, connect(url) as client:
            assert (await anext(aiter(client))).data == 1
        assert [r.message for r in caplog.records if r.levelno == logging.WARNING] != []
        assert all("cannot be read" in record.message for record in caplog.records)

    async def test_late_answers_are_dropped(self) -> None:
        """Second answers, and those to requests that were given up, go nowhere."""
        given_up = asyncio.Event()

        async def answer_twice(websocket: ServerConnection) -> None:
            first = await websocket.recv(decode=True)
            await given_up.wait()
            await websocket.send(first)
            second = await websocket.recv(decode=True)
            await websocket.send(second)
            await websocket.send(second)
            await websocket.send('{"data":"last"}')
            await websocket.wait_closed()

        async with behaving(answer_twice) as url, connect(url) as client:
            with pytest.raises(RequestTimeout):
                await client.request("/x", 1, timeout=0.01)
            given_up.set()
            assert await client.request("/x", 2) == 2
            assert (await anext(aiter(client))).data == "last"

    async def test_what_nobody_iterates_over_is_dropped(
        self, url: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Without an iteration only the newest messages are kept, and that is logged once."""
        async with connect(url, max_waiting_messages=3) as client:
            await client.send("/notify", 10)
            assert await client.request("/fail") == {"error": "as you wish"}
            numbers: list[int] = []
            async for message in client:
                numbers.append(message.data["number"])
                if len(numbers) == 3:
                    break
        assert numbers == [7, 8, 9]
        assert [r.message for r in caplog.records if r.name == "velaros"] == [
            "over 3 messages came unasked and nobody iterates over the client: the oldest are "
            "dropped"
        ]

    async def test_reading_pauses_for_slow_readers(self, url: str) -> None:
        """Nothing is lost of what an iteration or a stream has not taken yet."""
        async with connect(url, max_waiting_messages=3) as client:
            listener = aiter(client)
            await client.send("/notify", 200)
            numbers = [(await anext(listener)).data["number"]]
            numbers += [(await anext(listener)).data["number"] for _ in range(199)]
            assert numbers == list(range(200))
            items: list[int] = []
            async for number in client.stream("/count", 40, int):
                await asyncio.sleep(0)
                items.append(number)
            assert items == list(range(40))

    async def test_answers_come_through_full_mailboxes(self, url: str) -> None:
        """While a request waits, reading goes on, however much waits to be taken."""
        async with connect(url, max_waiting_messages=3) as client:
            items = aiter(client.stream("/count", 3 * BURST - 5, int))
            assert await anext(items) == 0
            assert await client.request("/fail") == {"error": "as you wish"}
            assert len([number async for number in items]) == 3 * BURST - 6

    async def test_a_flood_is_given_up(self) -> None:
        """What would fill the memory closes the connection instead."""

        async def flood(websocket: ServerConnection) -> None:
            asked = await websocket.recv(decode=True)
            while True:
                await websocket.send(asked)
                await asyncio.sleep(0)

        async with behaving(flood) as url, connect(url, max_waiting_messages=3) as client:
            items = aiter(client.stream("/flood"))
            await anext(items)
            with pytest.raises(SocketClosed, match="this client closed the connection with 1008"):
                await client.request("/never", timeout=None)

    async def test_a_busy_router_slows_the_server_down(self) -> None:
        """What the router cannot take yet waits in the network, and comes through."""
        asked_first, go_on = asyncio.Event(), asyncio.Event()
        answers = Router(max_concurrent_messages=1, max_waiting_messages=1)

        @answers.bind("/question")
        async def question(ctx: Context) -> Any:
            asked_first.set()
            await go_on.wait()
            return await ctx.unmarshal()

        router = make_router()

        heard: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()

        @router.bind("/many")
        async def many(ctx: Context) -> None:
            asked = [ctx.request(n, int, path="/question") for n in range(100)]
            heard.set_result(await asyncio.gather(*asked))

        async with (
            serving(router) as url,
            connect(url, router=answers, max_waiting_messages=3) as client,
        ):
            await client.send("/many")
            await asked_first.wait()
            go_on.set()
            assert await heard == list(range(100))
