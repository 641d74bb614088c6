"""What clients get wrong, by mistake or not, is answered with 4xx and leaves no trace."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from navaros import Context, Redirect, Router, asgi, middleware

from .exchange import Exchange, http_scope

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

JSON = "application/json"
MSGPACK = "application/msgpack"
PROTOBUF = "application/protobuf"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
DEEP = 100_000


@dataclass
class Album:
    """What the application reads."""

    title: str
    year: int


def make_app(folder: Path) -> Router:
    """Return an application that reads, by one route each, whatever a request consists of."""
    (folder / "file.txt").write_bytes(b"0123456789")
    inner = Router(max_request_body_size=1000)
    app = Router(max_request_body_size=1_000_000)
    for codec in (middleware.json(), middleware.msgpack(), middleware.protobuf()):
        app.use(codec)

    @app.post("/album")
    async def album(ctx: Context) -> Any:
        return await ctx.unmarshal(Album)

    @app.post("/plain")
    async def plain(ctx: Context) -> Any:
        return [await ctx.unmarshal()]

    @app.post("/form")
    async def form(ctx: Context) -> Any:
        return list(await ctx.form())

    @app.get("/file/:name")
    async def file(ctx: Context) -> Path:
        return folder / ctx.params["name"]

    @app.get("/facts")
    async def facts(ctx: Context) -> Any:
        url = [ctx.url, ctx.raw_path, ctx.request_host, ctx.protocol, ctx.request_content_length]
        return [*url, dict(ctx.request_cookies), list(ctx.query.items()), ctx.remote_address]

    @app.get("/relative")
    async def relative(ctx: Context) -> Redirect:
        return Redirect("?next")

    @inner.post("/inner")
    async def read(ctx: Context) -> bytes:
        return await ctx.read()

    app.use("/mounted", asgi(inner))
    return app


async def answer_to(
    app: Router,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    query: bytes = b"",
) -> Exchange:
    """Return the answer to a request whose header fields are Latin-1, as servers take them."""
    scope = http_scope(method, path, query_string=query)
    scope["headers"] = [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items()
    ]
    return await Exchange(app, scope, body).run()


def complaints(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return what was logged for people to see; the parser of forms has warnings of its own."""
    return [
        record
        for record in caplog.records
        if record.levelno > logging.DEBUG and not record.name.startswith("python_multipart")
    ]


def part(head: str, content: bytes = b"1") -> bytes:
    """Return a part of a form."""
    return f"--b\r\n{head}\r\n\r\n".encode() + content + b"\r\n"


END = b"--b--\r\n"
NAMED = 'Content-Disposition: form-data; name="a"'

BODIES: list[tuple[str, str, bytes, int]] = [
    ("/album", JSON, b"", 400),
    ("/album", JSON, b"{", 400),
    ("/album", JSON, b"[]", 400),
    ("/album", JSON, b'{"title":1,"year":"x"}', 400),
    ("/album", JSON, b'{"title":"a","year":1e999}', 400),
    ("/album", JSON, b'{"title":"a","year":' + b"9" * 5000 + b"}", 400),
    ("/album", JSON, b'{"title":"\xff","year":1}', 400),
    ("/album", JSON, b'{"title":"\\ud800","year":1}', 400),
    ("/album", JSON, b"\xef\xbb\xbf{}", 400),
    ("/plain", JSON, b"[" * DEEP, 400),
    ("/plain", JSON, b'{"a":' * DEEP, 400),
    ("/plain", JSON, b"1 2", 400),
    ("/plain", JSON, b"NaN", 400),
    ("/plain", MSGPACK, b"\xc1", 400),
    ("/plain", MSGPACK, b"\x91" * DEEP, 400),
    ("/plain", MSGPACK, b"\xdd\xff\xff\xff\xff", 400),
    ("/plain", MSGPACK, b"\xc6\xff\xff\xff\xffa", 400),
    ("/plain", MSGPACK, b"\x01\x02", 400),
    ("/album", MSGPACK, b"\x82\xa5title\x01", 400),
    ("/album", PROTOBUF, b"\xff\xff\xff", 415),
    ("/plain", PROTOBUF, b"\n\x01a", 415),
    ("/plain", "text/plain", b"1", 415),
    ("/plain", "", b"1", 415),
    ("/plain", "application/json, application/json", b"1", 415),
    ("/plain", JSON, b"1" * 1_000_001, 413),
    ("/form", JSON, b"{}", 415),
    ("/form", "multipart/mixed; boundary=b", END, 415),
    ("/form", "multipart/form-data", END, 400),
    ("/form", "multipart/form-data; boundary=" + "b" * 5000, END, 400),
    ("/form", 'multipart/form-data; boundary="' + "\\" * 5000, END, 400),
    ("/form", MULTIPART, b"", 400),
    ("/form", MULTIPART, b"garbage", 400),
    ("/form", MULTIPART, part(NAMED), 400),
    ("/form", MULTIPART, part("Content-Disposition: form-data") + END, 400),
    ("/form", MULTIPART, part("X: " + "a" * 100_000) + END, 400),
    ("/form", MULTIPART, part("\r\n".join(["X: y"] * 5000)) + END, 400),
    ("/form", MULTIPART, part("No Colon") + END, 400),
    ("/form", MULTIPART, part(NAMED) * 1001 + END, 413),
    ("/form", MULTIPART, part(f'{NAMED}; filename="f"') * 1001 + END, 413),
    ("/form", FORM, b"a&" * 1001, 413),
    ("/mounted/inner", JSON, b"a" * 1001, 413),
]


