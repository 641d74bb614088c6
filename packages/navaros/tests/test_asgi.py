"""Applications as handlers: what can be one, and by what name it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from navaros import Router, asgi

if TYPE_CHECKING:
    from aros_core.asgi.types import Receive, Scope, Send


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Do nothing."""


def test_only_applications_are_taken() -> None:
    """What cannot be called is refused where it is registered."""
    nothing: Any = None
    with pytest.raises(TypeError, match="is no ASGI application: it cannot be called"):
        asgi(nothing)


def test_it_is_a_handler_like_others() -> None:
    """It can be looked up, and shows which application it is."""
    app = Router()
    handler = asgi(application)
    app.get("/x", handler)
    info = app.lookup(handler)
    assert info is not None
    assert str(info.pattern) == "/x"
    assert repr(handler).startswith("asgi(")
    assert repr(handler).endswith(".application)")
