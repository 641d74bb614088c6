"""The game server of the Velaros documentation's quick start, over a real socket."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from velaros import Context, Router, middleware

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


@dataclass
class JoinRequest:
    playerName: str  # noqa: N815 - as the documented client writes it


@dataclass
class PlayerAction:
    type: str


@dataclass
class Position:
    x: float
    y: float


@dataclass
class ClientState:
    position: Position
    health: int


def make_router(states: asyncio.Queue[ClientState]) -> Router:
    """Return the documented router; the states that clients answer with go into the queue."""
    router = Router()
    router.use(middleware.json())

    @router.bind("/game/join")
    async def join(ctx: Context) -> dict[str, str]:
        player = await ctx.unmarshal(JoinRequest)
        ctx.set_on_socket("playerName", player.playerName)
        return {"playerId": "p123", "status": "joined"}

    @router.bind("/game/action")
    async def act(ctx: Context) -> dict[str, Any]:
        action = await ctx.unmarshal(PlayerAction)
        name = ctx.must_get_from_socket("playerName")
        return {"success": True, "log": f"{name} performed action: {action.type}"}

    @router.bind("/game/sync")
    async def sync(ctx: Context) -> None:
        while not ctx.is_done:
            states.put_nowait(await ctx.request({"serverTime": time.time()}, ClientState))

    return router


@asynccontextmanager
async def served(router: Router) -> AsyncGenerator[str, None]:
    """Serve the router by uvicorn with h11 and wsproto; yields the address of its sockets."""
    config = uvicorn.Config(router, port=0, http="h11", ws="wsproto", log_level="warning")
    server = uvicorn.Server(config)
    started = asyncio.Event()
    startup = server.startup

    async def startup_and_tell(sockets: Any = None) -> None:
        await startup(sockets)
        started.set()

    server.startup = startup_and_tell
    serving = asyncio.create_task(server.serve())
    await started.wait()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"ws://127.0.0.1:{port}/ws"
    finally:
        server.should_exit = True
        await serving


async def ask(socket: ClientConnection, message: dict[str, Any]) -> dict[str, Any]:
    """Send a message as the documented browser client does, and return what comes next."""
    await socket.send(json.dumps(message))
    return json.loads(await socket.recv())


async def test_the_documented_client_plays_the_game() -> None:
    """Joining, acting on what the socket remembers, and answering the server's requests by id."""
    states: asyncio.Queue[ClientState] = asyncio.Queue()
    async with served(make_router(states)) as url, connect(url) as socket:
        joined = await ask(
            socket, {"path": "/game/join", "id": "1", "data": {"playerName": "Alice"}}
        )
        assert joined == {"id": "1", "data": {"playerId": "p123", "status": "joined"}}

        acted = await ask(socket, {"path": "/game/action", "id": "2", "data": {"type": "jump"}})
        assert acted["data"] == {"success": True, "log": "Alice performed action: jump"}

        asked = await ask(socket, {"path": "/game/sync"})
        assert asked["path"] == "/game/sync"
        assert asked["data"]["serverTime"] <= time.time()
        state = {"position": {"x": 10, "y": 20}, "health": 100}
        again = await ask(socket, {"id": asked["id"], "data": state})
        assert await states.get() == ClientState(Position(10, 20), 100)
        assert again["id"] != asked["id"]


async def test_a_message_without_an_id_is_answered_without_one() -> None:
    """The documented client sends no ids; its join is answered all the same."""
    async with served(make_router(asyncio.Queue())) as url, connect(url) as socket:
        joined = await ask(socket, {"path": "/game/join", "data": {"playerName": "Alice"}})
        assert joined == {"data": {"playerId": "p123", "status": "joined"}}
