"""Both routers mounted in Starlette, which runs their lifespans within its own.

Run it: uv run --group frameworks uvicorn --app-dir examples/in_starlette app:app
Ask it: curl http://127.0.0.1:8000/api/hello/ada
   and: uv run websockets ws://127.0.0.1:8000/ws, then {"path": "/hello/ada", "id": 1}
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute

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


async def home(request: Request) -> PlainTextResponse:
    """Answer for Starlette itself."""
    return PlainTextResponse("this is Starlette")


@asynccontextmanager
async def both_lifespans(_: Starlette) -> AsyncGenerator[Mapping[str, object]]:
    """Run the lifespans of both routers, whose state Starlette then hands to them."""
    async with api.running() as state, messages.running():
        yield state


app = Starlette(
    routes=[Route("/", home), Mount("/api", api), WebSocketRoute("/ws", messages)],
    lifespan=both_lifespans,
)
