"""Messages over real servers: both types, many at once, and requests both ways."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from .app import MAX_MESSAGE_SIZE
from .clients import connect

if TYPE_CHECKING:
    from .clients import Place


async def test_an_answer_has_the_type_of_its_message(place: Place) -> None:
    """Text is answered with text, binary with binary, under the id of the message."""
    message = json.dumps({"path": "/echo", "id": "7", "data": "grüß dich"})
    async with connect(place) as client:
        await client.send(message)
        text = await client.receive_raw()
        await client.send(message.encode())
        binary = await client.receive_raw()
    assert isinstance(text, str)
    assert isinstance(binary, bytes)
    assert json.loads(text) == json.loads(binary) == {"id": "7", "data": {"message": "grüß dich"}}


async def test_messages_are_handled_at_the_same_time(place: Place) -> None:
    """Handlers that wait for one another all come to their end."""
    parties = 20
    async with connect(place) as client:
        for number in range(parties):
            await client.push("/meet", parties, id=str(number))
        answers = [await client.receive() for _ in range(parties)]
    assert {answer["id"] for answer in answers} == {str(number) for number in range(parties)}
    assert {answer["data"]["message"] for answer in answers} == {"met"}


async def test_no_message_of_a_burst_is_lost(place: Place) -> None:
    """A client that sends much at once, and reads meanwhile, has every message answered."""
    count = 1000
    numbers = range(count)
    async with connect(place) as client:

        async def send() -> None:
            for number in numbers:
                await client.push("/echo", [number], id=str(number))

        sending = asyncio.create_task(send())
        answers = [await client.receive() for _ in numbers]
        await sending
    assert sorted(answer["data"][0] for answer in answers) == [*numbers]


@pytest.mark.parametrize("fragments", [1, 7])
async def test_large_messages_arrive_whole(place: Place, fragments: int) -> None:
    """A message of nearly the largest size goes both ways, in one frame or in several."""
    payload = "é" * (MAX_MESSAGE_SIZE // 2 - 100)
    message = json.dumps({"path": "/echo", "id": "1", "data": [payload]}, ensure_ascii=False)
    size = len(message) // fragments + 1
    async with connect(place) as client:
        parts = [message[start : start + size] for start in range(0, len(message), size)]
        assert len(parts) == fragments
        await client.send(parts if fragments > 1 else message)
        assert (await client.receive())["data"] == [payload]


async def test_the_server_sends_of_its_own_accord(place: Place) -> None:
    """A notification carries its path and no id."""
    async with connect(place) as client:
        await client.push("/tell", "news")
        assert await client.receive() == {"path": "/told", "data": {"message": "news"}}


async def test_requests_go_both_ways(place: Place) -> None:
    """While the client waits for its answer, the server asks and gets its own answers."""
    async with connect(place) as client:
        await client.push("/ask", id="mine")
        for answer in ("one", "two"):
            question = await client.receive()
            assert question["path"] == "/question"
            await client.push("/anything", answer, id=question["id"])
        assert await client.receive() == {"id": "mine", "data": ["one", "two"]}
