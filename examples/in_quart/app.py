"""Both routers beside Quart: Navaros stands in front, and leaves to Quart what is not theirs.

Run it: uv run --group frameworks uvicorn --app-dir examples/in_quart app:app
Ask it: curl http://127.0.0.1:8000/api/hello/ada
   and: uv run websockets ws://127.0.0.1:8000/ws, then {"path": "/hello/ada", "id": 1}
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from quart import Quart

import navaros
import velaros

site = Quart(__name__)

api = navaros.Router()
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


@site.get("/")
async def home() -> str:
    """Answer for Quart itself."""
    return "this is Quart"


@asynccontextmanager
async def lifespan(router: navaros.Router) -> AsyncGenerator[dict[str, str]]:
    """Start and stop Quart too, with what it runs `before_serving` and `after_serving`."""
    await site.startup()
    yield {"greeting": "hello"}
    await site.shutdown()


app = navaros.Router(lifespan=lifespan)
app.use("/api", api)
app.use("/ws", messages.middleware())
app.use(navaros.asgi(site))
