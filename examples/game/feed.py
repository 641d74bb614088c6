"""Pushes the arena to players, each at the pace that its own connection takes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from velaros import Socket, SocketClosed

from messages import State

if TYPE_CHECKING:
    from world import World

FRAME = 1 / 30
"""The shortest time between two states pushed to a player, in seconds."""


class Feed:
    """Tells every follower what the arena looks like, whenever it has changed.

    Changes reach the players of this process. With several processes, `publish` would tell a
    message broker, and whatever the broker says would wake the followers.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._change = asyncio.Event()

    def publish(self) -> None:
        """Have the current state pushed to everybody."""
        self._change.set()
        self._change = asyncio.Event()

    async def follow(self, socket: Socket) -> None:
        """Push the state to a socket, now and at every change, until the socket closes.

        What changes while a push is under way goes out with the next one, so a slow reader
        holds nobody else up and has nothing pile up for it.
        """
        with suppress(SocketClosed):
            while True:
                # Taken before the state is read, so that no change falls in between.
                change = self._change
                await socket.send(self._state(), path="/game/state")
                await asyncio.gather(change.wait(), asyncio.sleep(FRAME))

    def _state(self) -> State:
        return State(list(self._world.players.values()), list(self._world.stars.values()))
