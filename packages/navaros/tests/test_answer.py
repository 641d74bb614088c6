"""What is sent as things stand, and `response_status`, which tells it at any time."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import Any

import pytest

from navaros import (
    Context,
    Error,
    EventStream,
    FieldError,
    HTTPError,
    Redirect,
    Router,
    UnmarshalError,
    middleware,
)

from .exchange import Exchange, ask


class Foretelling(Router):
    """A router whose middleware notes what it was told of the status."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[int] = []


def answering(
    body: Any = None, status: int | None = None, error: Exception | None = None
) -> Foretelling:
    """Return a router that answers so."""
    app = Foretelling()
    app.use(middleware.json())

    @app.use
    async def watch(ctx: Context) -> None:
        await ctx.next()
        app.told.append(ctx.response_status)

    @app.all("/**")
    async def handler(ctx: Context) -> None:
        ctx.status = status
        ctx.body = body() if callable(body) else body
        ctx.error = error

    return app


async def sent(app: Foretelling, method: str = "GET", path: str = "/", **options: Any) -> Exchange:
    """Return the exchange, having checked that the status was foretold."""
    answer = await ask(app, method, path, **options)
    assert app.told == [answer.status]
    return answer


@pytest.mark.parametrize(
    ("body", "status", "error", "expected"),
    [
        (None, None, None, 404),
        (None, 204, None, 204),
        (None, 404, None, 404),
        ("text", None, None, 200),
        ("", None, None, 200),
        (b"", None, None, 200),
        ([], None, None, 200),
        (False, None, None, 200),
        ("text", 418, None, 418),
        (lambda: Redirect("/x"), None, None, 302),
        (lambda: Redirect("/x"), 301, None, 301),
        (lambda: Redirect("/x", 307), 301, None, 307),
        (lambda: io.BytesIO(b"file"), None, None, 200),
        (lambda: iter(["a"]), 202, None, 202),
        (lambda: EventStream(iter(["a"])), None, None, 200),
        (lambda: Path(__file__), None, None, 200),
        (lambda: Path(__file__), 404, None, 404),
        (lambda: Path(__file__), 204, None, 204),
        (lambda: Path("missing"), None, None, 404),
        (lambda: Path("missing"), 204, None, 204),
        (Error("no"), None, None, 400),
        (Error("no"), 409, None, 409),
        ([FieldError("a", "b")], None, None, 400),
        (UnmarshalError("no"), None, None, 400),
        (None, None, ValueError(), 500),
        (None, None, HTTPError(403), 403),
        (None, None, Error("no"), 400),
        (object, None, None, 500),
        ("\ud800", None, None, 500),
    ],
)
async def test_the_status_is_told_beforehand(
    body: Any, status: int | None, error: Exception | None, expected: int
) -> None:
    """What `response_status` says in middleware is what goes out, inferred or not."""
    assert (await sent(answering(body, status, error))).status == expected


async def test_it_is_told_where_no_route_matches() -> None:
    """404, 405 and the answer to OPTIONS are told as well, before and after the rest."""
    app = Router()
    told: list[int] = []

    @app.use
    async def watch(ctx: Context) -> None:
        told.append(ctx.response_status)
        await ctx.next()
        told.append(ctx.response_status)

    @app.get("/x")
    async def handler(ctx: Context) -> str:
        return "x"

    for method, path, status in [("PUT", "/x", 405), ("OPTIONS", "/x", 204), ("GET", "/y", 404)]:
        assert (await ask(app, method, path)).status == status
        assert told == [status, status]
        told.clear()


async def test_it_is_told_of_conditional_requests(tmp_path: Path) -> None:
    """A file that the client has makes a 304, a part of it a 206."""
    file = tmp_path / "file.txt"
    file.write_bytes(b"0123456789")
    full = await sent(answering(file))
    assert full.headers["content-type"] == "text/plain; charset=utf-8"
    condition = {"if-none-match": full.headers["etag"]}
    assert (await sent(answering(file), headers=condition)).status == 304
    part = await sent(answering(file), headers={"range": "bytes=2-3"})
    assert (part.status, part.body) == (206, b"23")
    beyond = await sent(answering(file), headers={"range": "bytes=20-"})
    assert (beyond.status, beyond.headers["content-range"]) == (416, "bytes */10")


