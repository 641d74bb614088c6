"""Requests and their answers, messages and those that follow them."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import pytest

from velaros import Context, RequestTimeout, Router, SocketClosed, UnmarshalError
from velaros.errors import TooManyRequests

from .helpers import Clock, Closed, Peer, json_router, settle, soon

if TYPE_CHECKING:
    from aros_core.codecs import OutboundMessage


def asking_router(**options: Any) -> Router:
    """Return a router whose handler asks what it is told to ask."""
    router = json_router(**options)

    @router.bind("/ask")
    async def _(ctx: Context) -> Any:
        return await ctx.request("?", Any, path=await ctx.unmarshal(str) or None)

    return router


def holding_up(router: Router) -> asyncio.Event:
    """Have middleware hold messages with the payload 1 up, until the event is set."""
    go = asyncio.Event()

    @router.use
    async def _(ctx: Context) -> None:
        if ctx.data == b"1":
            await go.wait()
        await ctx.next()

    return go


class TestRequests:
    """The server asks, the client answers."""

    async def test_carries_a_fresh_id_and_the_current_path(self) -> None:
        """The client knows what is asked, and no id comes twice."""
        router = json_router()

        @router.bind("/users/:id")
        async def _(ctx: Context) -> None:
            await ctx.request({"q": 1}, meta={"m": 1})
            await ctx.request("text", path="/other")

        async with Peer(router) as peer:
            peer.push("/users/7")
            first = await peer.message()
            assert first == {
                "id": first["id"],
                "path": "/users/7",
                "data": {"q": 1},
                "meta": {"m": 1},
            }
            peer.push(id=first["id"])
            second = await peer.message()
            assert second == {"id": second["id"], "path": "/other", "data": "text"}
            assert first["id"] != second["id"]
            assert all(len(message["id"].split("-")[1]) == 16 for message in (first, second))

    async def test_returns_the_payloads_bytes_or_a_typed_value(self) -> None:
        """Without a type the answer is bytes, with one it is validated."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            assert await ctx.request(1) == b'{"a": 1}'
            assert await ctx.request(2, dict[str, int]) == {"a": 1}
            with pytest.raises(UnmarshalError):
                await ctx.request(3, int)
            assert await ctx.request(4) == b""
            await ctx.reply("done")

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            for _round in range(3):
                peer.push(id=(await peer.message())["id"], data={"a": 1})
            peer.push(id=(await peer.message())["id"])
            assert (await peer.message())["data"] == {"message": "done"}

    @pytest.mark.parametrize("path", [None, "/ask", "/anything", "no slash"])
    async def test_the_id_makes_the_answer_whatever_the_path(self, path: str | None) -> None:
        """An answer is never routed, and needs no path."""
        router = asking_router()
        routed: list[str] = []
        router.bind("/anything", lambda ctx: routed.append(ctx.path))
        async with Peer(router) as peer:
            peer.push("/ask", "", id=1)
            peer.push(path, "answer", id=(await peer.message())["id"])
            assert (await peer.message())["data"] == {"message": "answer"}
        assert routed == []

    async def test_thousands_of_answers_in_any_order_reach_their_waiters(self) -> None:
        """Answers that reach the wrong waiter: each gets its own, backwards and across."""
        router = json_router(max_concurrent_messages=2000, max_pending_requests=2000)

        @router.bind("/x/:n")
        async def _(ctx: Context) -> bool:
            return await ctx.request(ctx.params["n"], str) == f"answer {ctx.params['n']}"

        async with Peer(router) as peer:
            for number in range(2000):
                peer.push(f"/x/{number}", id=number)
            questions = await peer.messages(2000)
            for question in reversed(questions[::2] + questions[1::2]):
                peer.push(id=question["id"], data=f"answer {question['data']}")
            assert all(reply["data"] is True for reply in await peer.messages(2000))

    async def test_many_requests_of_one_handler_at_once(self) -> None:
        """A handler may ask several things together."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> list[int]:
            return list(await asyncio.gather(*(ctx.request(n, int) for n in range(100))))

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            for question in reversed(await peer.messages(100)):
                peer.push(id=question["id"], data=question["data"] * 2)
            assert (await peer.message())["data"] == [n * 2 for n in range(100)]

    async def test_answers_never_cross_sockets(self) -> None:
        """Another client cannot answer: to it the id is one like any other."""
        router = asking_router()
        router.bind("/**", lambda ctx: "routed")
        async with Peer(router) as one, Peer(router) as two:
            one.push("/ask", "", id=1)
            question = await one.message()
            two.push("/x", "forged", id=question["id"])
            assert (await two.message())["data"] == {"message": "routed"}
            await one.nothing()
            one.push(id=question["id"], data="true")
            assert (await one.message())["data"] == {"message": "true"}

    async def test_times_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """After 5 s, or the time that was given, RequestTimeout says what was asked."""
        clock = Clock(monkeypatch)
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> str:
            with pytest.raises(RequestTimeout, match="did not answer the request '/x' in 5 s"):
                await ctx.request(1)
            with pytest.raises(TimeoutError, match=r"in 0\.5 s"):
                await ctx.request(2, timeout=0.5)
            return "done"

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            await peer.message()
            await clock.advance(4.9)
            await peer.nothing()
            await clock.advance(0.2)
            await peer.message()
            await clock.advance(0.6)
            assert (await peer.message())["data"] == {"message": "done"}

    async def test_the_routers_timeout_is_the_default(self) -> None:
        """`request_timeout` sets it for all requests; open handlers ask for no path."""
        router = json_router(request_timeout=0.001)
        errors: list[str] = []

        @router.use_open
        async def _(ctx: Context) -> None:
            with pytest.raises(RequestTimeout) as raised:
                await ctx.request(1)
            errors.append(str(raised.value))

        async with Peer(router) as peer:
            assert "path" not in await peer.message()
            while not errors:
                await asyncio.sleep(0)
        assert errors == ["the client did not answer the request in 0.001 s"]

    async def test_none_waits_as_long_as_the_socket_lives(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A day later the answer is still welcome."""
        clock = Clock(monkeypatch)
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> int:
            return await ctx.request(1, int, timeout=None)

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            question = await peer.message()
            await clock.advance(86_400)
            peer.push(id=question["id"], data=1)
            assert await peer.message() == {"id": 1, "data": 1}

    async def test_late_and_second_answers_are_dropped(self) -> None:
        """Replies after the timeout routed to `/**`: they are nobody's, and never routed."""
        router = json_router()
        routed: list[str] = []

        @router.bind("/x")
        async def _(ctx: Context) -> int:
            with pytest.raises(RequestTimeout):
                await ctx.request(1, timeout=0.001)
            return await ctx.request(2, int)

        @router.bind("/**")
        async def _(ctx: Context) -> None:
            routed.append(ctx.path)

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            late, question = await peer.messages(2)
            peer.push("/late", "late", id=late["id"])
            peer.push("/answer", 1, id=question["id"])
            peer.push("/second", 2, id=question["id"])
            assert await peer.message() == {"id": 1, "data": 1}
            await peer.nothing()
        assert routed == []

    async def test_cancelling_forgets_the_request(self) -> None:
        """What is no longer awaited takes no place, and its answer is dropped."""
        router = json_router(max_pending_requests=1)

        @router.bind("/x")
        async def _(ctx: Context) -> int:
            first = asyncio.create_task(ctx.request(1))
            await asyncio.sleep(0)
            first.cancel()
            await asyncio.wait([first])
            return await ctx.request(2, int)

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            cancelled, question = await peer.messages(2)
            peer.push(id=cancelled["id"], data=1)
            peer.push(id=question["id"], data=2)
            assert await peer.message() == {"id": 1, "data": 2}

    async def test_an_answer_that_meets_a_cancellation_is_dropped(self) -> None:
        """A waiter that is being cancelled as its answer comes troubles nobody."""
        router = json_router()
        asking: list[asyncio.Task[bytes]] = []

        @router.bind("/x")
        async def _(ctx: Context) -> str:
            task = asyncio.create_task(ctx.request(1))
            asking.append(task)
            await asyncio.wait([task])
            return "cancelled" if task.cancelled() else "answered"

        @router.use
        async def _(ctx: Context) -> None:
            await ctx.next()

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            question = await peer.message()
            peer.push(id=question["id"])
            asking[0].cancel()
            assert (await peer.message())["data"] == {"message": "cancelled"}
            await peer.nothing()

    @pytest.mark.parametrize("limit", [1, 3])
    async def test_past_the_limit_raises_at_once(self, limit: int) -> None:
        """As many as the limit wait; one more raises, and answers make place."""
        router = json_router(max_pending_requests=limit)

        @router.bind("/x")
        async def _(ctx: Context) -> str:
            requests = [asyncio.create_task(ctx.request(n)) for n in range(limit)]
            await asyncio.sleep(0)
            with pytest.raises(TooManyRequests, match="raise max_pending_requests, or await"):
                await ctx.request("too many")
            await asyncio.gather(*requests)
            await ctx.request("fine")
            return "done"

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            for question in await peer.messages(limit):
                peer.push(id=question["id"])
            fine = await peer.message()
            assert fine["data"] == "fine"
            peer.push(id=fine["id"])
            assert (await peer.message())["data"] == {"message": "done"}

    async def test_works_in_open_handlers(self) -> None:
        """Answers get through while messages still wait for the hooks."""
        router = json_router()

        @router.use_open
        async def _(ctx: Context) -> None:
            ctx.set_on_socket("user", await ctx.request("who?", str, path="/who"))

        router.bind("/x", lambda ctx: ctx.get_from_socket("user"))
        async with Peer(router) as peer:
            peer.push("/x", id=1)
            question = await peer.message()
            assert question["path"] == "/who"
            peer.push(id=question["id"], data="ada")
            assert await peer.message() == {"id": 1, "data": {"message": "ada"}}

    async def test_works_while_all_other_handlers_are_busy(self) -> None:
        """The only slot is the asking handler's own."""
        router = asking_router(max_concurrent_messages=1)
        async with Peer(router) as peer:
            peer.push("/ask", "", id=1)
            peer.push("/ask", "", id=2)
            for number in (1, 2):
                peer.push(id=(await peer.message())["id"], data=number)
                assert await peer.message() == {"id": number, "data": number}

    async def test_works_from_plain_functions(self) -> None:
        """A handler in a thread asks by `ctx.wait`."""
        router = json_router()

        @router.bind("/x")
        def _(ctx: Context) -> int:
            return ctx.wait(ctx.request(1, int))

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            peer.push(id=(await peer.message())["id"], data=5)
            assert await peer.message() == {"id": 1, "data": 5}

    @pytest.mark.parametrize("end", ["client", "server", "lost"])
    async def test_ends_with_the_socket(self, end: str) -> None:
        """Waiting requests raise SocketClosed after every kind of end."""
        router = json_router()
        outcomes: list[str] = []

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            try:
                await ctx.request(1, timeout=None)
            except SocketClosed:
                outcomes.append("closed")
                raise

        @router.bind("/close")
        async def _(ctx: Context) -> None:
            await ctx.close()
            with pytest.raises(SocketClosed):
                await ctx.request(1)
            outcomes.append("closer")

        async with Peer(router) as peer:
            peer.push("/x")
            await peer.message()
            if end == "server":
                peer.push("/close")
                assert await peer.closed() == Closed(1000)
            elif end == "client":
                peer.leave()
            else:
                peer.connection.incoming.put_nowait(ConnectionResetError())
            await peer.ended()
        assert sorted(outcomes) == (["closed", "closer"] if end == "server" else ["closed"])

    async def test_a_payload_that_cannot_be_sent_is_an_error_at_once(self) -> None:
        """Nothing waits for an answer to what never went out."""
        router = json_router(max_pending_requests=1)

        @router.bind("/x")
        async def _(ctx: Context) -> int:
            for _ in range(3):
                with pytest.raises(TypeError):
                    await ctx.request(object())
            return await ctx.request(1, int)

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            peer.push(id=(await peer.message())["id"], data=1)
            assert await peer.message() == {"id": 1, "data": 1}

    async def test_a_timeout_around_a_request_is_the_callers_own(self) -> None:
        """Only the request's own time makes a RequestTimeout."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> str:
            with pytest.raises(TimeoutError) as raised:
                async with asyncio.timeout(0.001):
                    await ctx.request(1, timeout=None)
            return type(raised.value).__name__

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            await peer.message()
            assert (await peer.message())["data"] == {"message": "TimeoutError"}

    async def test_a_timeout_of_the_encoding_is_its_own(self) -> None:
        """What a marshaller raises is not taken for the client's silence."""
        router = json_router()

        def marshal(message: OutboundMessage) -> bytes:
            raise TimeoutError("of the marshaller")

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            ctx.set_message_marshaller(marshal)
            with pytest.raises(TimeoutError, match="of the marshaller") as raised:
                await ctx.request(1)
            assert not isinstance(raised.value, RequestTimeout)
            ctx.set_message_marshaller(lambda message: b"done")
            await ctx.reply(1)

        async with Peer(router) as peer:
            peer.push("/x", id=1)
            assert await peer.frame() == "done"

    async def test_a_time_that_passes_while_sending_is_a_request_timeout(self) -> None:
        """The client's reading is part of the time it has."""
        router = json_router()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            with pytest.raises(RequestTimeout):
                await ctx.request(1, timeout=0.001)
            ctx.set_on_socket("done", True)

        async with Peer(router) as peer:
            peer.connection.gate.clear()
            peer.push("/x", id=1)
            await settle()
            await asyncio.sleep(0.01)
            await settle()
            peer.connection.gate.set()
            await peer.nothing()


