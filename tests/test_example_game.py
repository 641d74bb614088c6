"""The game: over real sockets, against the example in a process of its own."""

from __future__ import annotations

import asyncio
import json
import math
from contextlib import asynccontextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError
from websockets.typing import Subprotocol

from .example_server import EXAMPLES, ExampleServer, serving

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

FAST = """
import game, navaros
game.SYNC_INTERVAL, game.router.request_timeout = 0.01, {timeout}
from app import app
navaros.serve(app, port=0)
"""
"""The game with a server that asks the browser often, and waits so many seconds for it."""


@pytest.fixture(scope="module")
def server() -> Iterator[ExampleServer]:
    """Run the game by the command of its docstring, on a free port."""
    with serving("game/app.py", "--port", "0") as running:
        yield running


class Browser:
    """One connection, speaking as the page does."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.player_id = ""
        self._ids = count(1)

    async def send(self, **message: Any) -> None:
        """Send a message of these parts."""
        await self.socket.send(json.dumps(message))

    async def receive(self, wanted: Callable[[Any], bool]) -> Any:
        """Return the next message that is wanted."""
        async with asyncio.timeout(10):
            while True:
                message = json.loads(await self.socket.recv())
                if wanted(message):
                    return message

    async def request(self, path: str, data: Any) -> Any:
        """Ask the server, and return the payload of its answer."""
        message_id = f"test-{next(self._ids)}"
        await self.send(path=path, id=message_id, data=data)
        return (await self.receive(lambda message: message.get("id") == message_id))["data"]

    async def act(self, **action: Any) -> Any:
        """Ask for an action, and return the answer."""
        return await self.request("/game/action", action)

    async def join(self, name: str) -> Any:
        """Join under this name, and return the answer."""
        joined = await self.request("/game/join", {"playerName": name})
        self.player_id = joined["playerId"]
        return joined

    async def state(self, wanted: Callable[[Any], bool] = bool) -> Any:
        """Return the next pushed state that is wanted."""
        message = await self.receive(
            lambda message: message.get("path") == "/game/state" and wanted(message["data"])
        )
        return message["data"]

    async def asked(self) -> Any:
        """Return the next request of the server."""
        return await self.receive(lambda message: message.get("path") == "/game/sync")

    async def me(self) -> Any:
        """Return this player as the next state shows it."""
        return find(await self.state(lambda state: find(state, self.player_id)), self.player_id)

    async def walk(self, start: Any, x: float, y: float) -> None:
        """Go from one point to another in steps as long as are allowed."""
        steps = math.ceil(math.dist((start["x"], start["y"]), (x, y)) / 100)
        for step in range(1, steps + 1):
            share = step / steps
            there = {
                "x": start["x"] + (x - start["x"]) * share,
                "y": start["y"] + (y - start["y"]) * share,
            }
            assert (await self.act(type="move", **there))["success"]


def find(state: Any, player_id: str) -> Any:
    """Return a player of a state; `None` when there is no such player."""
    return next((player for player in state["players"] if player["id"] == player_id), None)


def score_of(state: Any, player_id: str) -> int:
    """Return a player's score in a state; 0 when there is no such player."""
    player = find(state, player_id)
    return player["score"] if player else 0


@asynccontextmanager
async def browser(server: ExampleServer, name: str | None = None) -> AsyncGenerator[Browser]:
    """Connect as the page does; with a name, join as well."""
    protocols = [Subprotocol("velaros-json")]
    async with connect(f"ws://{server.address}/", subprotocols=protocols) as socket:
        opened = Browser(socket)
        if name is not None:
            await opened.join(name)
        yield opened


async def get(server: ExampleServer, path: str) -> httpx2.Response:
    """Ask the game's HTTP side."""
    async with httpx2.AsyncClient(base_url=f"http://{server.address}") as client:
        return await client.get(path)


async def test_page_is_served(server: ExampleServer) -> None:
    """The page comes as HTML, and needs nothing from elsewhere."""
    response = await get(server, "/")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert "velaros-json" in response.text
    assert 'src="' not in response.text
    assert "@import" not in response.text


async def test_subprotocol_is_echoed(server: ExampleServer) -> None:
    """The subprotocol that a browser insists on is agreed on."""
    async with browser(server) as ada:
        assert ada.socket.subprotocol == "velaros-json"


async def test_joining_tells_what_the_page_needs(server: ExampleServer) -> None:
    """The answer to joining has the player's id and colour and the size of the arena."""
    async with browser(server) as ada:
        joined = await ada.join("Ada")
        assert joined["status"] == "joined"
        assert joined["colour"].startswith("#")
        assert joined["world"] == {"width": 1440, "height": 960}
        assert (await ada.me())["name"] == "Ada"


