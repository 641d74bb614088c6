"""What handlers say of the answer: status, headers, cookies, body, and when it is too late."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from navaros import Context, ContextClosedError, Error, HTTPError, ResponseStartedError, Router

from .exchange import ask

if TYPE_CHECKING:
    from collections.abc import Callable

CHANGES: list[Callable[[Context], object]] = [
    lambda ctx: setattr(ctx, "status", 201),
    lambda ctx: setattr(ctx, "body", "late"),
    lambda ctx: ctx.headers.add("x", "y"),
    lambda ctx: ctx.response_headers.clear(),
    lambda ctx: ctx.set_cookie("a", "b"),
    lambda ctx: ctx.delete_cookie("a"),
]


async def test_status_headers_and_body() -> None:
    """All of them go out, and both names of the headers are one object."""
    app = Router()

    @app.get("/")
    async def handler(ctx: Context) -> None:
        assert ctx.status is None
        assert ctx.body is None
        assert ctx.headers is ctx.response_headers
        ctx.status = 201
        ctx.headers["X-A"] = "b"
        ctx.body = "made"
        assert (ctx.status, ctx.body) == (201, "made")

    answer = await ask(app)
    assert (answer.status, answer.headers["x-a"], answer.body) == (201, "b", b"made")


@pytest.mark.parametrize("status", [0, 99, 600, 1000, -200])
async def test_a_status_has_three_digits(status: int) -> None:
    """Anything but 100 to 599 is refused where it is set; `None` takes a status back."""
    app = Router()

    @app.get("/")
    async def handler(ctx: Context) -> str:
        with pytest.raises(ValueError, match="from 100 to 599"):
            ctx.status = status
        ctx.status = 404
        ctx.status = None
        return "fine"

    assert (await ask(app)).status == 200


@pytest.mark.parametrize("value", ["a\r\nb", "a\nb", "a\0b"])
async def test_no_header_smuggles_another(value: str) -> None:
    """CR, LF and NUL are refused in every way in, and never sent."""
    app = Router()

    @app.get("/")
    async def handler(ctx: Context) -> str:
        changes: list[Callable[[], object]] = [
            lambda: ctx.headers.add("x", value),
            lambda: ctx.headers.add(value, "x"),
            lambda: ctx.headers.update({"x": value}),
            lambda: ctx.set_cookie("x", value),
            lambda: ctx.set_cookie(value, "x"),
            lambda: ctx.set_cookie("x", "y", path="/" + value),
            lambda: ctx.delete_cookie(value),
        ]
        for change in changes:
            with pytest.raises(ValueError):
                change()
        return "fine"

    answer = await ask(app)
    assert answer.status == 200
    assert set(answer.headers) == {"content-type", "content-length"}


async def test_cookies() -> None:
    """A cookie has safe defaults, and deleting it repeats path and domain."""
    app = Router()

    @app.get("/")
    async def handler(ctx: Context) -> str:
        ctx.set_cookie("plain", "1")
        moment = datetime(2030, 1, 1, tzinfo=UTC)
        ctx.set_cookie(
            "full",
            "2",
            max_age=60,
            expires=moment,
            path="/a",
            domain="example.com",
            secure=True,
            httponly=False,
            samesite="none",
        )
        ctx.delete_cookie("old", path="/a", domain="example.com")
        return "cookies"

    plain, full, old = (await ask(app)).headers.getall("set-cookie")
    assert plain == "plain=1; Path=/; HttpOnly; SameSite=Lax"
    assert full == (
        "full=2; Expires=Tue, 01 Jan 2030 00:00:00 GMT; Max-Age=60; Domain=example.com; Path=/a; "
        "Secure; SameSite=None"
    )
    assert old.startswith("old=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; ")
    assert "Domain=example.com; Path=/a" in old


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
async def test_cookies_over_tls_are_secure(scheme: str, secure: bool) -> None:
    """Unless it is said otherwise, a cookie that came over TLS stays there."""
    app = Router()

    @app.get("/")
    async def handler(ctx: Context) -> str:
        ctx.set_cookie("a", "b")
        ctx.set_cookie("c", "d", secure=False)
        return ""

    first, second = (await ask(app, scheme=scheme)).headers.getall("set-cookie")
    assert ("Secure" in first) is secure
    assert "Secure" not in second


@pytest.mark.parametrize("change", CHANGES)
async def test_changes_after_the_response_began(change: Callable[[Context], object]) -> None:
    """They raise, so that nobody believes they are sent."""
    app = Router()

    @app.get("/")
    async def handler(ctx: Context) -> None:
        ctx.headers["x-early"] = "yes"
        await ctx.write("a")
        with pytest.raises(ResponseStartedError):
            change(ctx)

    answer = await ask(app)
    assert (answer.status, answer.body, answer.is_complete) == (200, b"a", True)
    assert answer.headers["x-early"] == "yes"


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("had_headers", [True, False])
async def test_changes_after_the_end(
    change: Callable[[Context], object], had_headers: bool
) -> None:
    """A context is closed when its chain is over, and says what to do instead."""
    app = Router()
    kept: list[Context] = []

    @app.get("/")
    async def handler(ctx: Context) -> str:
        if had_headers:
            ctx.headers["x"] = "y"
        kept.append(ctx)
        return "done"

    await ask(app)
    with pytest.raises(ContextClosedError, match="before they return"):
        change(kept[0])


async def test_other_uses_after_the_end() -> None:
    """Setting values or an error, writing and going on are refused as well; reading is not."""
    app = Router()
    kept: list[Context] = []

    @app.get("/")
    async def handler(ctx: Context) -> str:
        ctx.set("a", 1)
        kept.append(ctx)
        return "done"

    await ask(app)
    ctx = kept[0]
    with pytest.raises(ContextClosedError):
        ctx.set("a", 2)
    with pytest.raises(ContextClosedError):
        ctx.error = ValueError()
    with pytest.raises(ContextClosedError):
        await ctx.write("a")
    with pytest.raises(ContextClosedError):
        await ctx.flush()
    with pytest.raises(ContextClosedError):
        await ctx.next()
    with pytest.raises(ContextClosedError):
        ctx.set_request_body([b""])
    with pytest.raises(ContextClosedError):
        ctx.max_request_body_size = 5
    assert ctx.get("a") == 1
    assert ctx.response_status == 200


def failing_app(after: Callable[[Context], object]) -> Router:
    """Return a router whose handler fails with a success half made, and middleware that looks."""
    app = Router()

    @app.use
    async def look(ctx: Context) -> None:
        headers = ctx.headers
        headers["x-before"] = "dropped"
        await ctx.next()
        assert headers is ctx.headers
        after(ctx)

    @app.get("/")
    async def handler(ctx: Context) -> None:
        ctx.status = 201
        ctx.headers["x-success"] = "yes"
        ctx.set_cookie("session", "1")
        ctx.body = "success"
        raise LookupError("boom")

    return app


async def test_an_error_drops_what_was_meant_for_success() -> None:
    """Status, headers, cookies and body of a success do not go out with an error."""
    answer = await ask(failing_app(lambda _: None))
    assert (answer.status, answer.body) == (500, b"Internal Server Error")
    assert set(answer.headers) == {"content-type", "content-length"}


async def test_what_is_set_after_an_error_counts() -> None:
    """Middleware that looked at the error answers as it likes."""

    def friendly(ctx: Context) -> None:
        assert isinstance(ctx.error, LookupError)
        assert ctx.status is None
        assert ctx.body is None
        ctx.headers["x-after"] = "yes"
        ctx.body = "sorry"

    answer = await ask(failing_app(friendly))
    assert (answer.status, answer.body) == (500, b"sorry")
    assert answer.headers["x-after"] == "yes"
    assert "x-before" not in answer.headers


async def test_a_handled_error_is_none() -> None:
    """`ctx.error = None` marks it as handled: the answer is what was set since."""

    def handle(ctx: Context) -> None:
        ctx.error = None
        ctx.status = 404
        ctx.body = "nothing there"

    answer = await ask(failing_app(handle))
    assert (answer.status, answer.body) == (404, b"nothing there")


async def test_setting_an_error_by_hand_does_the_same() -> None:
    """It drops what was set before, once, and no handler runs any more."""
    app = Router()

    @app.use
    async def refuse(ctx: Context) -> None:
        ctx.headers["x"] = "dropped"
        ctx.error = error = HTTPError(403, "no")
        ctx.headers["x-kept"] = "yes"
        ctx.error = error
        await ctx.next()

    @app.get("/")
    async def never(ctx: Context) -> None:
        raise AssertionError("nothing runs while an error is set")

    answer = await ask(app)
    assert (answer.status, answer.body) == (403, b"no")
    assert answer.headers["x-kept"] == "yes"
    assert "x" not in answer.headers


@pytest.mark.parametrize(
    ("status", "error", "sent"),
    [
        (409, Error("taken"), 409),
        (201, Error("taken"), 400),
        (None, Error("taken"), 400),
        (409, LookupError(), 500),
        (409, HTTPError(403), 403),
    ],
)
async def test_which_status_survives(status: int | None, error: Exception, sent: int) -> None:
    """A status of failure is part of an `Error` that follows it; no other survives."""
    app = Router()

    @app.get("/")
    async def handler(ctx: Context) -> None:
        ctx.status = status
        raise error

    assert (await ask(app)).status == sent


async def test_dropped_bodies_are_closed() -> None:
    """A file that an error kept from being sent is closed all the same."""
    app = Router()
    files = [io.BytesIO(b"one"), io.BytesIO(b"two")]

    @app.use
    async def other(ctx: Context) -> None:
        await ctx.next()
        ctx.body = files[1]
        raise ValueError("again")

    @app.get("/")
    async def handler(ctx: Context) -> Any:
        ctx.body = files[0]
        raise ValueError("boom")

    assert (await ask(app)).status == 500
    assert [file.closed for file in files] == [True, True]
