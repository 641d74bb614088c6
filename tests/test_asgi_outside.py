"""Middleware of Starlette's around a router of both kinds."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

import navaros
import velaros
from navaros.errors import ResponseAborted
from navaros.testing import Client as HttpClient
from velaros.testing import Client as SocketClient
from velaros.testing import HandshakeRefused

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from starlette.middleware.base import RequestResponseEndpoint
    from starlette.requests import Request
    from starlette.responses import Response

    from aros_core.asgi.types import ASGIApp, Event

    Wrap = Callable[[ASGIApp], ASGIApp]

TEXT = "all work and no play " * 100


@asynccontextmanager
async def lifespan(router: navaros.Router) -> AsyncGenerator[dict[str, str]]:
    """Yield a name."""
    yield {"name": "both"}


def make_app() -> navaros.Router:
    """Make an application of both kinds."""
    messages = velaros.Router()
    messages.use(velaros.middleware.json())
    app = navaros.Router(lifespan=lifespan)
    app.use(navaros.middleware.json())
    app.use("/ws", messages.middleware())

    @messages.bind("/visits")
    async def heard(ctx: velaros.Context) -> dict[str, Any]:
        visits = ctx.scope.get("session", {}).get("visits", 0)
        return {"visits": visits, "name": ctx.state["name"]}

    @app.get("/visits")
    async def visit(ctx: navaros.Context) -> dict[str, int]:
        session = ctx.scope["session"]
        session["visits"] = session.get("visits", 0) + 1
        return dict(session)

    @app.get("/text")
    async def text(ctx: navaros.Context) -> str:
        ctx.headers["vary"] = "accept"
        return TEXT

    @app.get("/name")
    async def name(ctx: navaros.Context) -> str:
        return ctx.state["name"]

    @app.post("/echo")
    async def echo(ctx: navaros.Context) -> Any:
        return await ctx.unmarshal()

    @app.get("/stream")
    async def stream(ctx: navaros.Context) -> AsyncGenerator[str]:
        for _ in range(10):
            yield TEXT

    @app.get("/broken")
    async def broken(ctx: navaros.Context) -> AsyncGenerator[str]:
        yield TEXT
        raise ZeroDivisionError("halfway")

    @app.get("/failed")
    async def failed(ctx: navaros.Context) -> None:
        raise ZeroDivisionError("at once")

    return app


async def add_header(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Dispatch as Starlette's functions of middleware do."""
    response = await call_next(request)
    response.headers["x-seen"] = "yes"
    return response


WRAPS = {
    "cors": partial(
        CORSMiddleware, allow_origins=["https://a.example"], allow_methods=["GET", "POST"]
    ),
    "gzip": GZipMiddleware,
    "session": partial(SessionMiddleware, secret_key="not a secret"),
    "host": partial(TrustedHostMiddleware, allowed_hosts=["testserver"]),
    "function": partial(BaseHTTPMiddleware, dispatch=add_header),
}


def wrapped(*names: str) -> ASGIApp:
    """Return the application in the named kinds of middleware, the first outermost."""
    app: ASGIApp = make_app()
    for name in reversed(names):
        app = WRAPS[name](app)
    return app


@pytest.fixture(params=[*([name] for name in WRAPS), list(WRAPS)], ids="-".join)
def app(request: pytest.FixtureRequest) -> ASGIApp:
    """Provide the application in each kind of middleware, and in all of them."""
    return wrapped(*request.param)


# What works in each of them


async def test_answers(app: ASGIApp) -> None:
    """Bodies come and go, and the lifespan runs behind the middleware."""
    async with HttpClient(app) as client:
        assert (await client.get("/text")).text == TEXT
        assert (await client.get("/name")).text == "both"
        assert (await client.post("/echo", json=[1, TEXT])).json() == [1, TEXT]
        assert (await client.head("/text")).content == b""
        wrong = await client.post("/text")
        assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_streams(app: ASGIApp) -> None:
    """A stream arrives whole, in more parts than one."""
    async with HttpClient(app) as client:
        response = await client.get("/stream")
    assert response.text == TEXT * 10


async def test_sockets(app: ASGIApp) -> None:
    """Sockets pass through, with the state of the lifespan."""
    async with SocketClient(app).connect("/ws") as socket:
        assert await socket.request("/visits") == {"visits": 0, "name": "both"}


async def test_refused_sockets(app: ASGIApp) -> None:
    """The router's refusals keep their status and body."""
    with pytest.raises(HandshakeRefused, match="Not Found") as refused:
        async with SocketClient(app).connect("/nothing"):
            pass
    assert refused.value.status == 404
    with pytest.raises(HandshakeRefused, match="velaros-json") as refused:
        async with SocketClient(app).connect("/ws", subprotocols=["morse"]):
            pass
    assert refused.value.status == 400


async def test_an_error_before_the_answer(app: ASGIApp, caplog: pytest.LogCaptureFixture) -> None:
    """It is answered with 500 and logged once."""
    async with HttpClient(app) as client:
        response = await client.get("/failed")
    assert (response.status_code, response.json()) == (500, {"error": "Internal Server Error"})
    assert [record.name for record in caplog.records if record.levelname == "ERROR"] == ["navaros"]


