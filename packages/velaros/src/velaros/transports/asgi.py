"""Sockets over ASGI servers (https://asgi.readthedocs.io/en/latest/specs/www.html#websocket)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aros_core.asgi.request_facts import RequestFacts
from velaros.connection import ConnectionEnded
from velaros.handshake import negotiate
from velaros.logs import logger
from velaros.session import Session
from velaros.status import Status

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from aros_core.asgi.types import Receive, Scope, Send
    from aros_core.storage import Storage
    from velaros.router import Router


class ASGIConnection:
    """A connection that an ASGI server holds."""

    __slots__ = ("_receive", "_send")

    loss: Final = Exception
    """What sending raises when the client is gone: each server has an error of its own."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send

    async def receive(self) -> str | bytes:
        """Return the next message; raises `ConnectionEnded` after the last."""
        event = await self._receive()
        if event["type"] == "websocket.receive":
            text = event.get("text")
            return event["bytes"] if text is None else text
        status = event.get("code") or Status.NO_STATUS_RCVD
        raise ConnectionEnded(status, event.get("reason") or "")

    def send(self, message: str | bytes) -> Awaitable[None]:
        """Send a message; await the result. It raises a `loss` when the client is gone."""
        kind = "text" if isinstance(message, str) else "bytes"
        return self._send({"type": "websocket.send", kind: message})

    async def close(self, status: int, reason: str) -> None:
        """Close the connection with a status and a reason."""
        await self._send({"type": "websocket.close", "code": int(status), "reason": reason})


async def shake_hands(
    router: Router,
    storage: Storage | None,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> Session | None:
    """Answer the handshake of a `websocket` scope; return the session that is to be lived.

    There is none when the client left meanwhile. Raises `HTTPError`, or what an upgrade hook
    raised, where the handshake is to be refused.
    """
    event = await receive()
    if event["type"] != "websocket.connect":
        return None
    facts = RequestFacts(scope)
    router.check_origin(facts)
    subprotocol, codecs = negotiate(
        scope.get("subprotocols") or (), router.message_codecs, router.subprotocols
    )
    session = Session(
        router,
        facts,
        ASGIConnection(receive, send),
        storage=storage,
        codecs=codecs,
        subprotocol=subprotocol,
    )
    await session.upgrade()
    try:
        await send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": []})
    except BaseException as error:
        session.lifecycle.refuse()
        if not isinstance(error, Exception):
            raise
        logger.debug("socket %s: the client left during the handshake: %r", session.id, error)
        return None
    return session


async def serve_upgrade(
    router: Router,
    storage: Storage | None,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Answer a `websocket` scope: decide about the handshake, then live the socket's life.

    Raises what `shake_hands` raises.
    """
    session = await shake_hands(router, storage, scope, receive, send)
    if session is not None:
        await router.live(session)
