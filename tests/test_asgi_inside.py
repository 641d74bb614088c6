"""Applications of other frameworks inside a router, through `navaros.asgi`."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI, HTTPException, Request, WebSocket
from fastapi.responses import StreamingResponse
from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

import velaros
from navaros import Context, HTTPError, Router, asgi, middleware
from navaros.testing import Client as HttpClient
from velaros.testing import Client as SocketClient
from velaros.testing import HandshakeRefused

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from aros_core.asgi.types import ASGIApp, Receive, Scope, Send


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Provide a directory with two files."""
    (tmp_path / "style.css").write_text("a { color: red }")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a b.txt").write_text("0123456789")
    (tmp_path / "index.html").write_text("<h1>files</h1>")
    return tmp_path


def store() -> FastAPI:
    """Make an application of FastAPI's, with links, errors, a stream and a socket."""
    app = FastAPI(title="Store")

    @app.get("/items/{item}")
    async def item(item: int, request: Request) -> dict[str, Any]:
        return {
            "item": item,
            "link": str(request.url_for("item", item=item + 1)),
            "url": str(request.url),
            "root_path": request.scope["root_path"],
            "state": request.scope["state"].get("name"),
        }

    @app.post("/items", status_code=201)
    async def create(request: Request) -> dict[str, Any]:
        return {"created": await request.json()}

    @app.get("/secret")
    async def secret() -> None:
        raise HTTPException(403, "for staff only", headers={"x-door": "closed"})

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncGenerator[bytes]:
            for part in (b"one", b"two"):
                yield part

        return StreamingResponse(parts())

    @app.websocket("/echo/{name}")
    async def echo(socket: WebSocket, name: str) -> None:
        await socket.accept("chat")
        link = str(socket.url_for("echo", name="b"))
        await socket.send_json({"path": name, "data": link})
        await socket.close(4000, f"bye {name}")

    _ = item, create, secret, stream, echo
    return app


def tagged(app: ASGIApp, path: str = "/store") -> Router:
    """Make a router with an application at a path, between middleware and a later route."""
    router = Router()

    @router.use
    async def tag(ctx: Context) -> None:
        ctx.headers["x-tag"] = "outer"
        await ctx.next()

    router.use(path, asgi(app))
    router.all("/**", later)
    return router


async def later(ctx: Context) -> str:
    """Answer what nobody took."""
    return "the router's own"


# Static files


async def test_static_files(files: Path) -> None:
    """They are served below the path, with types, validators and ranges."""
    async with HttpClient(tagged(StaticFiles(directory=files), "/static")) as client:
        style = await client.get("/static/style.css")
        assert (style.status_code, style.text) == (200, "a { color: red }")
        assert style.headers["content-type"].startswith("text/css")
        assert style.headers["x-tag"] == "outer"
        same = await client.get(
            "/static/style.css", headers={"if-none-match": style.headers["etag"]}
        )
        assert (same.status_code, same.content) == (304, b"")
        part = await client.get("/static/deep/a%20b.txt", headers={"range": "bytes=2-4"})
        assert (part.status_code, part.text) == (206, "234")
        head = await client.head("/static/style.css")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == "16"


async def test_the_answer_of_static_files_is_final(files: Path) -> None:
    """What is not there, or not allowed, gets their answer; other paths go to later routes."""
    async with HttpClient(tagged(StaticFiles(directory=files), "/static")) as client:
        assert (await client.get("/static/nothing")).status_code == 404
        assert (await client.post("/static/style.css")).status_code == 405
        assert (await client.get("/static/../static/%2e%2e/secret")).status_code == 404
        assert (await client.get("/staticfiles")).text == "the router's own"


