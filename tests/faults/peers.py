"""Sockets in memory, whose other side reads or does not, as a test says."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from velaros import ConnectionEnded, ConnectionInfo, Router, middleware

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 10.0
"""How many seconds anything may take that comes at all."""


class Peer:
    """The other side of one socket of a router, and the connection to it."""

    def __init__(self, router: Router, name: str = "") -> None:
        self.incoming: asyncio.Queue[str | ConnectionEnded] = asyncio.Queue()
        self.messages: list[dict[str, Any]] = []
        self.close_code: int | None = None
        self.reads = asyncio.Event()
        """While it is cleared, sending waits."""
        self.reads.set()
        self._came = asyncio.Event()
        info = ConnectionInfo(headers={"name": name})
        self.task = asyncio.create_task(router.handle_connection(info, self))

    # The connection, as the router uses it

    async def receive(self) -> str | bytes:
        """Return the next message of the other side, or raise how it ended."""
        item = await self.incoming.get()
        if isinstance(item, ConnectionEnded):
            raise item
        return item

    async def send(self, message: str | bytes) -> None:
        """Take a message, when the other side reads."""
        await self.reads.wait()
        self.messages.append(json.loads(message))
        self._came.set()

    async def close(self, status: int, reason: str) -> None:
        """Take the close frame, when the other side reads."""
        del reason
        await self.reads.wait()
        self.close_code = status

    # The other side

    def push(self, path: str | None = None, data: Any = None, *, id: Any = None) -> None:  # noqa: A002
        """Send a message."""
        envelope = {"path": path, "data": data, "id": id}
        present = {name: value for name, value in envelope.items() if value is not None}
        self.incoming.put_nowait(json.dumps(present))

    def leave(self) -> None:
        """End the connection."""
        self.incoming.put_nowait(ConnectionEnded(1001, "gone"))

    async def message(self, matches: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first message that matches, when it is there; it is not found again."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for number, message in enumerate(self.messages):
                    if matches(message):
                        return self.messages.pop(number)
                self._came.clear()
                await self._came.wait()

    async def request(self, path: str, data: Any = None) -> Any:
        """Send a message and return the payload of its answer."""
        self.push(path, data, id=f"request {path}")
        return (await self.message(lambda it: it.get("id") == f"request {path}")).get("data")

    async def ended(self) -> None:
        """Return when the router is through with the socket; raises nothing."""
        done, _ = await asyncio.wait([self.task], timeout=PATIENCE)
        assert done, "the socket did not end"


def make_router(**options: Any) -> Router:
    """Return a router that speaks JSON and echoes at `/echo`."""
    router = Router(**options)
    router.use(middleware.json())

    @router.bind("/echo")
    async def _(ctx: Any) -> Any:
        return await ctx.unmarshal()

    return router
