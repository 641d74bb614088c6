"""A server that asks the client something, and waits for the answer.

Run it: uv run examples/confirm/app.py
Ask it: uv run websockets ws://127.0.0.1:8080, then {"path": "/delete/notes.txt", "id": 1},
        and answer under the id that the server asks with: {"id": "…", "data": {"confirmed": true}}
"""

from dataclasses import dataclass

import navaros
from velaros import Context, Error, RequestTimeout, Router, middleware

PATIENCE = 30.0
"""How long the client may take to confirm, in seconds."""

app = Router()
app.use(middleware.json())

files = {"notes.txt", "todo.txt"}


@dataclass
class Question:
    """What the client is asked."""

    question: str


@dataclass
class Confirmation:
    """The client's answer."""

    confirmed: bool


@app.bind("/delete/:name")
async def delete(ctx: Context) -> dict[str, str]:
    """Delete a file, if the client still wants to when asked."""
    name = ctx.params["name"]
    if name not in files:
        raise Error(f"there is no {name}")
    question = Question(f"Delete {name} for good?")
    try:
        answer = await ctx.request(question, Confirmation, timeout=PATIENCE)
    except RequestTimeout:
        raise Error("nobody confirmed in time") from None
    if not answer.confirmed:
        return {"kept": name}
    # Another client may have been faster while this one was being asked.
    files.discard(name)
    return {"deleted": name}


if __name__ == "__main__":
    navaros.serve(app)
