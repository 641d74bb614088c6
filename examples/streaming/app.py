"""Answers that go out piece by piece, over HTTP and as messages.

Run it: uv run examples/streaming/app.py
Ask it: curl -N http://127.0.0.1:8080/countdown/5
   and: uv run websockets ws://127.0.0.1:8080, then {"path": "/countdown/5", "id": 1}
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import navaros
import velaros

PAUSE = 0.5
"""How long each number stays alone, in seconds."""


async def count_down(start: int) -> AsyncIterator[int]:
    """Produce the numbers from `start` to 1, with pauses."""
    for number in range(start, 0, -1):
        yield number
        await asyncio.sleep(PAUSE)


messages = velaros.Router()
messages.use(velaros.middleware.json())


@messages.bind(r"/countdown/:start(\d{1,3})")
async def reply_with_numbers(ctx: velaros.Context) -> AsyncGenerator[int, None]:
    """Reply with each number, and then, by itself, with a message that says it is the last."""
    async for number in count_down(int(ctx.params["start"])):
        yield number


app = navaros.Router()
app.use(messages.middleware())


@app.get(r"/countdown/:start(\d{1,3})")
async def send_numbers(ctx: navaros.Context) -> AsyncGenerator[str, None]:
    """Send each number as a chunk of the body; generators are closed when the client leaves."""
    async for number in count_down(int(ctx.params["start"])):
        yield f"{number}\n"


if __name__ == "__main__":
    navaros.serve(app)
