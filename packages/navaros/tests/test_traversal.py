"""Requests that try to climb out of a folder of files."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from navaros import Context, Router

from .exchange import ask

if TYPE_CHECKING:
    from pathlib import Path

CORPUS = [
    "../secret.txt",
    "%2e%2e/secret.txt",
    "%2E%2E%2Fsecret.txt",
    "..%2fsecret.txt",
    "sub/../../secret.txt",
    "sub/..%2f..%2fsecret.txt",
    "./../secret.txt",
    "../public/../secret.txt",
    "missing/../../secret.txt",
    "../secret.txt/",
    "..//secret.txt",
    "../secret.txt%00",
    "../secret.txt%00.html",
    "..\\secret.txt",
    "..%5csecret.txt",
    "%252e%252e/secret.txt",
    "..%c0%afsecret.txt",
    "%c0%ae%c0%ae/secret.txt",
    "%uff0e%uff0e/secret.txt",
    "...//secret.txt",
    "....//secret.txt",
    "../../../../../../../../../../etc/passwd",
    "..",
    "../",
]


@pytest.fixture
def app(tmp_path: Path) -> Router:
    """An application that joins what it is given to a folder, and does not look at it."""
    public = tmp_path / "public"
    (public / "sub").mkdir(parents=True)
    (public / "open.txt").write_text("open")
    (tmp_path / "secret.txt").write_text("secret")
    app = Router()

    @app.get("/files/:path+")
    async def by_path(ctx: Context) -> Path:
        return public / ctx.params["path"]

    @app.get("/query")
    async def by_query(ctx: Context) -> Path:
        return public / ctx.query["file"]

    @app.get("/own")
    async def own(ctx: Context) -> Path:
        return public / ".." / "secret.txt"

    return app


@pytest.mark.parametrize("path", CORPUS)
async def test_no_request_climbs(app: Router, path: str) -> None:
    """Whatever the encoding, what is not below the folder is not there, for any way of asking."""
    decoded = unquote(path)
    for method in ("GET", "HEAD"):
        answer = await ask(app, method, f"/files/{decoded}", raw_path=f"/files/{path}".encode())
        assert answer.status == 404
        assert b"secret" not in answer.body
    for query in (path, decoded):
        answer = await ask(app, "GET", "/query", query_string=f"file={query}".encode())
        assert answer.status == 404


async def test_what_is_below_is_sent(app: Router) -> None:
    """Dots that lead nowhere, and a handler's own way up, are no attack."""
    assert (await ask(app, "GET", "/files/open.txt")).body == b"open"
    assert (await ask(app, "GET", "/files/./open.txt")).body == b"open"
    assert (await ask(app, "GET", "/own")).body == b"secret"


async def test_the_status_is_known_before(app: Router) -> None:
    """Middleware sees the 404 that goes out."""
    outer = Router()
    statuses: list[int] = []

    @outer.use
    async def middleware(ctx: Context) -> None:
        await ctx.next()
        statuses.append(ctx.response_status)

    outer.use(app)
    assert (await ask(outer, "GET", "/files/../secret.txt")).status == 404
    assert statuses == [404]
