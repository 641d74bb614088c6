"""Both routers mounted in FastAPI, which runs their lifespans within its own.

Run it: uv run --group frameworks uvicorn --app-dir examples/in_fastapi app:app
Ask it: curl http://127.0.0.1:8000/api/hello/ada
   and: uv run websockets ws://127.0.0.1:8000/ws/, then {"path": "/hello/ada", "id": 1}
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI

import navaros
import velaros


@asynccontextmanager
async def lifespan(router: navaros.Router) -> AsyncGenerator[dict[str, str]]:
    """Provide the greeting for as long as the server runs."""
    yield {"greeting": "hello"}


api = navaros.Router(lifespan=lifespan)
api.use(navaros.middleware.json())

messages = velaros.Router()
messages.use(velaros.middleware.json())


@api.get("/hello/:name")
async def hello_page(ctx: navaros.Context) -> dict[str, str]:
    """Answer an HTTP request."""
    return {ctx.state["greeting"]: ctx.params["name"]}


@messages.bind("/hello/:name")
async def hello_message(ctx: velaros.Context) -> dict[str, str]:
    """Answer a message."""
    return {ctx.state["greeting"]: ctx.params["name"]}


@asynccontextmanager
async def both_lifespans(_: FastAPI) -> AsyncGenerator[Mapping[str, object]]:
    """Run the lifespans of both routers, whose state FastAPI then hands to them."""
    async with api.running() as state, messages.running():
        yield state


app = FastAPI(lifespan=both_lifespans)
app.mount("/api", api)
app.mount("/ws", messages)


@app.get("/")
async def home() -> str:
    """Answer for FastAPI itself."""
    return "this is FastAPI"
