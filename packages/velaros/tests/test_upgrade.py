"""A router inside an HTTP router."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aros_core.embedding import Embedding, Host
from aros_core.storage import Storage
from velaros import Context, HTTPError, Key

from .helpers import ASGIPeer, json_router, settle, soon

if TYPE_CHECKING:
    from aros_core.asgi.types import ASGIApp, Receive, Scope, Send
    from velaros import Router

USER = Key[str]("user")


class FakeHost:
    """The context of an HTTP router, as far as an embedded router sees it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.storage = Storage()
        self.passed = False
        self.handed_over = False
        self._receive = receive
        self._send = send

    async def next(self) -> None:
        """Note that the request was let pass."""
        self.passed = True

    async def hand_over(self, app: ASGIApp) -> None:
        """Let the application answer."""
        self.handed_over = True
        await app(self.scope, self._receive, self._send)


class Outer:
    """An HTTP router around a router for messages."""

    def __init__(self, router: Router) -> None:
        self.middleware = router.middleware()
        self.values: dict[Any, Any] = {}
        self.hosts: list[FakeHost] = []
        self.errors: list[Exception] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the embedded router as a handler of the chain."""
        host = FakeHost(scope, receive, send)
        self.hosts.append(host)
        for key, value in self.values.items():
            host.storage.set(key, value)
        try:
            await self.middleware.handle(host)
        except Exception as error:
            self.errors.append(error)


async def nothing(*events: Any) -> Any:
    """Refuse to be called."""
    raise AssertionError("nothing is to be read or sent")


async def test_takes_upgrades() -> None:
    """A socket lives inside the chain of the HTTP router, at whatever path."""
    router = json_router()
    router.bind("/x", lambda ctx: ctx.scope["path"])
    outer = Outer(router)
    async with ASGIPeer(outer, path="/anywhere") as peer:
        await peer.accepted()
        peer.push(path="/x", id=1)
        assert await peer.message() == {"id": 1, "data": {"message": "/anywhere"}}
    assert outer.hosts[0].handed_over
    assert not outer.hosts[0].passed


@pytest.mark.parametrize("kind", ["http", "something.else"])
async def test_lets_other_requests_pass(kind: str) -> None:
    """The next handler of the HTTP router has them."""
    outer = Outer(json_router())
    await outer({"type": kind}, nothing, nothing)
    assert outer.hosts[0].passed
    assert not outer.hosts[0].handed_over


async def test_what_was_set_is_the_sockets_first_storage() -> None:
    """Upgrade hooks, open hooks and messages find it; each socket has its own copy."""
    router = json_router()
    seen: list[Any] = []

    @router.use_upgrade
    async def _(ctx: Context) -> None:
        seen.append(ctx.get_from_socket(USER))
        ctx.set_on_socket("more", 1)

    @router.use_open
    async def _(ctx: Context) -> None:
        seen.append((ctx.must_get_from_socket(USER), ctx.get_from_socket("more")))

    @router.bind("/x")
    async def _(ctx: Context) -> None:
        seen.append((ctx.get_from_socket(USER), ctx.get(USER)))
        ctx.set_on_socket(USER, "eve")

    outer = Outer(router)
    outer.values = {USER: "ada"}
    for _round in range(2):
        async with ASGIPeer(outer) as peer:
            await peer.accepted()
            peer.push(path="/x")
            await settle()
        assert outer.hosts[-1].storage.get(USER) == "ada"
        assert outer.hosts[-1].storage.get("more") is None
    assert seen == ["ada", ("ada", 1), ("ada", None)] * 2


@pytest.mark.parametrize("why", ["hook", "origin", "subprotocol"])
async def test_a_refusal_is_an_error_of_the_outer_chain(why: str) -> None:
    """Middleware of the HTTP router sees it, and answers in its own way."""
    router = json_router(origins=[])
    if why == "hook":

        @router.use_upgrade
        async def _(ctx: Context) -> None:
            raise HTTPError(401)

    headers = {"origin": "https://evil.com"} if why == "origin" else {}
    offered = ["unknown"] if why == "subprotocol" else []
    outer = Outer(router)
    async with ASGIPeer(outer, headers=headers, subprotocols=offered) as peer:
        await asyncio.wait([peer.task])
        assert peer.outgoing.empty()
    (error,) = outer.errors
    assert isinstance(error, HTTPError)
    assert error.status == {"hook": 401, "origin": 403, "subprotocol": 400}[why]


async def test_a_client_that_never_asked_is_let_go() -> None:
    """A disconnect before the connect is the end, without a word."""
    outer = Outer(json_router())
    peer = ASGIPeer(outer)
    peer.leave()
    await soon(peer.serve())
    assert peer.outgoing.empty()
    assert outer.errors == []


async def test_brings_its_router_along() -> None:
    """The outer router runs its lifespan and lists its routes."""
    router = json_router()
    embedded = router.middleware()
    assert isinstance(embedded, Embedding)
    assert embedded.router is router


def test_fits_every_host() -> None:
    """The fake host is what an HTTP router's context has to be."""
    host: Host = FakeHost({}, nothing, nothing)
    assert host.storage is not None
