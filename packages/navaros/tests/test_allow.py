"""What no handler answered: 404, 405 and the answer to OPTIONS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from navaros import Context, Router, middleware

from .exchange import Exchange, ask, upgrade_scope

if TYPE_CHECKING:
    from aros_core.asgi.types import Event, Receive, Scope, Send


async def nothing(ctx: Context) -> None:
    """Answer nothing."""


async def text(ctx: Context) -> str:
    """Answer with a text."""
    return "text"


@pytest.fixture
def app() -> Router:
    """A router with a path for two methods, one for all and one that nobody answers."""
    app = Router()
    app.get("/two", text)
    app.post("/two", text)
    app.all("/all", nothing)
    app.get("/silent", nothing)
    app.get(r"/number/:n(\d+)", text)
    app.use("/guarded", nothing)
    app.get("/guarded", text)
    return app


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/two", 200, None),
        ("DELETE", "/two", 405, "GET, HEAD, OPTIONS, POST"),
        ("PROPFIND", "/two", 405, "GET, HEAD, OPTIONS, POST"),
        ("OPTIONS", "/two", 204, "GET, HEAD, OPTIONS, POST"),
        ("DELETE", "/all", 404, None),
        ("PROPFIND", "/all", 404, None),
        ("OPTIONS", "/all", 404, None),
        ("GET", "/silent", 404, None),
        ("HEAD", "/silent", 404, None),
        ("POST", "/silent", 405, "GET, HEAD, OPTIONS"),
        ("GET", "/missing", 404, None),
        ("OPTIONS", "/missing", 404, None),
        ("POST", "/number/5", 405, "GET, HEAD, OPTIONS"),
        ("POST", "/number/five", 404, None),
        ("GET", "/guarded", 404, None),
        ("POST", "/guarded", 405, "GET, HEAD, OPTIONS"),
    ],
)
async def test_what_nobody_answers(
    app: Router, method: str, path: str, status: int, allow: str | None
) -> None:
    """The status tells whether the path is there for another method, and `Allow` for which."""
    answer = await ask(app, method, path)
    assert answer.status == status
    assert answer.headers.get("allow") == allow


async def test_the_answers_say_what_they_are() -> None:
    """Without a codec the body is the reason; `OPTIONS` has none."""
    app = Router()
    app.get("/x", text)
    assert (await ask(app, "GET", "/y")).body == b"Not Found"
    assert (await ask(app, "PUT", "/x")).body == b"Method Not Allowed"
    options = await ask(app, "OPTIONS", "/x")
    assert options.body == b""
    assert "content-length" not in options.headers


async def test_what_is_not_found_is_told_in_the_clients_format() -> None:
    """The codecs that the router has by then write it; nobody can change it for the next client."""
    app = Router()

    async def careless(scope: Scope, receive: Receive, send: Send) -> None:
        async def changed(event: Event) -> None:
            if event["type"] == "http.response.start":
                event["status"] = 410
                event["headers"].append((b"x-changed", b"yes"))
            await send(event)

        await app(scope, receive, changed)

    for wrapped in careless, app:
        answer = await ask(wrapped, "GET", "/y")
        assert answer.body == b"Not Found"
        assert ("x-changed" in answer.headers) is (wrapped is careless)
    app.use(middleware.json())
    assert (await ask(app, "GET", "/y")).body == b'{"error":"Not Found"}'
    app.use(middleware.msgpack())
    accept = {"accept": "application/msgpack"}
    assert (await ask(app, "GET", "/y", headers=accept)).body == b"\x81\xa5error\xa9Not Found"


async def test_middleware_adds_to_the_answer() -> None:
    """What middleware set goes out with it, its own `Allow` as well."""
    app = Router()

    @app.use
    async def add(ctx: Context) -> None:
        ctx.headers["x-added"] = "yes"
        ctx.headers["allow"] = "GET"
        await ctx.next()

    app.get("/x", text)
    answer = await ask(app, "OPTIONS", "/x")
    assert answer.status == 204
    assert answer.headers["x-added"] == "yes"
    assert answer.headers.getall("allow") == ["GET"]


async def test_mounted_routes_count() -> None:
    """The routes of mounted routers are among those of a path."""
    app, users = Router(), Router()
    users.put("/:id", text)
    app.use("/users", users)
    answer = await ask(app, "GET", "/users/5")
    assert answer.status == 405
    assert answer.headers["allow"] == "OPTIONS, PUT"


async def test_an_upgrade_knows_no_other_methods(app: Router) -> None:
    """An upgrade never reaches the verbs, so it is not told of them."""
    answer = await Exchange(app, upgrade_scope("/two")).run()
    assert answer.status == 404
    assert "allow" not in answer.headers
