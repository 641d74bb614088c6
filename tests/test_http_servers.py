"""Navaros behind uvicorn, with h11 and with httptools, spoken to in bytes over sockets."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import uvicorn

from navaros import ClientDisconnected, Context, Router

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from pathlib import Path


@dataclass
class Reply:
    """A response as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes
    is_complete: bool = True


class Wire:
    """A connection to the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._writer.write(data)

    def ask(self, line: str, *headers: str, body: bytes = b"") -> None:
        """Send a request: its line without the version, and its header fields."""
        head = "\r\n".join([f"{line} HTTP/1.1", "Host: testserver", *headers, "", ""])
        self.send(head.encode() + body)

    async def head(self) -> Reply:
        """Return the next response as far as its head."""
        data = await self._reader.readuntil(b"\r\n\r\n")
        status, *fields = data.decode("latin-1").strip().split("\r\n")
        pairs = (field.split(": ", 1) for field in fields)
        headers = {name.lower(): value for name, value in pairs}
        return Reply(int(status.split()[1]), headers, b"")

    async def chunk(self) -> bytes | None:
        """Return the next chunk, empty at the end; `None` where the connection was cut off."""
        try:
            size = int(await self._reader.readuntil(b"\r\n"), 16)
            return (await self._reader.readexactly(size + 2))[:-2]
        except asyncio.IncompleteReadError:
            return None

    async def reply(self, method: str = "GET") -> Reply:
        """Return the next response."""
        reply = await self.head()
        if method == "HEAD" or reply.status in (100, 204, 304):
            return reply
        if reply.headers.get("transfer-encoding") != "chunked":
            if "content-length" in reply.headers:
                reply.body = await self._reader.readexactly(int(reply.headers["content-length"]))
            else:
                reply.body = await self._reader.read()
            return reply
        while chunk := await self.chunk():
            reply.body += chunk
        reply.is_complete = chunk is not None
        return reply

    async def is_closed(self) -> bool:
        """Wait for the end of the connection; false where there is more to read."""
        return await self._reader.read(1) == b""

    def close(self) -> None:
        """Leave."""
        self._writer.close()


class Site:
    """A running server."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._wires: list[Wire] = []

    async def connect(self) -> Wire:
        """Return a new connection."""
        wire = Wire(*await asyncio.open_connection("127.0.0.1", self._port))
        self._wires.append(wire)
        return wire

    def close(self) -> None:
        """Leave all connections."""
        for wire in self._wires:
            wire.close()


@asynccontextmanager
async def serving(app: Router, http: str) -> AsyncGenerator[Site]:
    """Run a server for the block."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, http=http, ws="wsproto", log_config=None, timeout_graceful_shutdown=5)  # pyright: ignore[reportArgumentType]
    )
    running = asyncio.create_task(server.serve(sockets=[listener]))
    site = Site(listener.getsockname()[1])
    try:
        yield site
    finally:
        site.close()
        server.should_exit = True
        await running


@pytest.fixture(params=["h11", "httptools"])
def http(request: pytest.FixtureRequest) -> str:
    """Each of uvicorn's parsers."""
    return request.param


@pytest.fixture
def app() -> Router:
    """A router with a little of everything."""
    app = Router(max_request_body_size=10)

    @app.get("/text")
    async def text(ctx: Context) -> str:
        return "text"

    @app.get("/empty")
    async def empty(ctx: Context) -> None:
        ctx.status = 204
        ctx.body = "never sent"

    @app.get("/stream")
    async def stream(ctx: Context) -> AsyncIterator[str]:
        yield "one"
        yield "two"

    @app.post("/echo")
    async def echo(ctx: Context) -> bytes:
        return await ctx.read()

    @app.get("/cut-off")
    async def cut_off(ctx: Context) -> None:
        await ctx.write("half")
        raise LookupError("boom")

    @app.get("/short")
    async def short(ctx: Context) -> None:
        ctx.headers["content-length"] = "10"
        await ctx.write("half")

    @app.get("/error")
    async def error(ctx: Context) -> None:
        raise LookupError("boom")

    return app


