"""Payloads and envelopes that are out to break who reads them, in every format."""

from __future__ import annotations

import json
from typing import Any, Final, TypeAlias

from aros_core.codecs.msgpack import MsgpackCodec
from velaros.protobuf.envelope_pb2 import Envelope

Frames: TypeAlias = dict[str, "str | bytes"]

DEPTH = 100_000
DIGITS = (19, 20, 128, 129, 4300, 4301, 100_000, 900_000)
FIELDS = ("id", "path", "data", "meta", "end", "other")
LARGE = 900_000
"""How many bytes the large ones have, so that they stay below the limit of 1 MiB."""

_pack: Final = MsgpackCodec().encode

_SOUND = frozenset({"many keys", "one key many times", "NaN as keys"})
"""What is a sound message, one that wants no answer."""

_HEAD = '{"id":"hostile","path":"/any",'


def json_payloads() -> dict[str, str]:
    """Return JSON that is no JSON, or too much of it."""
    literals = ("nul", "NaN", "Infinity", "01", "1.", ".5", "+1", "1e", "'a'", "undefined", "[1,]")
    numbers = {f"a number of {n} digits": "9" * n for n in DIGITS}
    return {
        "arrays without end": "[" * DEPTH,
        "nested arrays": "[" * DEPTH + "]" * DEPTH,
        "nested objects": '{"a":' * DEPTH + "1" + "}" * DEPTH,
        "nested both": '[{"a":' * DEPTH + "1" + "}]" * DEPTH,
        **numbers,
        **{f"minus {name}": f"-{number}" for name, number in numbers.items()},
        **{f"{name} behind the point": f"0.{number}" for name, number in numbers.items()},
        **{f"{name} as an exponent": f"1e{number}" for name, number in numbers.items()},
        **{f"{name} as a negative exponent": f"1e-{number}" for name, number in numbers.items()},
        "half a surrogate": r'"\ud800"',
        "surrogates in the wrong order": r'"\udc00\ud800"',
        "half an escape": r'"\u12"',
        "an unknown escape": r'"\x41"',
        "a text without end": '"' + "a" * LARGE,
        "escapes without end": '"' + r"\\" * (LARGE // 2),
        "a line in a text": '"a\nb"',
        "a NUL in a text": '"a\0b"',
        "blanks without end": " " * LARGE,
        "many empty objects": "[" + "{}," * (LARGE // 3) + "{}]",
        "many keys": "{" + ",".join(f'"{n}":0' for n in range(LARGE // 11)) + "}",
        "one key many times": "{" + '"a":0,' * (LARGE // 6) + '"a":1}',
        **{f"the literal {literal}": literal for literal in literals},
    }


def json_frames() -> Frames:
    """Return messages in JSON."""
    payloads = json_payloads()
    wrong = (
        "true",
        "1.5",
        "[]",
        "{}",
        "-1",
        "[[]]",
        '"x"',
        "1e400",
        "9" * 5000,
        '"' + "x" * 5000 + '"',
    )
    return {
        **{f"{name} as data": f'{_HEAD}"data":{text}}}' for name, text in payloads.items()},
        **{f"{name} as meta": f'{_HEAD}"meta":{{"a":{text}}}}}' for name, text in payloads.items()},
        **{f"{name} as a field": f'{_HEAD}"other":{text}}}' for name, text in payloads.items()},
        **{f"{name} as the message": it for name, it in payloads.items() if name not in _SOUND},
        **{f"{name} as the id": f'{{"id":{text},"path":"/"}}' for name, text in payloads.items()},
        **{
            f"{field} = {it[:9]}": f'{{"id":7,"path":"/any","{field}":{it}}}'
            for field in FIELDS
            for it in wrong
        },
        "no text": "",
        "no bytes": b"",
        "blanks": " \n",
        "two messages": f'{_HEAD}"data":1}}{_HEAD}"data":2}}',
        "a NUL behind": f'{_HEAD}"data":1}}\0',
        "a mark in front": f'\ufeff{_HEAD}"data":1}}',
        "no UTF-8": b'{"id":"\xff","path":"/any"}',
        "no UTF-8 in data": b'{"id":1,"path":"/any","data":"\xff"}',
        "UTF-16": f'{_HEAD}"data":1}}'.encode("utf-16"),
        "a surrogate that is none": '{"id":"\ud800","path":"/any"}',
        "many ids": "{" + '"id":1,' * (LARGE // 7) + '"path":"/any","data":1}',
        "many paths": '{"id":1,' + '"path":"/any",' * (LARGE // 14) + '"data":1}',
        "many fields": _HEAD + ",".join(f'"{n}":0' for n in range(LARGE // 11)) + "}",
        "a path with a line in it": r'{"id":1,"path":"/any\r\nERROR: forged"}',
    }


def msgpack_payloads() -> dict[str, bytes]:
    """Return MessagePack that is none, or that lies, or too much of it."""
    lengths = {"map": b"\xdf", "array": b"\xdd", "text": b"\xdb", "bytes": b"\xc6", "ext": b"\xc9"}
    times = {
        "a time of no date": b"\xc7\x0c\xff" + b"\xff" * 12,
        "a time far away": b"\xc7\x0c\xff" + b"\0" * 4 + b"\x7f" * 8,
        "a short time": b"\xc7\x05\xff12345",
        "a time in 64 bits": b"\xd7\xff" + b"\xff" * 8,
    }
    numbers = (2**32 + number for number in range(LARGE // 10))
    return {
        "nested arrays": b"\x91" * DEPTH + b"\xc0",
        "nested maps": b"\x81\xa1a" * DEPTH + b"\xc0",
        "maps as keys": b"\x81" * DEPTH + b"\xc0" * DEPTH,
        **{f"a {kind} of 4 GiB": head + b"\xff" * 4 for kind, head in lengths.items()},
        **{
            f"a {kind} of 4 GiB and noise": head + b"\xff" * 4 + b"\xc0" * LARGE
            for kind, head in lengths.items()
        },
        "arrays that lie": b"\xdd\x00\x0f\xff\xff" * (LARGE // 5),
        "arrays that lie and noise": b"\xdd\x00\x0d\xb0\x00" * 1000 + b"\xc0" * LARGE,
        "maps that lie and noise": b"\xdf\x00\x06\xd0\x00" * 1000 + b"\xc0" * LARGE,
        "a byte that is no type": b"\xc1",
        "no UTF-8": b"\xa1\xff",
        "half a number": b"\xcf\x00",
        **times,
        "many empty maps": b"\xdd" + LARGE.to_bytes(4) + b"\x80" * LARGE,
        "many numbers as keys": _pack(dict.fromkeys(numbers)),
        "arrays as keys": b"\x82\x90\xc0\x91\xc0\xc0",
        "one key many times": b"\xdf" + (LARGE // 3).to_bytes(4) + b"\xa1a\xc0" * (LARGE // 3),
        "NaN as keys": b"\xde\x03\xe8" + (b"\xcb\x7f\xf8" + b"\0" * 6 + b"\xc0") * 1000,
    }


def msgpack_frames() -> Frames:
    """Return messages in MessagePack."""
    head = b"\xa2id\xa7hostile\xa4path\xa4/any"
    payloads = msgpack_payloads()
    wrong: tuple[Any, ...] = (True, 1.5, [], {}, -1, [[]], {1: 2}, b"x", "x", 2**64 - 1, "x" * 5000)
    return {
        **{f"{name} as data": b"\x83" + head + b"\xa4data" + it for name, it in payloads.items()},
        **{
            f"{name} as meta": b"\x83" + head + b"\xa4meta\x81\xa1a" + it
            for name, it in payloads.items()
        },
        **{
            f"{name} as all meta": b"\x83" + head + b"\xa4meta" + it
            for name, it in payloads.items()
        },
        **{
            f"{name} as a field": b"\x83" + head + b"\xa5other" + it
            for name, it in payloads.items()
        },
        **{f"{name} as a name": b"\x83" + head + it + b"\xc0" for name, it in payloads.items()},
        **{
            f"{name} as the id": b"\x82\xa2id" + it + b"\xa4path\xa4/any"
            for name, it in payloads.items()
        },
        **{f"{name} as the path": b"\x82\xa2id\x01\xa4path" + it for name, it in payloads.items()},
        **{f"{name} as the message": it for name, it in payloads.items() if name not in _SOUND},
        **{
            f"{field} = {it!r:.9}": _pack({"id": 7, "path": "/any", field: it})
            for field in FIELDS
            for it in wrong
        },
        "no bytes": b"",
        "a text": '{"id":1}',
        "an empty text": "",
        "bytes behind": b"\x83" + head + b"\xa4data\x01\x02",
        "half a message": b"\x83" + head,
        "many ids": b"\xdf" + (LARGE // 4).to_bytes(4) + b"\xa2id\x01" * (LARGE // 4),
    }


def protobuf_payloads() -> dict[str, bytes]:
    """Return Protocol Buffers that are none, or lie, for a message with a text as field 1."""
    return {
        "nested groups": b"\x1b" * DEPTH,
        "closed groups": b"\x1b" * DEPTH + b"\x1c" * DEPTH,
        "a text of 2 GiB": b"\x0a\xff\xff\xff\xff\x07",
        "a text that lies": b"\x0a\x7fabc",
        "no UTF-8": b"\x0a\x01\xff",
        "a number without end": b"\x08" + b"\xff" * 100,
        "field 0": b"\x02\x00",
        "an unknown wire type": b"\x0f\x00",
        "half a key": b"\x8a",
        "a group that ends twice": b"\x1b\x1c\x1c",
    }


def protobuf_frames() -> Frames:
    """Return messages in Protocol Buffers."""
    head = Envelope(id="hostile", path="/any").SerializeToString()
    nested = b"[" * DEPTH + b"]" * DEPTH
    few = protobuf_payloads()
    json_meta = {"nested": nested, "digits": b"9" * LARGE, "no UTF-8": b"\xff", "nothing": b""}
    return {
        **{f"{name} as the message": it for name, it in few.items()},
        **{f"{name} behind a message": head + it for name, it in few.items()},
        **{
            f"{name} as data": Envelope(id="1", path="/any", data=it).SerializeToString()
            for name, it in few.items()
        },
        **{
            f"{name} as meta": Envelope(id="1", path="/any", meta={"a": it}).SerializeToString()
            for name, it in json_meta.items()
        },
        "many in meta": Envelope(
            id="1", path="/any", meta={str(n): b"[" for n in range(LARGE // 12)}
        ).SerializeToString(),
        "a text": '{"id":1}',
        "an empty text": "",
        "a long id": Envelope(id="x" * LARGE).SerializeToString(),
        "a long path": Envelope(id="1", path="/" * LARGE).SerializeToString(),
        "one field many times": head * (LARGE // len(head)),
    }


def nested_frame(codec: str, depth: int) -> str | bytes:
    """Return a message in JSON or MessagePack whose payload is so deep."""
    if codec == "json":
        return f'{_HEAD}"data":{"[" * depth}{"]" * depth}}}'
    return b"\x83\xa2id\x07\xa4path\xa4/any\xa4data" + b"\x91" * depth + b"\xc0"


def json_bodies() -> dict[str, bytes]:
    """Return HTTP bodies in JSON."""
    return {name: text.encode("utf-8", "surrogatepass") for name, text in json_payloads().items()}


def valid_frames() -> Frames:
    """Return sound messages in every format, for mutations of them."""
    fields = {"id": 7, "path": "/any", "data": {"name": "ada", "age": 36}, "meta": {"a": [1]}}
    envelope = Envelope(id="7", path="/any", data=b"\x0a\x03ada", meta={"a": b"[1]"})
    return {
        "json": json.dumps(fields),
        "msgpack": _pack(fields),
        "protobuf": envelope.SerializeToString(),
    }