async def test_it_stays_what_went_out() -> None:
    """Once the response began, nothing changes it, errors neither."""
    app = Router()
    told: list[int] = []

    @app.use
    async def watch(ctx: Context) -> None:
        await ctx.next()
        ctx.error = None
        told.append(ctx.response_status)

    @app.get("/")
    async def handler(ctx: Context) -> None:
        ctx.status = 202
        await ctx.write("a")
        told.append(ctx.response_status)
        raise ValueError

    assert (await ask(app)).status == 202
    assert told == [202, 202]


async def test_asking_sends_nothing_and_consumes_nothing() -> None:
    """A stream is whole after somebody asked for the status."""
    answer = await sent(answering(lambda: iter(["a", "b"])))
    assert answer.body == b"ab"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("text", "text/plain; charset=utf-8"),
        (b"bytes", "application/octet-stream"),
        ({"a": 1}, "application/json"),
        (Error("no"), "application/json"),
    ],
)
async def test_content_types(body: Any, content_type: str) -> None:
    """Each kind has its type, said once; the length is that of the bytes."""
    answer = await sent(answering(body))
    assert answer.headers.getall("content-type") == [content_type]
    assert answer.headers.getall("content-length") == [str(len(answer.body))]


async def test_the_handlers_own_type_wins() -> None:
    """A type that was set is not set again."""
    app = Router()

    @app.get("/")
    async def handler(ctx: Context) -> str:
        ctx.headers["Content-Type"] = "text/html"
        return "<p>"

    assert (await ask(app)).headers.getall("content-type") == ["text/html"]


async def test_the_codec_that_accept_prefers() -> None:
    """Among several codecs the client chooses."""
    app = Router()
    app.use(middleware.json())
    app.use(middleware.msgpack())

    @app.get("/")
    async def handler(ctx: Context) -> dict[str, int]:
        return {"a": 1}

    assert (await ask(app)).headers["content-type"] == "application/json"
    accept = [("accept", "text/html"), ("accept", "application/msgpack")]
    answer = await ask(app, headers=accept)
    assert answer.headers["content-type"] == "application/msgpack"
    assert answer.body == b"\x81\xa1a\x01"


async def test_the_codec_that_read_the_request() -> None:
    """Without a preference, the answer speaks the request's language."""
    app = Router()
    app.use(middleware.json())
    app.use(middleware.msgpack())

    @app.post("/")
    async def handler(ctx: Context) -> Any:
        return await ctx.unmarshal()

    answer = await ask(app, "POST", "/", b"\x01", headers={"content-type": "application/msgpack"})
    assert answer.body == b"\x01"


@pytest.mark.parametrize("status", [100, 204, 205, 304])
async def test_no_body_where_there_can_be_none(status: int) -> None:
    """A body on such a status is not sent, nor its type."""
    for body in ("text", {"a": 1}, object):
        answer = await sent(answering(body, status))
        assert answer.body == b""
        assert "content-type" not in answer.headers
        assert answer.headers.get("content-length", "0") == "0"


async def test_head_is_get_without_the_body() -> None:
    """`HEAD` has the headers of `GET`, the length among them."""
    app = answering("text")
    answer = await sent(app, "HEAD")
    assert answer.body == b""
    assert answer.headers["content-length"] == "4"


async def test_a_handler_of_head_may_know_the_length() -> None:
    """Its own length is sent, although there are no bytes to count."""
    app = Router()

    @app.head("/")
    async def handler(ctx: Context) -> str:
        ctx.headers["content-length"] = "1000"
        return ""

    answer = await ask(app, "HEAD")
    assert (answer.headers["content-length"], answer.body) == ("1000", b"")


