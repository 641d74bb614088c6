"""Messages that reach everybody in a room.

Run it: uv run examples/chat/app.py
Ask it: uv run websockets ws://127.0.0.1:8080 (twice),
        then {"path": "/rooms/tea/join"}, {"path": "/rooms/tea/say", "data": {"text": "Hello!"}}
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass

import navaros
from velaros import Context, Error, Router, Socket, middleware

app = Router()
app.use(middleware.json())

# The sockets of this process. With several, `say` would publish to a message broker instead, and
# each process would pass on what it hears from there.
rooms: defaultdict[str, set[Socket]] = defaultdict(set)


@dataclass
class Line:
    """Something said."""

    text: str


@app.bind("/rooms/:room/join")
async def join(ctx: Context) -> dict[str, int]:
    """Keep the socket among those of the room."""
    members = rooms[ctx.params["room"]]
    members.add(ctx.socket)
    return {"members": len(members)}


@app.bind("/rooms/:room/say")
async def say(ctx: Context) -> None:
    """Send a line to everybody in the room, the speaker included."""
    line = await ctx.unmarshal(Line)
    members = rooms.get(ctx.params["room"], set())
    if ctx.socket not in members:
        raise Error("join the room first")
    # One who has just left or does not read must not keep the others from hearing it.
    sending = [member.send(line, path=ctx.path) for member in members]
    await asyncio.gather(*sending, return_exceptions=True)


@app.use_close
async def leave(ctx: Context) -> None:
    """Take the socket out of every room, and forget the rooms that are empty."""
    for room, members in list(rooms.items()):
        members.discard(ctx.socket)
        if not members:
            del rooms[room]


if __name__ == "__main__":
    navaros.serve(app)
