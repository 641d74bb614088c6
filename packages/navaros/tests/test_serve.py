"""What `serve` tells uvicorn."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from navaros import Router, serve

if TYPE_CHECKING:
    from aros_core.asgi.types import ASGIApp


class MessageRouter(Router):
    """A router with a limit for messages."""

    max_message_size = 0


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What uvicorn was told, in place of running it."""
    calls: list[dict[str, Any]] = []

    def run(app: ASGIApp, **options: Any) -> None:
        calls.append({"app": app, **options})

    monkeypatch.setattr(uvicorn, "run", run)
    return calls


def test_the_defaults(told: list[dict[str, Any]]) -> None:
    """h11 and wsproto, 10 s to shut down, no deflate, on the local host."""
    app = Router()
    serve(app)
    assert told == [
        {
            "app": app,
            "host": "127.0.0.1",
            "port": 8080,
            "http": "h11",
            "ws": "wsproto",
            "timeout_graceful_shutdown": 10,
            "ws_per_message_deflate": False,
        }
    ]


def test_the_largest_limit_for_messages(told: list[dict[str, Any]]) -> None:
    """The server lets pass what any of the routers would take."""
    app = Router()
    for size in (10, 30, 20):
        router = MessageRouter()
        router.max_message_size = size
        app.use(router)
    serve(app)
    assert told[0]["ws_max_size"] == 30


def test_every_option_may_be_given(told: list[dict[str, Any]]) -> None:
    """The caller knows best; any application is served."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        """Do nothing."""

    serve(application, "0.0.0.0", 80, http="httptools", workers=2)
    assert told[0]["app"] is application
    assert (told[0]["host"], told[0]["port"]) == ("0.0.0.0", 80)
    assert (told[0]["http"], told[0]["workers"]) == ("httptools", 2)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names what to install."""
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(ImportError, match="server"):
        serve(Router())