async def test_one_connection_serves_many_requests(app: Router, http: str) -> None:
    """Every kind of answer leaves the connection fit for the next request."""
    async with serving(app, http) as site:
        wire = await site.connect()
        for line, status, body in [
            ("GET /text", 200, b"text"),
            ("HEAD /text", 200, b""),
            ("GET /empty", 204, b""),
            ("GET /stream", 200, b"onetwo"),
            ("HEAD /stream", 200, b""),
            ("POST /text", 405, b"Method Not Allowed"),
            ("OPTIONS /text", 204, b""),
            ("GET /error", 500, b"Internal Server Error"),
            ("GET /missing", 404, b"Not Found"),
            ("GET /text", 200, b"text"),
        ]:
            wire.ask(line)
            reply = await wire.reply(line.split()[0])
            assert (reply.status, reply.body, reply.is_complete) == (status, body, True), line


async def test_pipelined_requests(app: Router, http: str) -> None:
    """Requests that are sent at once are answered in their order."""
    async with serving(app, http) as site:
        wire = await site.connect()
        wire.ask("GET /text")
        wire.ask("POST /echo", "Content-Length: 2", body=b"hi")
        wire.ask("GET /stream")
        assert [(await wire.reply()).body for _ in range(3)] == [b"text", b"hi", b"onetwo"]


async def test_a_stream_arrives_as_it_is_made(http: str) -> None:
    """The first chunk is there before the second one is made."""
    app = Router()
    arrived = asyncio.Event()

    @app.get("/")
    async def handler(ctx: Context) -> AsyncIterator[str]:
        yield "one"
        await arrived.wait()
        yield "two"

    async with serving(app, http) as site:
        wire = await site.connect()
        wire.ask("GET /")
        assert (await wire.head()).status == 200
        assert await wire.chunk() == b"one"
        arrived.set()
        assert [await wire.chunk(), await wire.chunk()] == [b"two", b""]


async def test_flush_sends_the_head(http: str) -> None:
    """The head arrives while the handler still works."""
    app = Router()
    arrived = asyncio.Event()

    @app.get("/")
    async def handler(ctx: Context) -> None:
        await ctx.flush()
        await arrived.wait()
        await ctx.write("body")

    async with serving(app, http) as site:
        wire = await site.connect()
        wire.ask("GET /")
        assert (await wire.head()).status == 200
        arrived.set()
        assert await wire.chunk() == b"body"


async def test_a_generator_is_closed_when_the_client_leaves(http: str) -> None:
    """Even while it waits for something that never comes."""
    app = Router()
    closed = asyncio.Event()

    @app.get("/")
    async def handler(ctx: Context) -> AsyncIterator[str]:
        try:
            yield "one"
            await asyncio.get_running_loop().create_future()
        finally:
            closed.set()

    async with serving(app, http) as site:
        wire = await site.connect()
        wire.ask("GET /")
        await wire.head()
        wire.close()
        await closed.wait()


async def test_a_handler_learns_that_the_client_left(http: str) -> None:
    """It runs to its end; only writing to nobody is refused."""
    app = Router()
    waiting, ended = asyncio.Event(), asyncio.Event()

    @app.post("/")
    async def handler(ctx: Context) -> str:
        waiting.set()
        await ctx.wait_done()
        assert ctx.is_done
        with pytest.raises(ClientDisconnected):
            await ctx.write("nobody hears this")
        ended.set()
        return "nor this"

    async with serving(app, http) as site:
        wire = await site.connect()
        wire.ask("POST /", "Content-Length: 3", body=b"abc")
        await waiting.wait()
        wire.close()
        await ended.wait()


async def test_an_endless_writer_ends_with_its_client(http: str) -> None:
    """A loop that only writes is stopped, and the server stays responsive."""
    app = Router()
    ended = asyncio.Event()

    @app.get("/")
    async def handler(ctx: Context) -> None:
        try:
            while True:
                await ctx.write(b"x" * 1000)
        finally:
            ended.set()

    async with serving(app, http) as site:
        wire = await site.connect()
        wire.ask("GET /")
        await wire.head()
        wire.close()
        await ended.wait()


