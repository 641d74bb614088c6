"""The middleware of the package: the codecs and the set family."""

from __future__ import annotations

import aros_core.middleware as shared
from navaros import Context, Ref, Router, middleware

from .exchange import ask


def test_it_is_the_shared_one() -> None:
    """Both packages have the same functions."""
    assert middleware.__all__ == ["json", "msgpack", "protobuf", "set", "setfn", "setvalue"]
    for name in middleware.__all__:
        assert getattr(middleware, name) is getattr(shared, name)


async def test_the_set_family() -> None:
    """Values that are fixed, made each time, and read each time."""
    maximum = Ref(1)
    made = iter([10, 20])
    app = Router()
    app.use(middleware.json())
    app.use(middleware.set("fixed", "a"))
    app.use(middleware.setfn("made", lambda: next(made)))
    app.use(middleware.setvalue("maximum", maximum))

    @app.get("/")
    async def handler(ctx: Context) -> list[object]:
        return [ctx.get("fixed"), ctx.get("made"), ctx.get("maximum")]

    assert (await ask(app)).body == b'["a",10,1]'
    maximum.value = 2
    assert (await ask(app)).body == b'["a",20,2]'
