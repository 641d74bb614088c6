"""Raw requests of the kinds by which one request is smuggled behind another.

Somewhere in most of them is a request for `/smuggled`, which a proxy in front would take for a
part of the body. Behind each goes `NEXT`, as a proxy would send another user's request over the
same connection.
"""

from __future__ import annotations

from dataclasses import dataclass

HIDDEN = b"GET /smuggled HTTP/1.1\r\nHost: witness\r\n\r\n"
NEXT = b"GET /next HTTP/1.1\r\nHost: witness\r\nConnection: close\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked"
UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


@dataclass(frozen=True)
class Attack:
    """What is sent, and what of it may reach the application."""

    name: str
    data: bytes
    requests: tuple[str, ...] = ()
    """The requests in it, in order; one whose body is read has the body behind it."""
    is_sound: bool = False
    """Whether all of them have to be answered; otherwise the server may refuse any."""


def request(
    *fields: str | bytes,
    body: bytes = b"",
    line: str | bytes = "POST /read HTTP/1.1",
    end: bytes = b"\r\n",
) -> bytes:
    """Return a request with these header fields, sent as they are."""
    lines = [line, "Host: witness", *fields, b"", b""]
    return end.join(it if isinstance(it, bytes) else it.encode("latin-1") for it in lines) + body


def broken(name: str, data: bytes, *requests: str) -> Attack:
    """Return an attack that may be refused wherever a request in it begins or ends."""
    return Attack(name, data, requests)


def sound(name: str, data: bytes, *requests: str) -> Attack:
    """Return an attack that is made of proper requests, to be read as what they are."""
    return Attack(name, data, (*requests, "GET /next"), is_sound=True)


def length(size: int) -> str:
    """Return the field of a length."""
    return f"Content-Length: {size}"


