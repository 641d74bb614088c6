"""A handler that holds a conversation over several messages.

Run it: uv run examples/conversation/app.py
Ask it: uv run websockets ws://127.0.0.1:8080, then {"path": "/guess", "id": 1, "data": 50},
        and further guesses under the same id: {"id": 1, "data": 25}
"""

from random import Random

import navaros
from velaros import Context, Router, UnmarshalError, middleware

PATIENCE = 60.0
"""How long the next guess may take, in seconds."""

app = Router()
app.use(middleware.json())

random = Random()


@app.bind("/guess")
async def play(ctx: Context) -> str:
    """Think of a number, and let the client guess it."""
    secret = random.randint(1, 100)
    for tries in range(1, 11):
        try:
            guess = await ctx.receive(int, timeout=PATIENCE)
        except UnmarshalError as error:
            await ctx.reply(error)
            continue
        except TimeoutError:
            return "you have fallen asleep"
        if guess == secret:
            return f"right, after {tries} tries"
        await ctx.reply("higher" if guess < secret else "lower")
    return f"it was {secret}"


if __name__ == "__main__":
    navaros.serve(app)
