"""The inbound half of the context: the message that is handled."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, overload

from aros_core.chain import Chain
from aros_core.codecs import InboundMessage, MessageType, OutboundMessage, is_for_another
from aros_core.context import Context as BaseContext
from aros_core.errors import UnmarshalError
from aros_core.steps import END

if TYPE_CHECKING:
    from aros_core.asgi.request_facts import RequestFacts
    from aros_core.codecs import Codec
    from aros_core.steps import Link, Step
    from velaros.session import Session

V = TypeVar("V")

_begin_chain: Final = Chain.__init__
"""What `super().__init__` is; asking for it at each birth takes twice as long."""

Unmarshaler: TypeAlias = Callable[[InboundMessage, Any], Any]
"""Takes a message, whose `data` are bytes, and a type; returns the payload, or an awaitable."""

Marshaller: TypeAlias = Callable[[OutboundMessage], bytes]
"""Takes a message, whose `data` is a value, and returns the bytes to send."""


class InboundContext(BaseContext):
    """What a context knows of its message, and what codecs written as middleware tell it."""

    _made_id: str | None = None
    _unmarshaler: Unmarshaler | None = None
    _is_diverted: bool = False
    _received: bytes | None = None
    streams: bool = False
    """Whether a stream of replies has begun and not ended."""

    def __init__(
        self, session: Session, message: InboundMessage, codec: Codec | None, size: int = 0
    ) -> None:
        """Make the context of a message that `codec` read; `size` is that of its frame."""
        _begin_chain(self)
        self._session = session
        self._marshaller: Marshaller | None = None
        self.message = message
        self.codec = codec
        self.size = size
        self.path = message.path
        self.chain = END
        """What is walked, or would be from the start."""
        self.conversation: str | int | None = None
        """The id under which further messages follow this one, while it is handled."""
        self.was_answered = False
        """Whether anything was sent for this message."""
        self.is_settled = False
        """Whether a handler of a route ran, and left no stream of replies without an end."""

    @property
    def _facts(self) -> RequestFacts:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._session.facts

    @property
    def message_id(self) -> str | int:
        """The message's id as the client sent it; made up on first use when there was none."""
        if self.message.id is not None:
            return self.message.id
        if self._made_id is None:
            self._made_id = os.urandom(8).hex()
        return self._made_id

    @property
    def raw_data(self) -> bytes:
        """The whole message as received."""
        return self.message.raw

    @property
    def data(self) -> bytes:
        """The payload's bytes; empty when there is no payload."""
        return self.message.data or b""

    @property
    def meta(self) -> Mapping[str, Any]:
        """The message's metadata: the client's word, so never a proof of identity."""
        return self.message.meta

    @property
    def message_type(self) -> MessageType:
        """Whether the message came as text or binary."""
        return self.message.type

    @overload
    async def unmarshal(self, T: type[V]) -> V: ...
    @overload
    async def unmarshal(self, T: Any = ...) -> Any: ...
    async def unmarshal(self, T: Any = Any) -> Any:
        """Return the payload as a validated `T`; plain Python values without one.

        Raises `UnmarshalError` when there is no payload, or it cannot be decoded or does not fit.
        """
        if self._unmarshaler is not None:
            if self.message.data is None:
                self.message.data = b""  # An unmarshaler is promised bytes.
            result = self._unmarshaler(self.message, T)
            return await result if inspect.isawaitable(result) else result
        if self.codec is None:
            raise RuntimeError(
                "no codec read this message; add one with router.use(middleware.json())"
            )
        try:
            return self.codec.decode_data(self.message, T)
        except TypeError as error:
            if is_for_another(self.codec, T, self._session.codecs):
                raise UnmarshalError(f"no {self.codec.name} is read here") from error
            raise

    def set_message_path(self, path: str) -> None:
        """Set the path; the routes after this middleware match against it."""
        self.require_open()
        self.message.path = path
        if not self._is_diverted:
            self.reroute(path, self._session.router.table.find(path))

    def set_message_data(self, data: bytes) -> None:
        """Set the payload's bytes."""
        self.require_open()
        self.message.data = data

    def set_message_raw_data(self, raw_data: bytes) -> None:
        """Set the bytes that the message counts as having been received as."""
        self.require_open()
        if self._received is None:
            self._received = self.message.raw
        self.message.raw = raw_data

    def set_message_meta(self, meta: Mapping[str, Any]) -> None:
        """Set the metadata."""
        self.require_open()
        self.message.meta = meta

    def set_message_unmarshaler(self, unmarshaler: Unmarshaler) -> None:
        """Set how payloads become values: `f(message, type)`, `message.data` being bytes."""
        self.require_open()
        self._unmarshaler = unmarshaler

    def set_message_marshaller(self, marshaller: Marshaller) -> None:
        """Set how messages become bytes: `f(message)` with `id`, `data`, `path` and `meta`.

        They are sent as text when the message's type is text.
        """
        self.require_open()
        self._marshaller = marshaller

    @property
    def received(self) -> bytes:
        """The whole message as received, whatever middleware says since."""
        return self.message.raw if self._received is None else self._received

    def reroute(self, path: str, first: Step) -> None:
        """Set the path, and have the routes behind the running handler matched against it."""
        self.chain = first
        super().reroute(path, first)

    @property
    def passed(self) -> list[Link]:
        """The links of the chain before the one that runs; all where none does."""
        running = self.running
        return [link for link in self.chain if running is None or link.order < running.order]

    def divert(self, chain: Step) -> None:
        """Make `next()` run this chain instead of the routes, whatever path is set."""
        self._is_diverted = True
        self.reroute(self.path, chain)
