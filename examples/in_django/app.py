"""Both routers beside Django: Navaros stands in front, and leaves to Django what is not theirs.

Run it: uv run --group frameworks uvicorn --app-dir examples/in_django app:app
Ask it: curl http://127.0.0.1:8000/api/hello/ada
   and: uv run websockets ws://127.0.0.1:8000/ws, then {"path": "/hello/ada", "id": 1}
"""

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

import navaros
import velaros

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__)

api = navaros.Router()
api.use(navaros.middleware.json())

messages = velaros.Router()
messages.use(velaros.middleware.json())


@api.get("/hello/:name")
async def hello_page(ctx: navaros.Context) -> dict[str, str]:
    """Answer an HTTP request."""
    return {"hello": ctx.params["name"]}


@messages.bind("/hello/:name")
async def hello_message(ctx: velaros.Context) -> dict[str, str]:
    """Answer a message."""
    return {"hello": ctx.params["name"]}


async def home(request: HttpRequest) -> HttpResponse:
    """Answer for Django itself."""
    return HttpResponse("this is Django")


urlpatterns = [path("", home)]

app = navaros.Router()
app.use("/api", api)
app.use("/ws", messages.middleware())
django = navaros.asgi(get_asgi_application())


@app.use
async def pages(ctx: navaros.Context) -> None:
    """Leave the other requests to Django, which takes no sockets."""
    if ctx.scope["type"] == "http":
        await django.handle(ctx)
