"""Both routers mounted in Litestar; what it has in its state, they have in theirs.

Run it: uv run --group frameworks uvicorn --app-dir examples/in_litestar app:app
Ask it: curl http://127.0.0.1:8000/api/hello/ada
   and: uv run websockets ws://127.0.0.1:8000/ws, then {"path": "/hello/ada", "id": 1}
"""

from litestar import Litestar, asgi, get

import navaros
import velaros
from aros_core.asgi.types import Receive, Scope, Send

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


@get("/")
async def home() -> str:
    """Answer for Litestar itself."""
    return "this is Litestar"


@asgi("/api", is_mount=True, copy_scope=True)
async def pages(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell the router where it is: Litestar cuts the mount off the path, and adds a slash."""
    root = scope["root_path"] + "/api"
    place = {"root_path": root, "path": root + scope["path"].rstrip("/")}
    await api({**scope, **place, "state": app.state.dict()}, receive, send)


@asgi("/ws", copy_scope=True)
async def sockets(scope: Scope, receive: Receive, send: Send) -> None:
    """Hand sockets over; the path plays no part in theirs."""
    await messages({**scope, "state": app.state.dict()}, receive, send)


def provide_greeting(site: Litestar) -> None:
    """Provide the greeting as the server starts."""
    site.state["greeting"] = "hello"


# Logging stays what the server makes it.
app = Litestar([home, pages, sockets], on_startup=[provide_greeting], logging_config=None)