class TestConversations:
    """One handler and all messages under its id."""

    async def test_receives_its_own_payload_and_then_later_ones(self) -> None:
        """Follow-ups need no path, and each becomes the type that is asked for."""
        router = json_router()

        @router.bind("/talk")
        async def _(ctx: Context) -> list[Any]:
            said = [await ctx.receive(str), await ctx.receive(int), await ctx.receive()]
            return [*said, await ctx.unmarshal(str)]

        async with Peer(router) as peer:
            peer.push("/talk", "hello", id="x")
            await settle()
            peer.push(data=5, id="x")
            peer.push("/elsewhere", {"a": 1}, id="x")
            assert await peer.message() == {"id": "x", "data": ["hello", 5, {"a": 1}, "hello"]}

    async def test_follow_ups_wait_for_the_handler(self) -> None:
        """What comes before it is received is kept, in order."""
        router = json_router()
        go = asyncio.Event()

        @router.bind("/talk")
        async def _(ctx: Context) -> list[int]:
            await go.wait()
            return [await ctx.receive(int) for _ in range(50)]

        async with Peer(router) as peer:
            for number in range(50):
                peer.push("/talk", number, id=1)
            await settle()
            go.set()
            assert await peer.message() == {"id": 1, "data": list(range(50))}

    async def test_text_and_number_are_different_ids(self) -> None:
        """The ids "1" and 1 belong to two conversations."""
        router = json_router()

        @router.bind("/talk")
        async def _(ctx: Context) -> Any:
            await ctx.receive()
            return await ctx.receive()

        async with Peer(router) as peer:
            peer.push("/talk", id=1, data=0)
            peer.push("/talk", id="1", data=0)
            peer.push(id="1", data="text")
            peer.push(id=1, data=2)
            replies = await peer.messages(2)
            assert {"id": "1", "data": {"message": "text"}} in replies
            assert {"id": 1, "data": 2} in replies

    async def test_without_an_id_a_second_receive_raises_at_once(self) -> None:
        """There can be no follow-up, so nobody waits for one."""
        router = json_router()
        errors: list[str] = []

        @router.bind("/talk")
        async def _(ctx: Context) -> None:
            assert await ctx.receive(int) == 1
            with pytest.raises(RuntimeError) as raised:
                await ctx.receive(int)
            errors.append(str(raised.value))

        async with Peer(router) as peer:
            peer.push("/talk", 1)
            await settle()
        assert errors[0].startswith("a message without an id begins no conversation")

    async def test_an_own_payload_that_is_missing_raises(self) -> None:
        """The first receive is the message's own payload, which has to be there."""
        router = json_router()

        @router.bind("/talk")
        async def _(ctx: Context) -> Any:
            with pytest.raises(UnmarshalError):
                await ctx.receive()
            return await ctx.receive()

        async with Peer(router) as peer:
            peer.push("/talk", id=1)
            peer.push(id=1, data="next")
            assert (await peer.message())["data"] == {"message": "next"}

    async def test_what_follows_after_the_end_starts_a_handler_of_its_own(self) -> None:
        """A waiting message is handled by its own path when the first has ended."""
        router = json_router(max_concurrent_messages=1)
        go = asyncio.Event()
        log: list[str] = []

        @router.bind("/:name")
        async def _(ctx: Context) -> str:
            log.append(f"start {ctx.params['name']}")
            await go.wait()
            log.append(f"end {ctx.params['name']}")
            return ctx.params["name"]

        async with Peer(router) as peer:
            for name in ("one", "two", "three"):
                peer.push(f"/{name}", id=1)
            peer.push(id=1)
            await settle()
            assert log == ["start one"]
            go.set()
            replies = [message["data"] for message in await peer.messages(4)]
            assert replies[:3] == [{"message": name} for name in ("one", "two", "three")]
            assert replies[3] == {"error": "not found"}
        assert log == [f"{step} {n}" for n in ("one", "two", "three") for step in ("start", "end")]

    async def test_many_successors_do_not_recurse(self) -> None:
        """Thousands of messages of one id, handled one after another, need no deep stack."""
        router = json_router(max_waiting_messages=5000)
        count = 0
        go = asyncio.Event()

        @router.bind("/x")
        async def _(ctx: Context) -> None:
            nonlocal count
            count += 1
            if count == 1:
                await go.wait()

        number = 3 * sys.getrecursionlimit()
        async with Peer(router) as peer:
            for _round in range(number):
                peer.push("/x", id=1)
            while peer.connection.incoming.qsize():
                await asyncio.sleep(0)
            await settle()
            assert count == 1
            go.set()
            while count < number:
                await asyncio.sleep(0)

    async def test_a_follow_up_uses_the_slot_of_its_conversation(self) -> None:
        """With one slot a conversation goes on, and what waits for it takes none."""
        router = json_router(max_concurrent_messages=1)

        @router.bind("/talk")
        async def _(ctx: Context) -> list[int]:
            return [await ctx.receive(int) for _ in range(3)]

        async with Peer(router) as peer:
            peer.push("/talk", 0, id=1)
            peer.push("/talk", 10, id=2)
            for number in (1, 2):
                peer.push(id=1, data=number)
            assert await peer.message() == {"id": 1, "data": [0, 1, 2]}
            for number in (11, 12):
                peer.push(id=2, data=number)
            assert await peer.message() == {"id": 2, "data": [10, 11, 12]}

    async def test_follow_ups_can_wait_for_a_message_that_waits_itself(self) -> None:
        """The conversation begins when its first message comes, not when it starts."""
        router = json_router(max_concurrent_messages=1)
        go = asyncio.Event()

        @router.bind("/block")
        async def _(ctx: Context) -> None:
            await go.wait()

        @router.bind("/talk")
        async def _(ctx: Context) -> list[int]:
            return [await ctx.receive(int), await ctx.receive(int)]

        async with Peer(router) as peer:
            peer.push("/block")
            peer.push("/talk", 1, id=1)
            peer.push(id=1, data=2)
            await settle()
            go.set()
            assert await peer.message() == {"id": 1, "data": [1, 2]}

    async def test_what_has_no_place_to_wait_is_refused(self) -> None:
        """While somebody waits for the client, a follow-up past the limit gets "busy"."""
        router = json_router(max_waiting_messages=2)

        @router.bind("/talk")
        async def _(ctx: Context) -> list[int]:
            said = [await ctx.receive(int)]
            await ctx.request("?", timeout=None)
            return [*said, await ctx.receive(int), await ctx.receive(int)]

        async with Peer(router) as peer:
            peer.push("/talk", 0, id=1)
            question = await peer.message()
            for number in (1, 2, 3):
                peer.push(id=1, data=number)
            assert await peer.message() == {"id": 1, "data": {"error": "busy"}}
            peer.push(id=question["id"])
            assert await peer.message() == {"id": 1, "data": [0, 1, 2]}

    async def test_a_timeout_loses_nothing(self) -> None:
        """What comes after a timed out receive is there for the next."""
        router = json_router()

        @router.bind("/talk")
        async def _(ctx: Context) -> list[int]:
            await ctx.receive()
            with pytest.raises(TimeoutError):
                await ctx.receive(timeout=0.001)
            await ctx.send("timed out")
            return [await ctx.receive(int, timeout=1), await ctx.receive(int)]

        async with Peer(router) as peer:
            peer.push("/talk", 0, id=1)
            await peer.message()
            peer.push(id=1, data=1)
            peer.push(id=1, data=2)
            assert (await peer.message())["data"] == [1, 2]

    async def test_a_message_that_meets_the_timeout_is_put_back(self) -> None:
        """A receive that is cancelled as its message comes leaves it to the next."""
        router = json_router()
        receiving: list[asyncio.Task[Any]] = []

        @router.bind("/talk")
        async def _(ctx: Context) -> list[int]:
            await ctx.receive()
            task = asyncio.create_task(ctx.receive(int))
            receiving.append(task)
            await asyncio.wait([task])
            assert task.cancelled()
            return [await ctx.receive(int), await ctx.receive(int)]

        async with Peer(router) as peer:
            peer.push("/talk", 0, id=1)
            await settle()
            (session,) = list(router._sessions)  # pyright: ignore[reportPrivateUsage]
            session.dispatcher.take('{"id":1,"data":1}', 17)
            receiving[0].cancel()
            peer.push(id=1, data=2)
            assert (await peer.message())["data"] == [1, 2]

    async def test_two_receives_at_once_are_an_error(self) -> None:
        """Two tasks of one handler cannot both get the next message."""
        router = json_router()

        @router.bind("/talk")
        async def _(ctx: Context) -> int:
            await ctx.receive()
            task = asyncio.create_task(ctx.receive(int))
            await settle(2)
            with pytest.raises(RuntimeError, match="another task of this handler awaits"):
                await ctx.receive()
            return await task

        async with Peer(router) as peer:
            peer.push("/talk", 0, id=1)
            await settle()
            peer.push(id=1, data=1)
            assert (await peer.message())["data"] == 1

    @pytest.mark.parametrize("end", ["client", "server"])
    async def test_a_waiting_receive_ends_with_the_socket(self, end: str) -> None:
        """It raises SocketClosed, and so does the next one."""
        router = json_router()
        outcomes: list[str] = []

        @router.bind("/talk")
        async def _(ctx: Context) -> None:
            await ctx.receive()
            try:
                await ctx.receive()
            except SocketClosed:
                outcomes.append("closed")
            with pytest.raises(SocketClosed):
                await ctx.receive()

        router.bind("/close", lambda ctx: ctx.close())
        async with Peer(router) as peer:
            peer.push("/talk", 0, id=1)
            await settle()
            if end == "server":
                peer.push("/close")
                await peer.closed()
            else:
                peer.leave()
            await peer.ended()
        assert outcomes == ["closed"]

    async def test_a_task_that_outlives_its_handler_receives_nothing(self) -> None:
        """When the handler has ended, a receive that still waits is told so."""
        router = json_router()
        tasks: list[asyncio.Task[Any]] = []

        @router.bind("/talk")
        async def _(ctx: Context) -> None:
            await ctx.receive()
            tasks.append(asyncio.create_task(ctx.receive()))
            await settle(2)

        async with Peer(router) as peer:
            peer.push("/talk", 0, id=1)
            await settle()
            with pytest.raises(RuntimeError, match="this context is closed"):
                await soon(tasks[0])
            peer.push("/none", id=1)
            assert (await peer.message())["data"] == {"error": "not found"}

    async def test_a_message_put_back_after_the_handler_is_handled_by_itself(self) -> None:
        """What a task of an ended handler did not take starts a handler of its own."""
        router = json_router()
        tasks: list[asyncio.Task[Any]] = []
        go = asyncio.Event()

        @router.bind("/talk")
        async def _(ctx: Context) -> None:
            await ctx.receive()
            tasks.append(asyncio.create_task(ctx.receive()))
            await go.wait()

        router.bind("/next", lambda ctx: "on its own")
        async with Peer(router) as peer:
            peer.push("/talk", 0, id=1)
            await settle()
            (session,) = list(router._sessions)  # pyright: ignore[reportPrivateUsage]
            go.set()
            session.dispatcher.take('{"path":"/next","id":1}', 23)
            tasks[0].cancel()
            assert (await peer.message())["data"] == {"message": "on its own"}

    async def test_a_message_that_comes_as_the_handler_ends_is_handled_by_itself(self) -> None:
        """A receive that was given it in the last moment never took it, and says why."""
        router = json_router()
        tasks: list[asyncio.Task[Any]] = []

        @router.bind("/talk")
        async def _(ctx: Context) -> None:
            await ctx.receive()
            tasks.append(asyncio.create_task(ctx.receive()))
            await settle(2)
            (session,) = list(router._sessions)  # pyright: ignore[reportPrivateUsage]
            session.dispatcher.take('{"path":"/next","id":1}', 23)

        router.bind("/next", lambda ctx: "on its own")
        async with Peer(router) as peer:
            peer.push("/talk", 0, id=1)
            assert (await peer.message())["data"] == {"message": "on its own"}
            with pytest.raises(RuntimeError, match="this context is closed"):
                await soon(tasks[0])

    async def test_follow_ups_that_lose_their_conversation_keep_their_place(self) -> None:
        """They waited already, so none is refused though no more would be let in."""
        router = json_router(max_concurrent_messages=1, max_message_size=2 * 1024 * 1024)
        go = asyncio.Event()

        @router.bind("/talk")
        async def _(ctx: Context) -> str:
            await go.wait()
            ctx.set_message_id(2)
            return "talked"

        router.bind("/next", lambda ctx: "on its own")
        async with Peer(router) as peer:
            peer.push("/talk", id=1)
            peer.push("/next", id=1)
            peer.push("/next", id=1)
            peer.push("/next", "x" * 1024 * 1024, id=3)
            await settle()
            go.set()
            answers = await peer.messages(4)
            assert answers[0] == {"id": 2, "data": {"message": "talked"}}
            own = {"message": "on its own"}
            assert answers[1:] == [{"id": number, "data": own} for number in (3, 1, 1)]
            peer.push("/next", id=1)
            assert await peer.message() == {"id": 1, "data": {"message": "on its own"}}

    async def test_knows_which_ids_are_somebodys(self) -> None:
        """Those of its own requests, answered or not, and of messages that are being handled."""
        router = json_router()

        @router.bind("/ask")
        async def _(ctx: Context) -> None:
            await ctx.request("?")

        async with Peer(router) as peer:
            peer.push("/ask", id=1)
            question = await peer.message()
            (session,) = list(router._sessions)  # pyright: ignore[reportPrivateUsage]
            knows = session.dispatcher.correspondence.knows
            assert [knows(1), knows("1"), knows(question["id"])] == [True, False, True]
            peer.push(id=question["id"])
            await settle()
            assert [knows(1), knows(question["id"])] == [False, True]


