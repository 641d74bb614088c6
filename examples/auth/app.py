"""Access that is guarded once, for HTTP requests, handshakes and messages.

Run it: uv run examples/auth/app.py
Ask it: curl -H "Authorization: Bearer ada-token" http://127.0.0.1:8080/admin/report
   and: uv run websockets ws://127.0.0.1:8080, which is refused, as it sends no token
"""

import navaros
import velaros
from aros_core import Context, HTTPError, Key

USERS = {"ada-token": "ada", "grace-token": "grace"}
ADMINS = {"ada"}
USER = Key[str]("user")


async def require_user(ctx: Context) -> None:
    """Let known users pass; a message's headers are those of its socket's handshake."""
    token = ctx.request_headers.get("Authorization", "").removeprefix("Bearer ")
    if token not in USERS:
        raise HTTPError(401, "a valid token is needed")
    ctx.set(USER, USERS[token])
    await ctx.next()


async def require_admin(ctx: Context) -> None:
    """Let admins pass."""
    if ctx.must_get(USER) not in ADMINS:
        raise HTTPError(403, "this is for admins")
    await ctx.next()


async def report(ctx: Context) -> dict[str, str]:
    """Answer a request or a message, whichever it is."""
    return {"report": "all is well", "reader": ctx.must_get(USER)}


messages = velaros.Router()
messages.use(velaros.middleware.json())
messages.use_upgrade(require_user)
messages.use(require_user)
messages.use("/admin", require_admin)
messages.bind("/admin/report", report)

app = navaros.Router()
app.use(navaros.middleware.json())
app.use(messages.middleware())
app.use(require_user)
app.use("/admin", require_admin)
app.get("/admin/report", report)

if __name__ == "__main__":
    navaros.serve(app)