async def test_an_error_after_bytes_went_out(
    app: ASGIApp, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged once, and goes through the middleware to the server."""
    async with HttpClient(app) as client:
        with pytest.raises(ZeroDivisionError, match="halfway"):
            await client.get("/broken")
    assert [record.name for record in caplog.records if record.levelname == "ERROR"] == ["navaros"]


@pytest.mark.parametrize("name", [name for name in WRAPS if name != "function"])
async def test_what_breaks_off_never_looks_complete(name: str) -> None:
    """The server gets no end of the body; only `BaseHTTPMiddleware` adds one by itself."""
    events, error = await run(wrapped(name), "/broken")
    assert isinstance(error, ResponseAborted)
    assert [event["more_body"] for event in events[1:]] == [True]


async def run(app: ASGIApp, path: str) -> tuple[list[Event], Exception | None]:
    """Return what the application sends for a request, and what it raises."""
    events: list[Event] = []
    requests: list[Event] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Event:
        if requests:
            return requests.pop()
        return await asyncio.get_running_loop().create_future()

    async def send(event: Event) -> None:
        events.append(event)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"testserver"), (b"accept-encoding", b"gzip")],
        "client": ("127.0.0.1", 50000),
        "server": ("testserver", 80),
        "state": {},
    }
    try:
        await app(scope, receive, send)
    except Exception as error:
        return events, error
    return events, None


# What each of them is for


async def test_cors() -> None:
    """Preflights are answered before the router, and answers are marked, errors too."""
    origin = {"origin": "https://a.example"}
    async with HttpClient(wrapped("cors")) as client:
        for method, status in [("POST", 200), ("PUT", 400)]:
            preflight = {"access-control-request-method": method}
            answer = await client.options("/echo", headers=origin | preflight)
            assert answer.status_code == status
            assert answer.headers["access-control-allow-methods"] == "GET, POST"
        for path, status in [("/text", 200), ("/nothing", 404), ("/failed", 500)]:
            response = await client.get(path, headers=origin)
            assert response.status_code == status
            assert response.headers["access-control-allow-origin"] == "https://a.example"
        text = await client.get("/text", headers=origin)
        assert {field.strip().lower() for field in text.headers["vary"].split(",")} == {
            "accept",
            "origin",
        }
        foreign = await client.get("/text", headers={"origin": "https://b.example"})
        assert "access-control-allow-origin" not in foreign.headers


async def test_gzip(tmp_path: Path) -> None:
    """Whole bodies, streams and files are compressed; parts of files and events are not."""
    router = make_app()
    (tmp_path / "file.txt").write_text(TEXT)

    @router.get("/file")
    async def file(ctx: navaros.Context) -> Path:
        return tmp_path / "file.txt"

    @router.get("/events")
    async def events(ctx: navaros.Context) -> navaros.EventStream:
        async def news() -> AsyncGenerator[str]:
            yield TEXT

        return navaros.EventStream(news())

    async with HttpClient(GZipMiddleware(router)) as client:
        for path in ("/text", "/stream", "/file"):
            response = await client.get(path)
            assert response.headers["content-encoding"] == "gzip", path
            assert response.text.startswith(TEXT), path
            assert int(response.headers.get("content-length", 0)) < len(TEXT), path
        events_response = await client.get("/events")
        assert "content-encoding" not in events_response.headers
        assert events_response.text == f"data: {TEXT}\n\n"
        plain = await client.get("/text", headers={"accept-encoding": "identity"})
        assert int(plain.headers["content-length"]) == len(TEXT)


async def test_sessions() -> None:
    """A session that requests fill is there for sockets."""
    app = wrapped("session")
    async with HttpClient(app) as client, SocketClient(app) as sockets:
        assert (await client.get("/visits")).json() == {"visits": 1}
        assert (await client.get("/visits")).json() == {"visits": 2}
        cookie = {"cookie": f"session={client.cookies['session']}"}
        async with sockets.connect("/ws", headers=cookie) as socket:
            assert await socket.request("/visits") == {"visits": 2, "name": "both"}


async def test_trusted_hosts() -> None:
    """Neither requests nor upgrades reach the router under another host."""
    app = wrapped("host")
    async with HttpClient(app) as client:
        response = await client.get("/text", headers={"host": "evil.example"})
        assert (response.status_code, response.text) == (400, "Invalid host header")
    with pytest.raises(HandshakeRefused, match="Invalid host header") as refused:
        async with SocketClient(app).connect("/ws", headers={"host": "evil.example"}):
            pass
    assert refused.value.status == 400


async def test_function_middleware() -> None:
    """Middleware that is a function changes the answer."""
    async with HttpClient(wrapped("function")) as client:
        for path, status in [("/text", 200), ("/nothing", 404), ("/failed", 500)]:
            response = await client.get(path)
            assert (response.status_code, response.headers["x-seen"]) == (status, "yes")