def chunk(data: bytes) -> bytes:
    """Return data as one chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST = b"0\r\n\r\n"
HIDING = LAST + HIDDEN
READ_HIDDEN = f"POST /read {HIDDEN!r}"


def _codings() -> list[Attack]:
    """Return those with a Transfer-Encoding that some take for none, or for another one."""
    both = length(len(HIDING))
    fields: dict[str, tuple[str | bytes, ...]] = {
        "length, then chunked": (both, CHUNKED),
        "chunked, then length": (CHUNKED, both),
        "a length of nothing, then chunked": (length(0), CHUNKED),
        "length and identity": (both, "Transfer-Encoding: identity"),
        "a blank before the colon": (both, "Transfer-Encoding : chunked"),
        "an unknown coding": (both, "Transfer-Encoding: xchunked"),
        "a quoted coding": (both, 'Transfer-Encoding: "chunked"'),
        "a coding behind a vertical tab": (both, "Transfer-Encoding: \x0bchunked"),
        "a coding in a folded line": (both, "Transfer-Encoding:\r\n chunked"),
        "a coding behind a bare LF": (both, "X: x\nTransfer-Encoding: chunked"),
        "a coding behind a bare CR": (both, "X: x\rTransfer-Encoding: chunked"),
        "a NUL in the name": (both, "Transfer-Encoding\0: chunked"),
        "an empty coding": (both, "Transfer-Encoding:"),
        "chunked, then identity": (CHUNKED, "Transfer-Encoding: identity"),
        "identity, then chunked": ("Transfer-Encoding: identity", CHUNKED),
        "chunked twice": (CHUNKED, CHUNKED),
        "chunked twice in one field": ("Transfer-Encoding: chunked, chunked",),
        "chunked is not last": ("Transfer-Encoding: chunked, identity",),
        "identity alone": ("Transfer-Encoding: identity",),
        "a coding that is not undone": ("Transfer-Encoding: gzip, chunked",),
        "a coding without an end": ("Transfer-Encoding: gzip",),
        "a coding with a parameter": ("Transfer-Encoding: chunked;q=1",),
    }
    return [
        *(broken(name, request(*these, body=HIDING)) for name, these in fields.items()),
        broken("both in HTTP/1.0", request(both, CHUNKED, body=HIDING, line="POST /read HTTP/1.0")),
        broken("both in HTTP/2.0", request(both, CHUNKED, body=HIDING, line="POST /read HTTP/2.0")),
        broken(
            "chunks in HTTP/1.0",
            request(CHUNKED, "Connection: keep-alive", body=HIDING, line="POST /read HTTP/1.0"),
        ),
        broken(
            "a fold that looks like a coding",
            request(both, "X: x\r\n Transfer-Encoding: chunked", body=HIDING),
            f"POST /read {HIDING!r}",
            "GET /next",
        ),
        sound(
            "a coding in other letters",
            request("TRANSFER-ENCODING: ChunKed", body=LAST),
            "POST /read b''",
        ),
    ]


def _lengths() -> list[Attack]:
    """Return those whose length is not one number."""
    size = len(HIDDEN)
    values = {
        "a list of lengths": f"{size}, {size + 1}",
        "a signed length": f"+{size}",
        "a negative length": "-1",
        "a hexadecimal length": f"0x{size:x}",
        "two numbers": f"{size} 0",
        "a length with an underscore": f"{size // 10}_{size % 10}",
        "a fraction": f"{size}.0",
        "a length past all bounds": "9" * 40,
        "a length that wraps around": str(2**64 + size),
        "an empty length": "",
        "a length in other digits": "\xb2\xb3",
        "a length behind a NUL": f"\0{size}",
    }
    return [
        *(
            broken(name, request(f"Content-Length: {value}", body=HIDDEN))
            for name, value in values.items()
        ),
        broken("two lengths", request(length(0), length(size), body=HIDDEN)),
        broken("a blank before a length's colon", request(f"Content-Length : {size}", body=HIDDEN)),
        broken("a length too small", request(length(5), body=HIDDEN), f"POST /read {HIDDEN[:5]!r}"),
        sound(
            "a length with zeros in front",
            request(f"Content-Length: 000{size}", body=HIDDEN),
            READ_HIDDEN,
        ),
    ]


def _chunks() -> list[Attack]:
    """Return those whose chunks are out of shape."""
    bodies = {
        "a signed chunk size": b"+5\r\nhello\r\n",
        "a negative chunk size": b"-5\r\nhello\r\n",
        "a hexadecimal prefix": b"0x5\r\nhello\r\n",
        "a chunk size with an underscore": b"0_5\r\nhello\r\n",
        "a blank before the chunk size": b" 5\r\nhello\r\n",
        "a chunk size past all bounds": b"f" * 17 + b"\r\nhello\r\n",
        "a chunk size that wraps around": b"1" + b"0" * 15 + b"5\r\nhello\r\n",
        "no chunk size": b"\r\nhello\r\n",
        "a chunk longer than its size": b"5\r\nhello, world\r\n",
        "a bare LF behind the chunk size": b"5\nhello\r\n",
        "a bare CR behind the chunk size": b"5\rhello\r\n",
        "a bare LF behind the chunk": b"5\r\nhello\n",
        "a bare LF in a chunk extension": b"5;a\nb\r\nhello\r\n",
        "a NUL in a chunk size": b"5\0\r\nhello\r\n",
    }
    return [
        *(
            broken(name, request(CHUNKED, body=body + HIDING), "POST /read")
            for name, body in bodies.items()
        ),
        broken(
            "a length in the trailer",
            request(CHUNKED, body=b"0\r\nContent-Length: 9\r\n\r\n"),
            "POST /read b''",
            "GET /next",
        ),
        sound("a request in a chunk", request(CHUNKED, body=chunk(HIDDEN) + LAST), READ_HIDDEN),
        sound(
            "a chunk extension",
            request(CHUNKED, body=b"%x;a=b\r\n%b\r\n0;c\r\n\r\n" % (len(HIDDEN), HIDDEN)),
            READ_HIDDEN,
        ),
    ]


def _lines() -> list[Attack]:
    """Return those whose lines are out of shape, or name a target in another form."""
    get = "GET /first HTTP/1.1"
    return [
        broken("a field without a colon", request("nonsense", line=get, body=HIDDEN)),
        broken("a field without a name", request(": x", line=get, body=HIDDEN)),
        broken("a blank in a name", request("X Y: x", line=get, body=HIDDEN)),
        broken("a NUL in a value", request("X: a\0b", line=get, body=HIDDEN)),
        broken("a blank before the first field", request(line=f"{get}\r\n X: y", body=HIDDEN)),
        broken("a NUL in the target", request(line="GET /first\0 HTTP/1.1", body=HIDDEN)),
        broken("a blank in the target", request(line="GET /fi rst HTTP/1.1", body=HIDDEN)),
        broken("two hosts", request("Host: other", line=get, body=HIDDEN)),
        broken("a request of HTTP/0.9", b"GET /first\r\n\r\n", "GET /first"),
        broken("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "PRI *"),
        broken(
            "a tunnel",
            request(line="CONNECT witness:80 HTTP/1.1"),
            "CONNECT witness:80",
            "GET /next",
        ),
        sound("no target of its own", request(line="OPTIONS * HTTP/1.1"), "OPTIONS *"),
        sound("a line in the target", request(line="GET /a%0d%0aX:y HTTP/1.1"), "GET /a%0d%0aX:y"),
    ]


def _sequences() -> list[Attack]:
    """Return those that count on what comes behind: bodies nobody reads, pipelines, upgrades."""
    with_length = length(len(HIDDEN))
    ignore, get, upgrade = "POST /ignore HTTP/1.1", "GET /first HTTP/1.1", "GET /ws HTTP/1.1"
    chunks = chunk(HIDDEN) + LAST
    return [
        sound(
            "a body nobody reads", request(with_length, line=ignore, body=HIDDEN), "POST /ignore"
        ),
        sound("chunks nobody reads", request(CHUNKED, line=ignore, body=chunks), "POST /ignore"),
        sound("GET with a body", request(with_length, line=get, body=HIDDEN), "GET /first"),
        sound(
            "HEAD with a body",
            request(with_length, line="HEAD /first HTTP/1.1", body=HIDDEN),
            "HEAD /first",
        ),
        sound("a pipeline", request(length(2), body=b"hi") * 3, *["POST /read b'hi'"] * 3),
        broken(
            "a request behind the last one",
            request("Connection: close", line=get, body=HIDDEN),
            "GET /first",
        ),
        broken("an upgrade with a body", request(*UPGRADE, with_length, line=upgrade, body=HIDDEN)),
        broken("an upgrade with chunks", request(*UPGRADE, CHUNKED, line=upgrade, body=HIDING)),
        broken(
            "a request behind an upgrade", request(*UPGRADE, line=upgrade, body=HIDDEN), "GET /ws"
        ),
        broken(
            "a request behind an upgrade that is refused",
            request(*UPGRADE, line="GET /ignore HTTP/1.1", body=HIDDEN),
            "GET /ignore",
        ),
        broken(
            "an upgrade to HTTP/2 with a body",
            request("Connection: Upgrade", "Upgrade: h2c", with_length, body=HIDDEN),
            READ_HIDDEN,
            "GET /next",
        ),
    ]


ATTACKS = [*_codings(), *_lengths(), *_chunks(), *_lines(), *_sequences()]