async def test_a_client_that_leaves_in_the_midst_of_its_body(
    http: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The reader learns of it, and no error is logged."""
    app = Router()
    learned = asyncio.Event()

    @app.post("/")
    async def handler(ctx: Context) -> None:
        try:
            await ctx.read()
        except ClientDisconnected:
            learned.set()
            raise

    async with serving(app, http) as site:
        wire = await site.connect()
        wire.ask("POST /", "Content-Length: 10", body=b"half")
        wire.close()
        await learned.wait()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_bodies_past_the_limit(app: Router, http: str) -> None:
    """A declared one is refused before it is sent, a chunked one as soon as it is too long."""
    async with serving(app, http) as site:
        declared = await site.connect()
        declared.ask("POST /echo", "Content-Length: 11")
        assert (await declared.reply()).status == 413
        chunked = await site.connect()
        chunked.ask(
            "POST /echo", "Transfer-Encoding: chunked", body=b"6\r\n123456\r\n5\r\n12345\r\n"
        )
        assert (await chunked.reply()).status == 413


async def test_a_body_that_waits_to_be_wanted(app: Router, http: str) -> None:
    """A client that expects 100 is told to go on when somebody reads, or refused before."""
    async with serving(app, http) as site:
        wire = await site.connect()
        wire.ask("POST /echo", "Content-Length: 2", "Expect: 100-continue")
        assert (await wire.reply()).status == 100
        wire.send(b"hi")
        assert (await wire.reply()).body == b"hi"
        wire.ask("POST /echo", "Content-Length: 11", "Expect: 100-continue")
        assert (await wire.reply()).status == 413


@pytest.mark.parametrize("path", ["/cut-off", "/short"])
async def test_a_broken_answer_is_cut_off(
    app: Router, http: str, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody can take half of it for the whole, and its error is told in one place."""
    async with serving(app, http) as site:
        wire = await site.connect()
        wire.ask(f"GET {path}")
        head = await wire.head()
        assert head.status == 200
        if path == "/cut-off":
            assert await wire.chunk() == b"half"
            assert await wire.chunk() is None
        else:
            assert int(head.headers["content-length"]) > len(b"half")
            with pytest.raises(asyncio.IncompleteReadError):
                await wire._reader.readexactly(10)  # pyright: ignore[reportPrivateUsage]
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.name for record in errors] == ["navaros", "uvicorn.error"]
    reason = "LookupError: boom" if path == "/cut-off" else "shorter than its Content-Length"
    assert caplog.text.count(reason) == 1


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: 3", "Transfer-Encoding: chunked"],
        ["Content-Length: 3", "Content-Length: 4"],
        ["Content-Length: three"],
    ],
)
async def test_an_uncertain_end_is_refused(app: Router, http: str, headers: list[str]) -> None:
    """By the server or by us, with 400 and the end of the connection."""
    async with serving(app, http) as site:
        wire = await site.connect()
        wire.ask("POST /echo", *headers, body=b"0\r\n\r\nGET /text HTTP/1.1\r\n\r\n")
        reply = await wire.reply()
        assert reply.status == 400
        assert reply.headers.get("connection") == "close"


async def test_an_uncertain_host_is_refused(app: Router, http: str) -> None:
    """Two hosts are one too many, whichever the server would take for the right one."""
    async with serving(app, http) as site:
        wire = await site.connect()
        wire.ask("GET /text", "Host: evil.com")
        assert (await wire.reply()).status == 400
        assert await wire.is_closed()


