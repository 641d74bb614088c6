"""Both routers beside Falcon: Navaros routes in front of it, and Falcon runs the lifespan.

Run it: uv run --group frameworks uvicorn --app-dir examples/in_falcon app:app
Ask it: curl http://127.0.0.1:8000/api/hello/ada
   and: uv run websockets ws://127.0.0.1:8000/ws, then {"path": "/hello/ada", "id": 1}
"""

from collections.abc import Mapping
from typing import Any

from falcon.asgi import App, Request, Response

import navaros
import velaros
from aros_core.asgi.types import Receive, Send

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


class Home:
    """A resource of Falcon's, and middleware for the greeting that it starts with."""

    async def on_get(self, request: Request, response: Response) -> None:
        """Answer for Falcon itself."""
        response.text = "this is Falcon"

    async def process_startup(self, scope: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        """Provide the greeting for as long as the server runs."""
        scope["state"]["greeting"] = "hello"


home = Home()
site = App(middleware=[home])
site.add_route("/", home)

routers = navaros.Router()
routers.use("/api", api)
routers.use("/ws", messages.middleware())
routers.use(navaros.asgi(site))


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Leave start and stop to Falcon, and let the routers route the rest."""
    await (site if scope["type"] == "lifespan" else routers)(scope, receive, send)
