"""Requests and messages of one application in one test, by the testing clients of both packages."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

import navaros
import velaros
from aros_core import Context, Key
from navaros.testing import Client as HttpClient
from velaros.testing import Client as SocketClient
from velaros.testing import HandshakeRefused

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

USER = Key[str]("user")


@dataclass
class Board:
    """What the lifespan provides: notes, and the sockets that hear of them."""

    notes: list[str] = field(default_factory=list[str])
    sockets: set[velaros.Socket] = field(default_factory=set[velaros.Socket])
    is_open: bool = True


def board_of(ctx: Context) -> Board:
    """Return the board of a request's or a message's application."""
    return ctx.state["board"]


async def authenticate(ctx: Context) -> None:
    """Let named users in, by the header that both protocols have."""
    if "x-user" not in ctx.request_headers:
        raise navaros.HTTPError(401, "who are you?")
    ctx.set(USER, ctx.request_headers["x-user"])
    await ctx.next()


def make_app(boards: list[Board]) -> navaros.Router:
    """Make an application of both kinds; `boards` gets one for each time that it starts."""

    @asynccontextmanager
    async def lifespan(_: navaros.Router) -> AsyncGenerator[dict[str, Board]]:
        board = Board()
        boards.append(board)
        yield {"board": board}
        board.is_open = False

    messages = velaros.Router()
    messages.use(velaros.middleware.json())

    @messages.use_open
    async def enter(ctx: velaros.Context) -> None:
        board_of(ctx).sockets.add(ctx.socket)

    @messages.use_close
    async def leave(ctx: velaros.Context) -> None:
        board_of(ctx).sockets.remove(ctx.socket)

    @messages.bind("/notes/add")
    async def add(ctx: velaros.Context) -> int:
        user: str = ctx.must_get_from_socket(USER)
        board_of(ctx).notes.append(f"{user}: {await ctx.unmarshal(str)}")
        return len(board_of(ctx).notes)

    app = navaros.Router(lifespan=lifespan)
    app.use(navaros.middleware.json())
    app.use(authenticate)
    app.use("/live", messages.middleware())

    @app.get("/notes")
    async def notes(ctx: navaros.Context) -> list[str]:
        return board_of(ctx).notes

    @app.post("/notes")
    async def post(ctx: navaros.Context) -> None:
        note = f"{ctx.must_get(USER)}: {await ctx.unmarshal(str)}"
        board_of(ctx).notes.append(note)
        for socket in board_of(ctx).sockets:
            await socket.send({"note": note}, path="/notes/new")
        ctx.status = 201

    return app


@pytest.fixture
def boards() -> list[Board]:
    """Provide the boards of all starts of the application."""
    return []


@pytest.fixture
def app(boards: list[Board]) -> navaros.Router:
    """Provide the application."""
    return make_app(boards)


async def test_one_state_for_both(app: navaros.Router, boards: list[Board]) -> None:
    """What a message changed a request sees, and what was posted the sockets hear."""
    ada, grace = {"x-user": "ada"}, {"x-user": "grace"}
    async with HttpClient(app, headers=ada) as client, SocketClient(app) as sockets:
        async with sockets.connect("/live", headers=grace) as socket:
            assert await socket.request("/notes/add", "buy milk") == 1
            assert (await client.get("/notes")).json() == ["grace: buy milk"]
            assert (await client.post("/notes", json="done")).status_code == 201
            assert await socket.expect_push("/notes/new") == {"note": "ada: done"}
            assert len(boards[0].sockets) == 1
        assert not boards[0].sockets
        assert boards[0].is_open
    (board,) = boards
    assert board.notes == ["grace: buy milk", "ada: done"]
    assert not board.is_open


async def test_the_last_to_leave_stops_it(app: navaros.Router, boards: list[Board]) -> None:
    """The application runs until both clients are done with it, and starts anew after that."""
    ada = {"x-user": "ada"}
    async with SocketClient(app).connect("/live", headers=ada) as socket:
        async with HttpClient(app, headers=ada) as client:
            assert (await client.get("/notes")).json() == []
        assert boards[0].is_open
        assert await socket.request("/notes/add", "still here") == 1
    assert not boards[0].is_open
    async with HttpClient(app, headers=ada) as client:
        assert (await client.get("/notes")).json() == []
    assert [board.is_open for board in boards] == [False, False]


async def test_one_guard_for_both(app: navaros.Router) -> None:
    """The same middleware refuses requests and handshakes."""
    async with HttpClient(app) as client:
        response = await client.get("/notes")
        assert (response.status_code, response.json()) == (401, {"error": "who are you?"})
        with pytest.raises(HandshakeRefused) as refused:
            async with SocketClient(app).connect("/live"):
                pass
    assert (refused.value.status, refused.value.body) == (401, b'{"error":"who are you?"}')


async def test_both_at_the_same_time(app: navaros.Router, boards: list[Board]) -> None:
    """Requests and messages that run together get each their own answer."""
    ada = {"x-user": "ada"}
    async with (
        HttpClient(app, headers=ada) as client,
        SocketClient(app).connect("/live", headers=ada) as socket,
    ):
        await asyncio.gather(*(client.post("/notes", json=f"{n}") for n in range(10)))
        counts = await asyncio.gather(*(socket.request("/notes/add", f"{n}") for n in range(10)))
    assert sorted(counts) == list(range(11, 21))
    assert sorted(boards[0].notes) == sorted([f"ada: {n}" for n in range(10)] * 2)


async def test_bad_payloads_of_both(app: navaros.Router) -> None:
    """A body and a message that do not fit are refused with the same words."""
    ada = {"x-user": "ada"}
    async with (
        HttpClient(app, headers=ada) as client,
        SocketClient(app).connect("/live", headers=ada) as socket,
    ):
        response = await client.post("/notes", json=[1])
        assert response.status_code == 400
        assert response.json() == await socket.request("/notes/add", [1])
        assert set(response.json()) == {"error"}