@pytest.mark.parametrize(("path", "content_type", "body", "status"), BODIES)
async def test_bodies(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    path: str,
    content_type: str,
    body: bytes,
    status: int,
) -> None:
    """Each is answered by what is wrong with it, and none is worth a warning."""
    answer = await answer_to(make_app(tmp_path), "POST", path, {"content-type": content_type}, body)
    assert answer.status == status
    assert answer.is_complete
    assert complaints(caplog) == []


HEADERS: list[tuple[str, dict[str, str], int]] = [
    ("/file/file.txt", {"range": "bytes=" + "0-," * 1000}, 416),
    ("/file/file.txt", {"range": "bytes=10-"}, 416),
    ("/file/file.txt", {"range": "bytes=-0"}, 416),
    ("/file/file.txt", {"range": "bytes=" + "9" * 5000 + "-"}, 200),
    ("/file/file.txt", {"range": "bytes=5-2"}, 200),
    ("/file/file.txt", {"range": "lines=1-2"}, 200),
    ("/file/file.txt", {"range": "\xff"}, 200),
    ("/file/file.txt", {"if-match": "nonsense"}, 412),
    ("/file/file.txt", {"if-none-match": '"' * 30_000}, 200),
    ("/file/file.txt", {"if-modified-since": "1" * 30_000}, 200),
    ("/file/file.txt", {"if-modified-since": "Thu, 99 Foo 99999 99:99:99 GMT"}, 200),
    ("/file/missing", {"range": "bytes=0-1", "if-match": '"a"'}, 404),
    ("/file/a\0b", {}, 404),
    ("/file/" + "a" * 2000, {}, 404),
    ("/file/" + "a" * 2100, {}, 414),
    ("/facts", {"cookie": ";=;;\xff=\xfe;a=" + "1;" * 8000}, 200),
    ("/facts", {"host": "a b/c@d"}, 400),
    ("/facts", {"host": "a\\evil.com"}, 400),
    ("/facts", {"content-length": "1e3"}, 400),
    ("/facts", {"content-length": "9" * 5000}, 400),
    ("/facts", {"content-length": "1", "transfer-encoding": "chunked"}, 400),
    ("/facts", {"content-length": "1", "upgrade": "websocket"}, 400),
    ("/facts", {"accept": ";;,=,q=;q=\xff" + "a/b;q=0.1," * 3000}, 200),
    ("/facts", {"accept": "application/protobuf"}, 200),
    ("/nowhere", {"accept": "application/protobuf"}, 404),
]


@pytest.mark.parametrize(("path", "headers", "status"), HEADERS)
async def test_headers(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    path: str,
    headers: dict[str, str],
    status: int,
) -> None:
    """What makes no sense is refused or, where RFC 9110 has it so, passed over."""
    answer = await answer_to(make_app(tmp_path), "GET", path, headers)
    assert answer.status == status
    assert answer.is_complete
    assert complaints(caplog) == []


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Router:
    """One application for all that is made up."""
    return make_app(tmp_path_factory.mktemp("bad"))


FIELDS = st.sampled_from(
    [
        "accept",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "range",
        "transfer-encoding",
        "upgrade",
    ]
)
WORDS = st.sampled_from(
    [JSON, MSGPACK, PROTOBUF, FORM, MULTIPART, "bytes=", "0-1", '"a"', "W/", "*", ";q=", ",", "="]
)
VALUES = st.lists(WORDS | st.text(st.characters(max_codepoint=255), max_size=10), max_size=6).map(
    "".join
)
PATHS = st.sampled_from(
    ["/album", "/plain", "/form", "/file/file.txt", "/facts", "/relative", "/mounted/inner", "//x"]
)


@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "BREW"]),
    path=PATHS,
    headers=st.dictionaries(FIELDS, VALUES, max_size=3),
    body=st.binary(max_size=50),
    query=st.binary(max_size=20),
)
async def test_whatever_comes(
    app: Router, method: str, path: str, headers: dict[str, str], body: bytes, query: bytes
) -> None:
    """No request, however made up, is answered with a server's error."""
    answer = await answer_to(app, method, path, headers, body, query)
    assert answer.status < 500
    assert answer.is_complete
