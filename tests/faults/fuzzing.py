"""Random and mutated messages: the same ones for the same seed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from aros_core.codecs.msgpack import MsgpackCodec
from velaros.protobuf.envelope_pb2 import Envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

_pack: Final = MsgpackCodec().encode

_PATHS: Final = ("/read", "/read/x", "/ask", "/talk", "/stream", "/block/a/b", "/", "", "read")
PATHS: Final = (*_PATHS * 5, "/close")
ODD: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 2**63, 2**64 - 1, -(2**63), 1.5, 1e308, "", "7", "é\0\r\n", "x" * 200,
    "/" * 3000, [], [1, 2], {}, {"a": {"b": [None]}}, {"": 0}, [[[[[]]]]],
)  # fmt: skip
BYTES: Final = (b"", b"\0", b"\xff", b"\x80", b"[", b"{", b'"', b"\xdd\xff\xff\xff\xff", b"9" * 50)


def messages(random: Random) -> Iterator[str | bytes]:
    """Yield messages without end: sound, mutated, of odd fields, and of random bytes."""
    kinds = (_sound, _mutated, _mutated, _odd, _odd, _random)
    while True:
        yield random.choice(kinds)(random)


def raw_frames(random: Random, count: int) -> bytes:
    """Return WebSocket frames (RFC 6455, section 5.2), some of them out of shape."""
    some = messages(random)
    frames = bytearray()
    for _ in range(count):
        message = next(some)
        is_text = isinstance(message, str)
        payload = message.encode("utf-8", "replace") if isinstance(message, str) else message
        head = 0x81 if is_text else 0x82
        if random.random() < 0.05:
            head = random.randrange(256)
        frames += _raw_frame(random, head, payload)
    data = bytes(frames)
    return mutate(random, data) if random.random() < 0.3 else data


def _raw_frame(random: Random, head: int, payload: bytes) -> bytes:
    size = len(payload)
    if random.random() < 0.02:
        size = random.choice((0, 125, 65535, 2**32, 2**63 - 1, 2**64 - 1))
    masked = 0 if random.random() < 0.02 else 0x80
    if size < 126 and random.random() < 0.98:
        length = bytes([masked | size])
    elif size < 65536 and random.random() < 0.98:
        length = bytes([masked | 126]) + size.to_bytes(2)
    else:
        length = bytes([masked | 127]) + size.to_bytes(8)
    key = random.randbytes(4) if masked else b""
    body = bytes(byte ^ key[i % 4] for i, byte in enumerate(payload)) if key else payload
    return bytes([head]) + length + key + body


def mutate(random: Random, data: bytes) -> bytes:
    """Return bytes that differ from these in a few places."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 5))):
        start = random.randrange(len(changed) + 1)
        end = min(len(changed), start + random.choice((0, 1, 1, 4, 20)))
        change = random.randrange(4)
        if change == 0:
            changed[start:end] = b""
        elif change == 1:
            changed[start:start] = random.choice(BYTES)
        elif change == 2:
            changed[start:start] = changed[start:end]
        else:
            changed[start:end] = random.randbytes(end - start)
    return bytes(changed)


def _sound(random: Random) -> str | bytes:
    fields: dict[str, Any] = {"path": random.choice(PATHS), "data": random.choice(ODD)}
    if random.random() < 0.8:
        fields["id"] = random.choice((7, "7", "a", random.randrange(1000)))
    return _encode(random, fields)


def _odd(random: Random) -> str | bytes:
    names = ("id", "path", "data", "meta", "end", "other")
    fields = {name: random.choice(ODD) for name in names if random.random() < 0.5}
    fields.setdefault("path", random.choice(PATHS))
    return _encode(random, fields)


def _random(random: Random) -> str | bytes:
    return _frame(random, random.randbytes(random.choice((0, 1, 5, 50))))


def _mutated(random: Random) -> str | bytes:
    sound = _sound(random)
    data = sound.encode("utf-8") if isinstance(sound, str) else sound
    return _frame(random, mutate(random, data))


def _frame(random: Random, data: bytes) -> str | bytes:
    # Servers only hand over text that is UTF-8.
    return data.decode("utf-8", "replace") if random.random() < 0.4 else data


def _encode(random: Random, fields: dict[str, Any]) -> str | bytes:
    encoders: tuple[Callable[[dict[str, Any]], str | bytes], ...] = (
        json.dumps,
        _pack,
        _as_protobuf,
    )
    return random.choice(encoders)(fields)


def _as_protobuf(fields: dict[str, Any]) -> bytes:
    text = {name: str(fields.get(name) or "") for name in ("id", "path")}
    data = json.dumps(fields.get("data")).encode()
    return Envelope(**text, data=data, meta={"a": data}).SerializeToString()
