"""The socket of a test: what it pushes, expects and reads, and how it leaves."""

from __future__ import annotations

import asyncio

import pytest

from velaros import CloseSource, CloseStatus, Context, FieldError, SocketClosed, UnmarshalError
from velaros.testing import Client, ErrorAnswer

from .answering_router import Album, make_router


class TestMessages:
    """Pushing messages and expecting others."""

    async def test_request_returns_a_typed_answer(self) -> None:
        """A request gives the answer as the type asked for, and plain without one."""
        async with Client(make_router()).connect("/ws") as socket:
            assert await socket.request("/add", [1, 2, 3], int) == 6
            album = await socket.request("/echo", Album("Blue", 1971), Album)
            assert album == Album("Blue", 1971)
            assert await socket.request("/echo", Album("Blue")) == {"title": "Blue", "year": 0}

    async def test_push_makes_ids_up_and_keeps_given_ones(self) -> None:
        """A push returns its id, a fresh one unless it was given."""
        async with Client(make_router()).connect() as socket:
            first = await socket.push("/add", [1])
            second = await socket.push("/add", [2])
            assert first != second
            assert await socket.push("/add", [3], id="mine") == "mine"
            assert await socket.push("/add", [4], id=7) == 7
            assert await socket.expect_reply(7) == 4
            assert await socket.expect_reply("mine") == 3
            assert await socket.expect_reply(second) == 2
            assert await socket.expect_reply(first, int) == 1

    async def test_no_data_is_not_null(self) -> None:
        """Without data a message carries none, and with None a null."""
        async with Client(make_router()).connect() as socket:
            assert await socket.request("/has-data") == {"raw": ""}
            assert await socket.request("/has-data", None) == {"raw": "null"}

    async def test_meta_is_sent(self) -> None:
        """A message's metadata arrives."""
        async with Client(make_router()).connect() as socket:
            asked = await socket.push("/echo", 1, meta={"trace": "x"})
            frame = await socket.receive_raw()
            assert frame == f'{{"id":"{asked}","data":1,"meta":{{"trace":"x"}}}}'
            assert await socket.request("/echo", 2, meta={"trace": "y"}) == 2

    async def test_answers_to_requests_of_the_server(self) -> None:
        """The server's request has path, id, data and meta, and can be answered."""
        async with Client(make_router()).connect() as socket:
            await socket.push("/ask")
            question = await socket.expect_request("/question")
            assert (question.path, question.data) == ("/question", "Who is there?")
            assert question.unmarshal(str) == "Who is there?"
            assert question.meta == {"a": 1}
            assert isinstance(question.id, str)
            assert repr(question) == f"<ReceivedMessage path='/question' id={question.id!r}>"
            await question.reply("Ada")
            assert await socket.expect_push("/news", dict[str, str]) == {"text": "Ada is here"}
            await socket.expect_nothing()

    async def test_what_comes_out_of_order_is_kept(self) -> None:
        """Messages wait until somebody expects them, whatever the order."""
        async with Client(make_router()).connect() as socket:
            asked = await socket.push("/push")
            assert await socket.expect_reply(asked) == {"message": "third"}
            assert await socket.expect_push("/two") == {"message": "second"}
            assert await socket.expect_push() == {"message": "first"}

    async def test_expectations_can_wait_side_by_side(self) -> None:
        """Several tasks may wait for different messages at once."""
        async with Client(make_router()).connect() as socket, asyncio.TaskGroup() as group:
            one = group.create_task(socket.expect_push("/one"))
            two = group.create_task(socket.expect_push("/two", T=dict[str, str]))
            await socket.push("/push")
        assert (one.result(), two.result()) == ({"message": "first"}, {"message": "second"})

    async def test_conversations_share_an_id(self) -> None:
        """Messages pushed under one id reach the handler of the first."""
        async with Client(make_router()).connect() as socket:
            adding = await socket.push("/sum", 2, id="s1")
            await socket.push(data=3, id="s1")
            await socket.push(data=0, id="s1")
            assert await socket.expect_reply(adding, int) == 5

    async def test_streams_end(self) -> None:
        """A stream yields its items and ends with the message that says it is the last."""
        async with Client(make_router()).connect() as socket:
            assert [item async for item in socket.stream("/count", 3, int)] == [0, 1, 2]
            assert [item async for item in socket.stream("/count", 0)] == []
            counting = await socket.push("/count", 2)
            assert [item async for item in socket.expect_stream(counting, int)] == [0, 1]
            counting = await socket.push("/count", 1)
            assert await socket.expect_reply(counting) == 0
            assert await socket.expect_reply(counting) is None

    async def test_broken_streams_raise(self) -> None:
        """A stream that ends with an error raises it after its items."""
        async with Client(make_router()).connect() as socket:
            items = aiter(socket.stream("/broken", T=int))
            assert await anext(items) == 1
            with pytest.raises(ErrorAnswer, match="no more"):
                await anext(items)
            with pytest.raises(ErrorAnswer, match="not found"):
                await anext(aiter(socket.stream("/nowhere")))

    async def test_errors_are_data_unless_a_type_has_no_place_for_them(self) -> None:
        """An error answer is returned as it is, but never read as something else."""
        async with Client(make_router()).connect() as socket:
            assert await socket.request("/nowhere") == {"error": "not found"}
            assert await socket.request("/nowhere", T=dict[str, str]) == {"error": "not found"}
            with pytest.raises(ErrorAnswer, match="not found") as refusal:
                await socket.request("/nowhere", None, int)
            assert refusal.value.error == "not found"
            with pytest.raises(ErrorAnswer) as invalid:
                await socket.request("/fields", T=Album)
            assert invalid.value.fields == [FieldError("title", "is required")]
            with pytest.raises(UnmarshalError) as wrong:
                await socket.request("/add", [1], Album)
            assert not isinstance(wrong.value, ErrorAnswer)

    async def test_raw_frames_go_both_ways(self) -> None:
        """Frames can be sent and received as they are; replies to them can be expected."""
        async with Client(make_router()).connect() as socket:
            await socket.send_text('{"path":"/add","id":"raw","data":[5]}')
            assert await socket.expect_reply("raw", int) == 5
            await socket.send_bytes(b'{"path":"/add","id":"raw","data":[6]}')
            assert await socket.receive_raw() == b'{"id":"raw","data":6}'
            await socket.send_text("gibberish")
            assert await socket.expect_push() == {"error": "cannot decode message"}
            await socket.send_text('{"path":"/add","data":[7]}')
            assert await socket.receive_raw() == '{"data":7}'