class TestMiddlewareOfFollowUps:
    """Follow-ups pass what the first message passed."""

    async def test_passes_the_same_middleware(self) -> None:
        """Every middleware before the handler sees them, with the conversation's path."""
        router = json_router()
        seen: list[tuple[str, str, Any]] = []

        @router.use
        async def _(ctx: Context) -> None:
            seen.append(("all", ctx.path, await ctx.unmarshal()))
            await ctx.next()

        @router.use("/talk")
        async def _(ctx: Context) -> None:
            seen.append(("talk", ctx.path, await ctx.unmarshal()))
            ctx.set_message_data(b'"changed"')
            await ctx.next()

        @router.use("/other")
        async def _(ctx: Context) -> None:
            seen.append(("other", ctx.path, None))
            await ctx.next()

        async def guard(ctx: Context) -> None:
            seen.append(("guard", ctx.path, await ctx.unmarshal()))
            await ctx.next()

        @router.bind("/talk", guard)
        async def _(ctx: Context) -> list[Any]:
            return [await ctx.receive(), await ctx.receive()]

        @router.use
        async def _(ctx: Context) -> None:
            seen.append(("behind", ctx.path, None))

        async with Peer(router) as peer:
            peer.push("/talk", 1, id=1)
            peer.push("/other", 2, id=1)
            assert (await peer.message())["data"] == ["changed", "changed"]
        assert seen == [
            ("all", "/talk", 1),
            ("talk", "/talk", 1),
            ("guard", "/talk", "changed"),
            ("all", "/talk", 2),
            ("talk", "/talk", 2),
            ("guard", "/talk", "changed"),
        ]

    @pytest.mark.parametrize("how", ["silent", "answer", "error"])
    async def test_middleware_that_stops_a_follow_up_keeps_it_from_the_handler(
        self, how: str
    ) -> None:
        """The client hears of it as of any message, and the conversation goes on."""
        router = json_router()

        @router.use
        async def _(ctx: Context) -> None:
            if await ctx.unmarshal() != "bad":
                await ctx.next()
            elif how == "answer":
                await ctx.reply("no")
            elif how == "error":
                raise KeyError

        @router.bind("/talk")
        async def _(ctx: Context) -> list[Any]:
            return [await ctx.receive(), await ctx.receive()]

        async with Peer(router) as peer:
            peer.push("/talk", "first", id=1)
            peer.push(id=1, data="bad")
            peer.push(id=1, data="good")
            expected = {
                "silent": {"error": "not found"},
                "answer": {"message": "no"},
                "error": {"error": "internal error"},
            }
            assert (await peer.message())["data"] == expected[how]
            assert (await peer.message())["data"] == ["first", "good"]

    async def test_slow_middleware_keeps_the_order(self) -> None:
        """Follow-ups pass one after another, however long each takes."""
        router = json_router()

        @router.use
        async def _(ctx: Context) -> None:
            for _ in range(10 - await ctx.unmarshal(int)):
                await asyncio.sleep(0)
            await ctx.next()

        @router.bind("/talk")
        async def _(ctx: Context) -> list[Any]:
            return [await ctx.receive() for _ in range(10)]

        async with Peer(router) as peer:
            for number in range(10):
                peer.push("/talk", number, id=1)
            assert (await peer.message())["data"] == list(range(10))

    async def test_a_timeout_within_the_middleware_loses_nothing(self) -> None:
        """The message keeps arriving, and the next receive gets it first."""
        router = json_router()
        go = holding_up(router)

        @router.bind("/talk")
        async def _(ctx: Context) -> list[Any]:
            await ctx.receive()
            with pytest.raises(TimeoutError):
                await ctx.receive(timeout=0.005)
            await ctx.send("timed out")
            return [await ctx.receive(), await ctx.receive()]

        async with Peer(router) as peer:
            for number in range(3):
                peer.push("/talk", number, id=1)
            assert (await peer.message())["data"] == {"message": "timed out"}
            go.set()
            assert (await peer.message())["data"] == [1, 2]

    async def test_a_message_that_arrives_when_the_handler_has_ended(self) -> None:
        """It starts a handler of its own."""
        router = json_router()
        go = holding_up(router)

        @router.bind("/talk")
        async def _(ctx: Context) -> str:
            await ctx.receive()
            with pytest.raises(TimeoutError):
                await ctx.receive(timeout=0.005)
            return "ended"

        router.bind("/next", lambda ctx: "on its own")
        async with Peer(router) as peer:
            peer.push("/talk", 0, id=1)
            peer.push("/next", 1, id=1)
            assert (await peer.message())["data"] == {"message": "ended"}
            go.set()
            assert (await peer.message())["data"] == {"message": "on its own"}

    async def test_those_behind_it_stay_behind_it(self) -> None:
        """Its middleware goes on in the slot of the handler that has ended; then it comes first."""
        router = json_router(max_concurrent_messages=1)
        go = holding_up(router)

        @router.bind("/talk")
        async def _(ctx: Context) -> None:
            await ctx.receive()
            with pytest.raises(TimeoutError):
                await ctx.receive(timeout=0.005)
            await ctx.send("ended")

        @router.bind("/next")
        async def _(ctx: Context) -> Any:
            return await ctx.unmarshal()

        async with Peer(router) as peer:
            peer.push("/talk", 0, id=1)
            for number in (1, 2, 3):
                peer.push("/next", number, id=1)
            assert (await peer.message())["data"] == {"message": "ended"}
            peer.push("/next", 4, id=1)
            await peer.nothing()
            go.set()
            assert [message["data"] for message in await peer.messages(4)] == [1, 2, 3, 4]

    async def test_a_task_that_outlives_its_handler_does_not_receive_it_either(self) -> None:
        """It is handled by itself, once."""
        router = json_router()
        go = holding_up(router)
        tasks: list[asyncio.Task[Any]] = []

        @router.bind("/talk")
        async def _(ctx: Context) -> None:
            await ctx.receive()
            tasks.append(asyncio.create_task(ctx.receive()))
            await settle()

        router.bind("/next", lambda ctx: "on its own")
        async with Peer(router) as peer:
            peer.push("/talk", 0, id=1)
            peer.push("/next", 1, id=1)
            await settle(80)
            go.set()
            assert (await peer.message())["data"] == {"message": "on its own"}
            await peer.nothing()
            with pytest.raises(RuntimeError, match="this context is closed"):
                await soon(tasks[0])

    async def test_a_message_that_is_stopped_when_the_handler_has_ended(self) -> None:
        """Middleware has the last word: it starts no handler."""
        router = json_router()
        go = asyncio.Event()

        @router.use
        async def _(ctx: Context) -> None:
            if await ctx.unmarshal() == 1:
                await go.wait()
                await ctx.reply("stopped")
            else:
                await ctx.next()

        @router.bind("/talk")
        async def _(ctx: Context) -> None:
            await ctx.receive()
            with pytest.raises(TimeoutError):
                await ctx.receive(timeout=0.005)
            await ctx.reply("ended")

        async with Peer(router) as peer:
            peer.push("/talk", 0, id=1)
            peer.push("/talk", 1, id=1)
            assert (await peer.message())["data"] == {"message": "ended"}
            go.set()
            assert (await peer.message())["data"] == {"message": "stopped"}
            await peer.nothing()

    async def test_the_end_of_the_socket_within_the_middleware(self) -> None:
        """A follow-up on its way is cancelled with all the rest."""
        router = json_router()
        log: list[str] = []

        @router.use
        async def _(ctx: Context) -> None:
            if await ctx.unmarshal() == 1:
                try:
                    await asyncio.sleep(3600)
                finally:
                    log.append("follow-up ended")
            await ctx.next()

        @router.bind("/talk")
        async def _(ctx: Context) -> None:
            await ctx.receive()
            try:
                await ctx.receive()
            finally:
                log.append("handler ended")

        async with Peer(router) as peer:
            peer.push("/talk", 0, id=1)
            peer.push("/talk", 1, id=1)
            await settle()
        assert sorted(log) == ["follow-up ended", "handler ended"]

    async def test_wraps_run_around_what_follow_ups_pass(self) -> None:
        """Tracing sees every message of a conversation."""
        router = json_router()
        seen: list[str] = []

        @router.wrap
        async def _(ctx: Context) -> None:
            seen.append(getattr(ctx.wrapped_handler, "__name__", "?"))
            await ctx.next()

        async def auth(ctx: Context) -> None:
            await ctx.next()

        async def talk(ctx: Context) -> None:
            await ctx.receive()
            await ctx.receive()

        router.use(auth)
        router.bind("/talk", talk)
        async with Peer(router) as peer:
            peer.push("/talk", 0, id=1)
            peer.push("/talk", 1, id=1)
            await settle()
        assert seen == ["auth", "talk", "auth", "talk"]

    @pytest.mark.parametrize("stops", [False, True])
    async def test_an_id_that_is_changed_while_a_message_arrives(self, stops: bool) -> None:
        """It arrives at a handler of its own, if at all; the receive waits on under the new id."""
        router = json_router()
        go = asyncio.Event()

        @router.use
        async def _(ctx: Context) -> None:
            if ctx.data == b"1" and not go.is_set():
                await go.wait()
                if stops:
                    return
            await ctx.next()

        @router.bind("/talk")
        async def _(ctx: Context) -> Any:
            await ctx.receive()
            receiving = asyncio.create_task(ctx.receive())
            await settle()
            ctx.set_message_id(2)
            await ctx.send("changed")
            return [await receiving]

        router.bind("/next", lambda ctx: "on its own")
        async with Peer(router) as peer:
            peer.push("/talk", 0, id=1)
            peer.push("/next", 1, id=1)
            assert await peer.message() == {"data": {"message": "changed"}}
            go.set()
            answer = {"error": "not found"} if stops else {"message": "on its own"}
            assert await peer.message() == {"id": 1, "data": answer}
            peer.push("/next", 3, id=2)
            assert await peer.message() == {"id": 2, "data": [3]}

    async def test_a_follow_up_that_middleware_gives_another_id(self) -> None:
        """It has found its conversation already; the other id stays free."""
        router = json_router()

        @router.use
        async def _(ctx: Context) -> None:
            if ctx.data == b"1":
                ctx.set_message_id(9)
            await ctx.next()

        @router.bind("/talk")
        async def _(ctx: Context) -> list[Any]:
            first = await ctx.receive()
            await ctx.send("waiting")
            return [first, await ctx.receive(), await ctx.receive()]

        router.bind("/next", lambda ctx: "on its own")
        async with Peer(router) as peer:
            peer.push("/talk", 0, id=1)
            assert await peer.message() == {"data": {"message": "waiting"}}
            peer.push("/talk", 1, id=1)
            await settle()
            peer.push("/next", id=9)
            assert await peer.message() == {"id": 9, "data": {"message": "on its own"}}
            peer.push(None, 2, id=1)
            assert await peer.message() == {"id": 1, "data": [0, 1, 2]}
