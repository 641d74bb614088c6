"""An HTTP route and a message route, side by side.

Run it: uv run examples/hello/app.py
Ask it: curl http://127.0.0.1:8080/hello/ada
   and: uv run websockets ws://127.0.0.1:8080, then {"path": "/hello/ada", "id": 1}
"""

import navaros
import velaros

messages = velaros.Router()
messages.use(velaros.middleware.json())


@messages.bind("/hello/:name")
async def hello_message(ctx: velaros.Context) -> dict[str, str]:
    """Answer a message."""
    return {"hello": ctx.params["name"]}


app = navaros.Router()
app.use(navaros.middleware.json())
app.use(messages.middleware())


@app.get("/hello/:name")
async def hello_page(ctx: navaros.Context) -> dict[str, str]:
    """Answer an HTTP request."""
    return {"hello": ctx.params["name"]}


if __name__ == "__main__":
    navaros.serve(app)