class TestEndings:
    """How a socket is left, and what the application makes of it."""

    async def test_the_server_closes(self) -> None:
        """The close of the server is expected with status, reason and source."""
        async with Client(make_router()).connect() as socket:
            assert socket.close_status is None
            await socket.push("/close")
            ended = await socket.expect_close()
            assert ended == CloseStatus(4001, "as you wish", CloseSource.SERVER)
            assert socket.close_status == ended
            with pytest.raises(SocketClosed) as refusal:
                await socket.push("/add", [1])
            assert refusal.value.close_status == ended

    @pytest.mark.parametrize(
        ("way", "status"),
        [
            ("leave", CloseStatus(1000, "", CloseSource.CLIENT)),
            ("close", CloseStatus(4002, "bye", CloseSource.CLIENT)),
            ("drop", CloseStatus(1006, "", CloseSource.CLIENT)),
        ],
    )
    async def test_the_client_leaves(self, way: str, status: CloseStatus) -> None:
        """The application sees how the client left, and has ended when the block is left."""
        router, seen = make_router(), list[CloseStatus | None]()

        @router.use_close
        async def note(ctx: Context) -> None:
            seen.append(ctx.close_status)

        async with Client(router).connect() as socket:
            if way == "close":
                await socket.close(4002, "bye")
            if way == "drop":
                await socket.drop()
        assert seen == [status]
        assert socket.close_status == status

    async def test_what_cannot_be_a_close_is_refused(self) -> None:
        """A status or reason that no close frame can carry is a ValueError."""
        async with Client(make_router()).connect() as socket:
            with pytest.raises(ValueError, match="1006"):
                await socket.close(1006)
            with pytest.raises(ValueError, match="124 bytes"):
                await socket.close(reason="x" * 124)