async def test_static_pages_redirect_below_the_mount(files: Path) -> None:
    """Links that static files make lead to where they are."""
    (files / "deep" / "index.html").write_text("<h1>deep</h1>")
    static = StaticFiles(directory=files, html=True)
    async with HttpClient(tagged(static, "/a/:b/static")) as client:
        assert (await client.get("/a/x/static/")).text == "<h1>files</h1>"
        moved = await client.get("/a/x/static/deep")
        assert moved.headers["location"] == "http://testserver/a/x/static/deep/"
        assert (await client.get(moved.headers["location"])).text == "<h1>deep</h1>"


# A whole framework


async def test_links_of_a_mounted_framework() -> None:
    """It knows where it is mounted: links, its own address and its documentation are right."""
    async with HttpClient(tagged(store())) as client:
        answer = (await client.get("/store/items/7?x=y")).json()
        assert answer == {
            "item": 7,
            "link": "http://testserver/store/items/8",
            "url": "http://testserver/store/items/7?x=y",
            "root_path": "/store",
            "state": None,
        }
        assert (await client.get(answer["link"])).json()["item"] == 8
        schema = (await client.get("/store/openapi.json")).json()
        assert schema["servers"] == [{"url": "/store"}]
        assert "/items/{item}" in schema["paths"]
        assert "'/store/openapi.json'" in (await client.get("/store/docs")).text


