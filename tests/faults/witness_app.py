"""A server whose application notes every request that reaches it; run by `witness.py`.

`python witness_app.py h11 wsproto` serves it with `navaros.serve` and these implementations, on a
port of its own.
"""

from __future__ import annotations

import sys

from fuzz_target import Counts, make_target

import navaros

seen: list[str] = []
"""Method, path and body of every request since somebody asked last."""

counts = Counts()

app = navaros.Router(max_request_body_size=1024)


@app.get("/seen")
async def tell(ctx: navaros.Context) -> str:
    """Return what was seen, one request a line, and forget it."""
    text = "\n".join(seen)
    seen.clear()
    return text


@app.get("/counts")
async def count(ctx: navaros.Context) -> str:
    """Return how many sockets were opened and closed."""
    return f"{counts.opens} {counts.closes}"


@app.use
async def note(ctx: navaros.Context) -> None:
    """Note a request, also one that is refused afterwards."""
    seen.append(f"{ctx.method} {ctx.raw_path}")
    await ctx.next()


app.use("/ws", make_target(counts).middleware())


@app.all("/read")
async def read(ctx: navaros.Context) -> bytes:
    """Send the body back, and note it."""
    body = await ctx.read()
    seen[-1] += f" {body!r}"
    return body


@app.all("/ignore")
async def ignore(ctx: navaros.Context) -> str:
    """Answer without a look at the body."""
    return "ignored"


@app.get("/redirect/**")
async def redirect(ctx: navaros.Context) -> navaros.Redirect:
    """Send the client to a path that it named."""
    return navaros.Redirect(ctx.raw_path.removeprefix("/redirect"))


@app.all("/**")
async def anything(ctx: navaros.Context) -> str:
    """Answer everything else."""
    return "fine"


if __name__ == "__main__":
    navaros.serve(app, port=0, http=sys.argv[1], ws=sys.argv[2], access_log=False)