@pytest.mark.parametrize(
    ("line", "headers", "body", "statuses"),
    [
        ("GET /" + "a" * 3000, [], b"", {414}),
        ("GET /%00%ff%zz", [], b"", {404}),
        ("GET /text/../../etc/passwd", [], b"", {404}),
        ("G@T /text", [], b"", {400}),
        ("GET /te xt", [], b"", {400}),
        ("GET /text", ["No colon"], b"", {400}),
        ("GET /text", ["X: a\0b"], b"", {400}),
        ("GET /text", ["Bad name: x"], b"", {400}),
        ("GET http://evil.com/text", [], b"", {200, 404}),
        ("OPTIONS *", [], b"", {404}),
        ("POST /echo", ["Content-Length: -1"], b"", {400}),
        ("POST /echo", ["Content-Length: 1e3"], b"", {400}),
        ("POST /echo", ["Content-Length: 1, 2"], b"", {400}),
        ("POST /echo", ["Content-Length: 1", "Content-Length: 2"], b"ab", {400}),
        ("POST /echo", ["Transfer-Encoding: gzip"], b"", {400, 501}),
        ("POST /echo", ["Transfer-Encoding: chunked"], b"x\r\n", {400}),
        ("POST /echo", ["Transfer-Encoding: chunked"], b"-1\r\n", {400}),
        ("POST /echo", ["Content-Length: 999999999"], b"", {413}),
    ],
)
async def test_malformed_requests(
    app: Router,
    http: str,
    line: str,
    headers: list[str],
    body: bytes,
    statuses: set[int],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """By the server or by us, each is refused without an error of ours, and the next is served."""
    async with serving(app, http) as site:
        wire = await site.connect()
        wire.ask(line, *headers, body=body)
        assert (await wire.reply()).status in statuses
        other = await site.connect()
        other.ask("GET /text")
        assert (await other.reply()).body == b"text"
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_an_upgrade_with_a_body_is_refused(app: Router, http: str) -> None:
    """So that a body is never taken for frames."""
    async with serving(app, http) as site:
        wire = await site.connect()
        wire.ask(
            "GET /text",
            "Upgrade: websocket",
            "Connection: upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            "Content-Length: 3",
            body=b"abc",
        )
        assert (await wire.reply()).status == 400


async def test_a_refused_upgrade_is_answered(app: Router, http: str) -> None:
    """What nothing takes over gets the chain's own status and body."""
    async with serving(app, http) as site:
        wire = await site.connect()
        wire.ask(
            "GET /missing",
            "Upgrade: websocket",
            "Connection: upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
        )
        reply = await wire.reply()
        assert (reply.status, reply.body) == (404, b"Not Found")


async def test_a_long_path_is_refused(app: Router, http: str) -> None:
    """The limit counts what was sent."""
    async with serving(app, http) as site:
        wire = await site.connect()
        wire.ask("GET /" + "%41" * 700)
        assert (await wire.reply()).status == 414


@pytest.mark.parametrize(
    "data", [b"\0\1\2\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nbad header\r\n\r\n"]
)
async def test_what_is_no_request_hurts_nobody(app: Router, http: str, data: bytes) -> None:
    """The server refuses it, and goes on with others."""
    async with serving(app, http) as site:
        broken, fine = await site.connect(), await site.connect()
        broken.send(data)
        assert (await broken.reply()).status == 400
        fine.ask("GET /text")
        assert (await fine.reply()).body == b"text"


async def test_files_and_their_parts(http: str, tmp_path: Path) -> None:
    """A file has its length; a part of it says which one it is."""
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(range(256)) * 1024)
    app = Router()

    @app.get("/")
    async def handler(ctx: Context) -> Path:
        return path

    async with serving(app, http) as site:
        wire = await site.connect()
        wire.ask("GET /")
        assert (await wire.reply()).body == path.read_bytes()
        wire.ask("GET /", "Range: bytes=256-259")
        part = await wire.reply()
        assert (part.status, part.body) == (206, b"\0\1\2\3")
        assert part.headers["content-range"] == "bytes 256-259/262144"
        wire.ask("HEAD /")
        assert (await wire.reply("HEAD")).headers["content-length"] == "262144"
        wire.ask("GET /", f"If-None-Match: {part.headers['etag']}")
        assert (await wire.reply()).status == 304


async def test_two_readers_of_one_connection_are_not_mixed_up(http: str) -> None:
    """The watch for the client's leaving leaves a pipelined request alone."""
    app = Router()

    @app.get("/:name")
    async def handler(ctx: Context) -> AsyncIterator[str]:
        assert not ctx.is_done
        yield ctx.params["name"]
        await asyncio.sleep(0)
        yield "!"

    async with serving(app, http) as site:
        wire = await site.connect()
        wire.ask("GET /a")
        wire.ask("GET /b")
        assert [(await wire.reply()).body for _ in range(2)] == [b"a!", b"b!"]