async def test_links_below_several_mounts() -> None:
    """Mounts of routers, of applications, and of the server itself add up."""
    inner = Starlette(routes=[Mount("/shop", store())])
    outer = Router()
    outer.use("/eu", tagged(inner, "/:country"))

    async def proxied(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            scope = {**scope, "root_path": "/srv", "path": "/srv" + scope["path"]}
        await outer(scope, receive, send)

    async with HttpClient(proxied) as client:
        answer = (await client.get("/eu/pt/shop/items/1")).json()
    assert answer["root_path"] == "/srv/eu/pt/shop"
    assert answer["url"] == "http://testserver/srv/eu/pt/shop/items/1"


async def test_a_mounted_framework_answers_for_itself() -> None:
    """Its bodies, errors and streams are its own, and final."""
    async with HttpClient(tagged(store())) as client:
        created = await client.post("/store/items", json={"name": "pen"})
        assert (created.status_code, created.json()) == (201, {"created": {"name": "pen"}})
        secret = await client.get("/store/secret")
        assert (secret.status_code, secret.json()) == (403, {"detail": "for staff only"})
        assert (secret.headers["x-door"], secret.headers["x-tag"]) == ("closed", "outer")
        invalid = await client.get("/store/items/x")
        assert invalid.status_code == 422
        missing = await client.get("/store/nothing")
        assert (missing.status_code, missing.json()) == (404, {"detail": "Not Found"})
        async with client.stream("GET", "/store/stream") as streamed:
            assert b"".join([part async for part in streamed.aiter_raw()]) == b"onetwo"


async def test_middleware_sees_its_status() -> None:
    """After `next()`, the answer that went out is known, and cannot be changed."""
    router = Router()
    seen: list[int] = []

    @router.use
    async def note(ctx: Context) -> None:
        await ctx.next()
        seen.append(ctx.response_status)

    router.use("/store", asgi(store()))
    async with HttpClient(router) as client:
        await client.get("/store/secret")
        await client.get("/store/items/1")
    assert seen == [403, 200]


async def test_a_guard_before_it() -> None:
    """What refuses before it keeps requests and upgrades from it."""
    router = Router()
    router.use(middleware.json())

    @router.use("/store")
    async def guard(ctx: Context) -> None:
        if "authorization" not in ctx.request_headers:
            raise HTTPError(401, "who are you?", headers={"www-authenticate": "Bearer"})
        await ctx.next()

    router.use("/store", asgi(store()))
    async with HttpClient(router) as client:
        refused = await client.get("/store/items/1")
        assert (refused.status_code, refused.json()) == (401, {"error": "who are you?"})
        assert refused.headers["www-authenticate"] == "Bearer"
        allowed = await client.get("/store/items/1", headers={"authorization": "x"})
        assert allowed.status_code == 200
    with pytest.raises(HandshakeRefused) as handshake:
        async with SocketClient(router).connect("/store/echo/a"):
            pass
    assert handshake.value.status == 401


async def test_its_crash(caplog: pytest.LogCaptureFixture) -> None:
    """The framework's answer goes out whole; the error is one of the chain, and logged once."""

    async def crash(request: Request) -> None:
        raise ZeroDivisionError("by zero")

    router = Router()
    seen: list[BaseException | None] = []

    @router.use
    async def watch(ctx: Context) -> None:
        await ctx.next()
        seen.append(ctx.error)

    router.use("/app", asgi(Starlette(routes=[Route("/crash", crash)])))
    async with HttpClient(router) as client:
        response = await client.get("/app/crash")
    assert (response.status_code, response.text) == (500, "Internal Server Error")
    (error,) = seen
    assert isinstance(error, ZeroDivisionError)
    assert [record.name for record in caplog.records if record.levelname == "ERROR"] == ["navaros"]


# Sockets


async def test_its_sockets() -> None:
    """Upgrades reach it below the mount, with its subprotocol, links and status."""
    async with SocketClient(tagged(store())).connect(
        "/store/echo/a", subprotocols=["chat"]
    ) as socket:
        link = await socket.expect_push("a")
        assert link == "ws://testserver/store/echo/b"
        close = await socket.expect_close()
    assert (close.status, close.reason) == (4000, "bye a")


async def test_its_refusals() -> None:
    """An upgrade that it does not know it refuses itself; later routes do not run."""
    with pytest.raises(HandshakeRefused) as refused:
        async with SocketClient(tagged(store())).connect("/store/nothing"):
            pass
    assert refused.value.status == 403


async def test_a_message_router_as_an_application() -> None:
    """Taken as any application, it answers sockets, and tells plain requests what it is for."""
    messages = velaros.Router()
    messages.use(velaros.middleware.json())

    @messages.bind("/where")
    async def place(ctx: velaros.Context) -> str:
        return ctx.scope["root_path"] + ctx.path

    router = tagged(messages, "/ws")
    async with SocketClient(router).connect("/ws") as socket:
        assert await socket.request("/where") == {"message": "/ws/where"}
    async with HttpClient(router) as client:
        response = await client.get("/ws")
    assert response.status_code == 400
    assert "takes WebSocket connections only" in response.text


async def test_a_router_inside_a_framework_inside_a_router() -> None:
    """Both kinds work below both mounts."""
    messages = velaros.Router()
    messages.use(velaros.middleware.json())
    inner = Router()

    @inner.get("/hello")
    async def hello(ctx: Context) -> str:
        return f"{ctx.path} at {ctx.scope['root_path']}"

    @messages.bind("/hello")
    async def hi(ctx: velaros.Context) -> str:
        return ctx.path

    framework = Starlette(routes=[Mount("/api", inner), WebSocketRoute("/ws", messages)])
    router = tagged(framework, "/app")
    async with HttpClient(router) as client:
        assert (await client.get("/app/api/hello")).text == "/hello at /app/api"
        assert (await client.get("/app/api/other")).status_code == 404
    async with SocketClient(router).connect("/app/ws") as socket:
        assert await socket.request("/hello") == {"message": "/hello"}


# Lifespans


async def test_its_lifespan_runs_in_that_of_the_router() -> None:
    """The router's lifespan can be the framework's own; what it yields is the state of both."""
    log: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[dict[str, str]]:
        log.append("start")
        yield {"name": "corner shop"}
        log.append("stop")

    shop = store()
    shop.router.lifespan_context = lifespan
    router = Router(lifespan=lambda _: shop.router.lifespan_context(shop))
    router.use("/store", asgi(shop))

    @router.get("/name")
    async def name(ctx: Context) -> str:
        return ctx.state["name"]

    async with HttpClient(router) as client:
        assert log == ["start"]
        assert (await client.get("/name")).text == "corner shop"
        assert (await client.get("/store/items/1")).json()["state"] == "corner shop"
    assert log == ["start", "stop"]
