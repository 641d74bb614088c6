"""The context of a lifecycle hook: one socket at a moment of its life, and no message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aros_core.codecs import InboundMessage
from velaros.context import Context

if TYPE_CHECKING:
    from collections.abc import Mapping

    from velaros.session import Session


class HookContext(Context):
    """What lifecycle hooks take: they can send and ask, but there is nothing to reply to."""

    def __init__(self, session: Session) -> None:
        message = InboundMessage(type=session.message_type)
        super().__init__(session, message, session.own_codec)

    def set_message_id(self, message_id: str | int) -> None:
        """Set the id; there is no message that could belong to another."""
        self.require_open()
        self.message.id = message_id

    async def reply(self, data: Any, *, meta: Mapping[str, Any] | None = None) -> None:
        """Raise `RuntimeError`."""
        del data, meta
        raise RuntimeError("there is no message to reply to in a lifecycle hook; use send()")

    async def receive(self, T: Any = None, *, timeout: float | None = None) -> Any:
        """Raise `RuntimeError`."""
        del T, timeout
        raise RuntimeError("there is no message to receive in a lifecycle hook")