async def test_a_wrong_length_is_our_fault(caplog: pytest.LogCaptureFixture) -> None:
    """A length that is not the body's is logged, and answered with 500 instead of sent."""
    app = Router()

    @app.get("/")
    async def handler(ctx: Context) -> str:
        ctx.headers["content-length"] = "1"
        return "text"

    answer = await ask(app)
    assert (answer.status, answer.body) == (500, b"Internal Server Error")
    assert answer.headers["content-length"] == str(len(answer.body))
    assert "Content-Length says 1" in caplog.text


@pytest.mark.parametrize("text", ["a\r\nb: c", "a\0"])
async def test_headers_of_errors_are_checked(text: str, caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be a header is not sent, wherever it comes from."""
    app = answering(error=HTTPError(403, headers={"x": text}))
    answer = await sent(app)
    assert answer.status == 500
    assert "x" not in answer.headers
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1


@pytest.mark.parametrize(
    ("to", "location"),
    [
        ("/new", "/new"),
        ("sibling", "/a/sibling"),
        ("../up", "/up"),
        ("?q=1", "/a/b%20c?q=1"),
        ("https://example.com/x", "https://example.com/x"),
    ],
)
async def test_redirects(to: str, location: str) -> None:
    """A relative target resolves against the path as it was sent."""
    app = answering(lambda: Redirect(to))
    answer = await sent(app, path="/a/b c", raw_path=b"/a/b%20c")
    assert (answer.status, answer.headers["location"], answer.body) == (302, location, b"")


@pytest.mark.parametrize("to", ["//evil.com", "/\\evil.com", "javascript:x", "/a\r\nb"])
async def test_redirects_that_leave_the_host(to: str) -> None:
    """A target that is not what it seems is refused where it is made."""
    assert (await sent(answering(error=None, body=lambda: Redirect("/ok")))).status == 302
    with pytest.raises(ValueError, match="cannot redirect"):
        Redirect(to)


async def test_unhandled_errors_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """The log has the traceback, and the client none of it."""
    app = Router()

    @app.get("/")
    async def handler(ctx: Context) -> None:
        raise LookupError("secret")

    answer = await ask(app)
    assert (answer.status, answer.body) == (500, b"Internal Server Error")
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("navaros", logging.ERROR)
    assert "LookupError: secret" in caplog.text


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (HTTPError(403, "why"), 403, b'{"error":"why"}'),
        (Error("no"), 400, b'{"error":"no"}'),
        (
            FieldError("email", "is required"),
            400,
            b'{"error":"Validation error","fields":[{"email":"is required"}]}',
        ),
        (UnmarshalError("unreadable"), 400, b'{"error":"unreadable"}'),
        (ValueError("secret"), 500, b'{"error":"Internal Server Error"}'),
    ],
)
async def test_errors_through_the_codec(error: Exception, status: int, body: bytes) -> None:
    """With a codec, errors have their shape in it."""
    answer = await sent(answering(error=error))
    assert (answer.status, answer.body) == (status, body)


async def test_a_body_without_a_codec(caplog: pytest.LogCaptureFixture) -> None:
    """The client gets a 500, and the log says what to add."""
    app = Router()

    @app.get("/")
    async def handler(ctx: Context) -> dict[str, int]:
        return {"a": 1}

    assert (await ask(app)).status == 500
    assert "app.use(middleware.json())" in caplog.text


async def test_an_error_and_a_page_for_it(tmp_path: Path) -> None:
    """A file as the body of an error has the error's status, and heeds no conditions."""
    page = tmp_path / "500.html"
    page.write_text("sorry")
    app = Router()

    @app.use
    async def pages(ctx: Context) -> None:
        await ctx.next()
        if ctx.error:
            ctx.body = page

    @app.get("/")
    async def handler(ctx: Context) -> None:
        raise LookupError

    answer = await ask(app, headers={"range": "bytes=0-1"})
    assert (answer.status, answer.body) == (500, b"sorry")
