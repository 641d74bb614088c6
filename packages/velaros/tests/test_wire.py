"""Tests of a client's end of the wire: frames, messages and streams of them."""

from __future__ import annotations

from typing import Any

import pytest

from aros_core.codecs import Codec, JsonCodec, OutboundMessage
from aros_core.codecs.msgpack import MsgpackCodec
from aros_core.errors import MessageError
from velaros import Error, UnmarshalError
from velaros.codecs import ProtobufCodec
from velaros.errors import ErrorAnswer
from velaros.protobuf.envelope_pb2 import Envelope
from velaros.wire import AnswerStream, ReceivedMessage, Wire

CODECS = [JsonCodec(), MsgpackCodec(), ProtobufCodec()]


def make(codec: Codec) -> tuple[Wire, list[str | bytes]]:
    """Return a wire and the list of the frames that go out on it."""
    frames: list[str | bytes] = []

    async def transmit(frame: str | bytes) -> None:
        frames.append(frame)

    return Wire(codec, transmit), frames


async def test_frames_are_of_the_codecs_type() -> None:
    """JSON goes out as text, the others as binary."""
    for codec in CODECS:
        wire, frames = make(codec)
        await wire.send(OutboundMessage(id="1", path="/x"))
        assert isinstance(frames[0], str if codec.name == "json" else bytes)
        message = wire.decode(frames[0])
        assert (message.path, message.id, dict(message.meta)) == ("/x", "1", {})
        assert not message.is_last


async def test_replies_carry_the_id() -> None:
    """A reply has the message's id, the data as it is, and metadata where given."""
    wire, frames = make(JsonCodec())
    await wire.decode('{"id":7}').reply("text", meta={"a": 1})
    assert frames == ['{"id":7,"data":"text","meta":{"a":1}}']
    with pytest.raises(RuntimeError, match="without an id cannot be answered"):
        await wire.decode('{"path":"/x"}').reply("text")


def test_unreadable_frames_are_told() -> None:
    """A frame that is no message raises `MessageError`."""
    wire, _ = make(JsonCodec())
    with pytest.raises(MessageError):
        wire.decode("?")


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
def test_the_end_of_a_stream_has_no_data(codec: Codec) -> None:
    """The mark of the end is not taken for data, whatever the codec makes of it."""
    wire, _ = make(codec)
    last = wire.decode(wire.encode(OutboundMessage(id="1", end=True)))
    assert last.is_last
    assert not last.has_data
    assert last.data is None


def test_the_end_of_a_stream_may_have_data() -> None:
    """Data beside the end is kept, also where it cannot be read."""
    wire, _ = make(JsonCodec())
    assert wire.decode('{"id":1,"data":2,"end":true}').data == 2
    assert wire.decode('{"id":1,"data":null,"end":true}').has_data
    unreadable = wire.decode('{"id":1,"data":1' + "0" * 400 + '.5e99999,"end":true}')
    assert unreadable.has_data


async def read(codec: Codec, *messages: OutboundMessage, into: Any = None) -> list[Any]:
    """Return the items of a stream of messages; what it raises is the last."""
    wire, _ = make(codec)
    answers = iter([wire.decode(wire.encode(message)) for message in messages])

    async def next_answer() -> ReceivedMessage:
        return next(answers)

    items: list[Any] = []
    try:
        async for item in AnswerStream(next_answer, into):
            items.append(item)
    except UnmarshalError as error:
        items.append(error)
    assert next(answers, None) is None
    return items


def item(data: Any, *, end: bool = False) -> OutboundMessage:
    """Return a message of a stream."""
    return OutboundMessage(data=data, id="1", end=end)


END = OutboundMessage(id="1", end=True)


async def test_streams_yield_their_items() -> None:
    """A stream yields typed items up to its end; data in the last message is an item too."""
    assert await read(JsonCodec(), item(1), item(None), END) == [1, None]
    assert await read(JsonCodec(), item(1), item(2, end=True), into=int) == [1, 2]
    assert await read(JsonCodec(), END) == []
    envelopes = await read(ProtobufCodec(), item(Envelope()), END, into=Envelope)
    assert envelopes == [Envelope()]


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
async def test_errors_end_streams(codec: Codec) -> None:
    """An error in the place of a stream, or at its end, is raised."""
    (only,) = await read(codec, item(Error("not found")))
    assert isinstance(only, ErrorAnswer)
    value = Envelope() if codec.name == "protobuf" else 1
    into = Envelope if codec.name == "protobuf" else int
    first, last = await read(codec, item(value), item(Error("no more"), end=True), into=into)
    assert first == value
    assert isinstance(last, ErrorAnswer)


async def test_errors_among_items_are_items() -> None:
    """An error in the midst of a stream is data, unless the items have a type."""
    messages = item(1), item(Error("oops")), item(2), END
    assert await read(JsonCodec(), *messages) == [1, {"error": "oops"}, 2]
    *_, error = await read(JsonCodec(), *messages[:2], into=int)
    assert isinstance(error, ErrorAnswer)