async def test_players_are_listed_over_http(server: ExampleServer) -> None:
    """The HTTP side shows who joined over a socket."""
    async with browser(server, "Lister") as ada:
        me = await ada.me()
        assert me in (await get(server, "/api/players")).json()
        response = await get(server, f"/api/players/{ada.player_id}")
        assert response.json() == me


async def test_unknown_player_is_not_found(server: ExampleServer) -> None:
    """An id that nobody has is answered with 404."""
    response = await get(server, "/api/players/nobody")
    assert response.status_code == 404
    assert response.json() == {"error": "no such player"}


@pytest.mark.parametrize("name", ["", " ", " Ada", "Ada  L", "x" * 17, 5, None])
async def test_bad_name_is_refused_by_field(server: ExampleServer, name: object) -> None:
    """A bad name is answered with the field at fault, and a good one is taken afterwards."""
    async with browser(server) as ada:
        answer = await ada.request("/game/join", {"playerName": name})
        assert answer["error"] == "Validation error"
        assert list(answer["fields"][0]) == ["playerName"]
        assert (await ada.join("Ada Lovelace"))["status"] == "joined"


async def test_missing_name_is_named(server: ExampleServer) -> None:
    """A request to join without a name is told so."""
    async with browser(server) as ada:
        answer = await ada.request("/game/join", {})
        assert answer["fields"] == [{"playerName": "is required"}]


async def test_joining_twice_is_refused(server: ExampleServer) -> None:
    """One connection plays one player."""
    async with browser(server, "Ada") as ada:
        answer = await ada.request("/game/join", {"playerName": "Bob"})
        assert answer == {"error": "you are in the game already"}


@pytest.mark.parametrize("path", ["/game/action", "/game/sync"])
async def test_playing_needs_joining(server: ExampleServer, path: str) -> None:
    """Who has not joined is told to."""
    async with browser(server) as ada:
        answer = await ada.request(path, {"type": "move", "x": 1, "y": 1})
        assert answer == {"error": "join the game first"}


async def test_others_see_a_move(server: ExampleServer) -> None:
    """A move is pushed to the other players."""
    async with browser(server, "Ada") as ada, browser(server, "Bob") as bob:
        me = await ada.me()
        x = me["x"] + (50 if me["x"] < 700 else -50)
        assert (await ada.act(type="move", x=x, y=me["y"]))["success"]

        def arrived(state: Any) -> bool:
            seen = find(state, ada.player_id)
            return seen is not None and seen["x"] == x

        assert find(await bob.state(arrived), ada.player_id)["y"] == me["y"]


async def test_colours_differ(server: ExampleServer) -> None:
    """Players who are in the arena together have colours of their own."""
    async with browser(server) as ada, browser(server) as bob:
        assert (await ada.join("Ada"))["colour"] != (await bob.join("Bob"))["colour"]


async def test_walls_hold(server: ExampleServer) -> None:
    """Nobody leaves the arena."""
    async with browser(server, "Ada") as ada:
        me = await ada.me()
        await ada.walk(me, 0, me["y"])
        await ada.act(type="move", x=-100, y=me["y"])
        await ada.state(lambda state: find(state, ada.player_id)["x"] == 0)


async def test_leap_is_refused(server: ExampleServer) -> None:
    """A move that is too long is refused by field and changes nothing."""
    async with browser(server, "Ada") as ada:
        me = await ada.me()
        answer = await ada.act(type="move", x=1440 - me["x"], y=960 - me["y"] + 300)
        assert answer["fields"] == [{"x": "is more than 120 away in one move"}]
        assert (await get(server, f"/api/players/{ada.player_id}")).json() == me


@pytest.mark.parametrize(
    ("action", "field"),
    [
        ({"type": "jump"}, "type"),
        ({"x": 1, "y": 2}, "type"),
        ({"type": "move", "x": 1}, "y"),
        ({"type": "move", "x": "far", "y": 2}, "x"),
        ({"type": "collect", "star": "all"}, "star"),
    ],
)
async def test_bad_action_is_refused_by_field(
    server: ExampleServer, action: dict[str, object], field: str
) -> None:
    """A bad action is answered with the field at fault, and the connection lives on."""
    async with browser(server, "Ada") as ada:
        me = await ada.me()
        answer = await ada.act(**action)
        assert answer["error"] == "Validation error"
        assert list(answer["fields"][0]) == [field]
        assert (await ada.act(type="move", x=me["x"], y=me["y"]))["success"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"path": 5}'])
async def test_unreadable_message_is_survived(server: ExampleServer, text: str) -> None:
    """What is no message is answered with an error, and the connection lives on."""
    async with browser(server) as ada:
        await ada.socket.send(text)
        answer = await ada.receive(lambda message: "error" in message["data"])
        assert answer["data"] == {"error": "cannot decode message"}
        assert (await ada.join("Ada"))["status"] == "joined"


