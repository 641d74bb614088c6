"""A program with many sockets that lets the server wait for answers; it is there to be killed.

`python -m waiting_client PORT COUNT` prints `ready` when every one of its sockets was asked.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack

from velaros import Context, Router
from velaros.client import connect


async def main(port: int, count: int) -> None:
    """Open the sockets, have the server ask over each, and answer nothing."""
    router = Router()
    asked = asyncio.Semaphore(0)

    @router.bind("/question")
    async def _(_: Context) -> None:
        asked.release()
        await asyncio.Event().wait()

    async with AsyncExitStack() as stack:
        for _number in range(count):
            connection = connect(f"ws://127.0.0.1:{port}/", router=router)
            client = await stack.enter_async_context(connection)
            await client.send("/ask")
            await asked.acquire()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
