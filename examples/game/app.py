"""A game that two browser windows play together. Run it: uv run examples/game/app.py.

The page and the scores come over HTTP (this file), the moves over WebSocket messages (game.py).
"""

from argparse import ArgumentParser
from pathlib import Path

import navaros

from game import router, world
from world import Player, Score

app = navaros.Router()
app.use(navaros.middleware.json())
app.use(router.middleware())


@app.get("/")
async def page(ctx: navaros.Context) -> Path:
    """Send the page with the game in it."""
    return Path(__file__).with_name("page.html")


@app.get("/api/players")
async def list_players(ctx: navaros.Context) -> list[Player]:
    """List who is in the arena."""
    return list(world.players.values())


@app.get("/api/players/:id")
async def show_player(ctx: navaros.Context) -> Player:
    """Show one player."""
    player = world.players.get(ctx.params["id"])
    if player is None:
        raise navaros.HTTPError(404, "no such player")
    return player


@app.get("/api/scores")
async def list_scores(ctx: navaros.Context) -> list[Score]:
    """List the best scores since the server started."""
    return world.high_scores()


if __name__ == "__main__":
    parser = ArgumentParser(description="Serve the game.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=8080, help="the port to listen on")
    options = parser.parse_args()
    print(f"Open http://{options.host}:{options.port}")
    navaros.serve(app, host=options.host, port=options.port)