async def test_collecting_scores(server: ExampleServer) -> None:
    """A star that is near scores, vanishes for everybody, and a new one appears."""
    async with browser(server, "Collector") as ada, browser(server, "Bob") as bob:
        state = await ada.state(lambda state: find(state, ada.player_id))
        star = state["stars"][0]
        await ada.walk(find(state, ada.player_id), star["x"], star["y"])
        assert await ada.act(type="collect", star=star["id"]) == {
            "success": True,
            "score": star["value"],
        }
        after = await bob.state(lambda state: score_of(state, ada.player_id) > 0)
        assert find(after, ada.player_id)["score"] == star["value"]
        assert star["id"] not in [other["id"] for other in after["stars"]]
        assert len(after["stars"]) == len(state["stars"])
        scores = (await get(server, "/api/scores")).json()
        assert {"name": "Collector", "score": star["value"]} in scores


async def test_collecting_needs_nearness(server: ExampleServer) -> None:
    """A star that is far away is refused by field."""
    async with browser(server, "Ada") as ada:
        state = await ada.state(lambda state: find(state, ada.player_id))
        me = find(state, ada.player_id)
        here = (me["x"], me["y"])
        far = max(state["stars"], key=lambda star: math.dist(here, (star["x"], star["y"])))
        answer = await ada.act(type="collect", star=far["id"])
        assert answer["fields"] == [{"star": "is more than 90 away"}]


async def test_collecting_too_late_is_no_success(server: ExampleServer) -> None:
    """A star that is gone already does not score, and is no mistake either."""
    async with browser(server, "Ada") as ada:
        assert await ada.act(type="collect", star=0) == {"success": False, "score": 0}


async def test_leaving_is_seen_by_others(server: ExampleServer) -> None:
    """Who disconnects is gone from the arena, for sockets and over HTTP."""
    async with browser(server, "Bob") as bob:
        async with browser(server, "Ada") as ada:
            await bob.state(lambda state: find(state, ada.player_id))
        await bob.state(lambda state: not find(state, ada.player_id))
        assert (await get(server, f"/api/players/{ada.player_id}")).status_code == 404


async def test_server_asks_for_state() -> None:
    """The server asks on a timer, takes the answer by its id, and tells the latency."""
    with serving("-c", FAST.format(timeout=5), folder=EXAMPLES / "game") as server:
        async with browser(server, "Ada") as ada:
            me = await ada.me()
            await ada.send(path="/game/sync")
            first = await ada.asked()
            assert first["data"]["latency"] is None
            assert first["data"]["serverTime"] > 0
            await ada.send(id=first["id"], data={"position": {"x": me["x"], "y": me["y"]}})
            second = await ada.asked()
            assert second["id"] != first["id"]
            assert second["data"]["latency"] >= 0


async def test_wrong_place_is_corrected() -> None:
    """A browser that shows its player far from where it is gets told the right place."""
    with serving("-c", FAST.format(timeout=5), folder=EXAMPLES / "game") as server:
        async with browser(server, "Ada") as ada:
            me = await ada.me()
            await ada.send(path="/game/sync")
            asked = await ada.asked()
            await ada.send(id=asked["id"], data={"position": {"x": me["x"] + 500, "y": me["y"]}})
            place = await ada.receive(lambda message: message.get("path") == "/game/place")
            assert place["data"] == {"x": me["x"], "y": me["y"]}


async def test_bad_state_is_survived(server: ExampleServer) -> None:
    """An answer to the server that does not fit leaves the connection alive."""
    async with browser(server, "Ada") as ada:
        await ada.send(path="/game/sync")
        asked = await ada.asked()
        await ada.send(id=asked["id"], data={"position": {"x": "here", "y": 1}})
        assert not (await ada.act(type="collect", star=0))["success"]


async def test_silent_browser_is_let_go() -> None:
    """A browser that does not answer loses its connection, and its place in the arena."""
    with serving("-c", FAST.format(timeout=0.05), folder=EXAMPLES / "game") as server:
        async with browser(server, "Ada") as ada:
            await ada.send(path="/game/sync")
            with pytest.raises(ConnectionClosedError) as closed:
                await ada.receive(lambda message: False)
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (
                4000,
                "no answer to /game/sync",
            )
            assert (await get(server, "/api/players")).json() == []


async def test_server_stops_with_players_inside() -> None:
    """A server that is told to stop lets the players go, without an error of its own."""
    with serving("game/app.py", "--port", "0") as server:
        async with browser(server, "Ada") as ada:
            await ada.send(path="/game/sync")
            await ada.asked()
            await asyncio.to_thread(server.stop)
            with pytest.raises(ConnectionClosedError):
                await ada.receive(lambda message: False)
