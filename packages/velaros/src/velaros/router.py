"""The router for messages."""

from __future__ import annotations

from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload
from weakref import WeakSet

from aros_core.asgi.request_facts import RequestFacts
from aros_core.codecs import Codec
from aros_core.handlers import is_handler
from aros_core.router import AnyHandler, BaseRouter, Metadata
from velaros.context import Context
from velaros.hooks import HookObject, Moment, hooks_of, make_hook
from velaros.options import Option
from velaros.origins import OriginGuard
from velaros.routes import noted
from velaros.status import Status

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from aros_core.asgi.lifespan import Lifespan
    from aros_core.asgi.types import Receive, Scope, Send
    from aros_core.registration import Registration
    from aros_core.steps import Link
    from velaros.connection import Connection, ConnectionInfo
    from velaros.session import Session
    from velaros.upgrade import UpgradeMiddleware

H = TypeVar("H")

Handler: TypeAlias = AnyHandler[Context] | HookObject
"""What registration takes: the kinds that HTTP knows too, and objects with only lifecycle hooks."""


class Router(BaseRouter[Handler]):
    """Routes the messages of sockets to handlers; an ASGI application by itself.

    Every option is an attribute too. Times are in seconds, sizes in bytes.
    """

    protocol = "messages"

    max_concurrent_messages = Option(int)
    """How many messages of one socket are handled at once; later ones wait, in order."""
    max_waiting_messages = Option(int)
    """How many messages of one socket may wait (1 MiB at most); then reading pauses."""
    max_message_size = Option(int)
    """The size of a message; a larger one closes the socket with 1009."""
    max_pending_requests = Option(int)
    """How many requests may wait for one client; a further one raises at once."""
    request_timeout = Option(float)
    """How long `ctx.request` waits for an answer."""
    send_timeout = Option(float)
    """How long a client may not read before it is given up."""
    close_timeout = Option(float)
    """How long handlers may take to end, and all close hooks together."""

    def __init__(
        self,
        *,
        origins: Sequence[str] | None = None,
        subprotocols: Sequence[str] = (),
        max_concurrent_messages: int = 100,
        max_waiting_messages: int = 1000,
        max_message_size: int = 1024 * 1024,
        max_pending_requests: int = 1000,
        request_timeout: float = 5.0,
        send_timeout: float = 30.0,
        close_timeout: float = 5.0,
        answer_unhandled: bool = True,
        lifespan: Lifespan | None = None,
    ) -> None:
        """Make an empty router.

        `origins` are the web origins that may open sockets, by default any. `subprotocols` are
        those of codecs that are written as middleware. `answer_unhandled` says whether messages
        with an id that no handler answers get an error. Raises `ValueError` for wrong options.
        """
        super().__init__(lifespan=lifespan)
        self._origins = OriginGuard()
        if origins is not None:
            self.origins = origins
        self.subprotocols = tuple(subprotocols)
        self.max_concurrent_messages = max_concurrent_messages
        self.max_waiting_messages = max_waiting_messages
        self.max_message_size = max_message_size
        self.max_pending_requests = max_pending_requests
        self.request_timeout = request_timeout
        self.send_timeout = send_timeout
        self.close_timeout = close_timeout
        self.answer_unhandled = answer_unhandled
        self._hooks: dict[Moment, tuple[Link, ...]] = {}
        self._sessions: WeakSet[Session] = WeakSet()

    @property
    def origins(self) -> list[str]:
        """The web origins that may open sockets, `["*"]` being any."""
        return self._origins.patterns

    @origins.setter
    def origins(self, origins: Sequence[str]) -> None:
        self._origins.patterns = origins

    # Registration

    def bind(
        self, path: str, /, *handlers: Handler, metadata: Metadata | None = None
    ) -> Registration:
        """Handle the messages whose path matches; as a decorator, append the function."""
        return self.register(path, None, handlers, metadata=metadata)

    def public_bind(
        self, path: str, /, *handlers: Handler, metadata: Metadata | None = None
    ) -> Registration:
        """Do as `bind`, and list the route in `route_descriptors()`."""
        return self.register(path, None, handlers, public=True, metadata=metadata)

    @overload
    def use_upgrade(self) -> Callable[[H], H]: ...
    @overload
    def use_upgrade(self, handler: H, /) -> H: ...
    @overload
    def use_upgrade(self, first: Any, second: Any, /, *handlers: Any) -> Callable[[H], H]: ...
    def use_upgrade(self, *handlers: Any) -> Any:
        """Run handlers before the handshake is answered; `HTTPError` refuses it.

        Works as a decorator, bare or called.
        """
        return self._hook(Moment.UPGRADE, handlers, self.use_upgrade)

    @overload
    def use_open(self) -> Callable[[H], H]: ...
    @overload
    def use_open(self, handler: H, /) -> H: ...
    @overload
    def use_open(self, first: Any, second: Any, /, *handlers: Any) -> Callable[[H], H]: ...
    def use_open(self, *handlers: Any) -> Any:
        """Run handlers after the handshake, before any message is handled.

        The next one follows by itself, or at `ctx.next()`. An error that nobody handles closes
        the socket with 1011. Works as a decorator, bare or called.
        """
        return self._hook(Moment.OPEN, handlers, self.use_open)

    @overload
    def use_close(self) -> Callable[[H], H]: ...
    @overload
    def use_close(self, handler: H, /) -> H: ...
    @overload
    def use_close(self, first: Any, second: Any, /, *handlers: Any) -> Callable[[H], H]: ...
    def use_close(self, *handlers: Any) -> Any:
        """Run handlers once for every socket that opened, after every kind of end.

        Every one runs, also after an earlier one failed. While the server closes they can still
        send, and change status and reason by `ctx.close()`. Works as a decorator, bare or called.
        """
        return self._hook(Moment.CLOSE, handlers, self.use_close)

    def _hook(self, moment: Moment, handlers: tuple[Any, ...], decorator: Any) -> Any:
        self.entries.extend([make_hook(moment, handler) for handler in handlers])
        self.changed()
        return handlers[0] if len(handlers) == 1 else decorator

    def select(self, links: Sequence[Link], method: str | None) -> tuple[Link, ...]:
        """Return the links of a path; those of routes note that they ran."""
        return tuple(noted(link) for link in super().select(links, method))

    def adopt(self, handler: Any) -> bool:
        """Register the hooks of an object; tell whether it is nothing but hooks."""
        hooks = hooks_of(handler)
        self.entries.extend(hooks)
        return bool(hooks) and not is_handler(handler)

    def changed(self) -> None:
        """Have what was built from the entries built anew, in the parents as well."""
        self._hooks = {}
        super().changed()

    def hooks(self, moment: Moment) -> tuple[Link, ...]:
        """Return the chain of a moment's hooks, of mounted routers too."""
        if moment not in self._hooks:
            from velaros.hook_chains import hook_links

            self._hooks[moment] = hook_links(self.tree(), moment)
        return self._hooks[moment]

    @property
    def message_codecs(self) -> tuple[Codec, ...]:
        """The codecs that read and write messages."""
        return tuple(codec for codec in self.codecs if isinstance(codec, Codec))

    # Service

    def middleware(self) -> UpgradeMiddleware:
        """Return middleware for an HTTP router: it takes upgrades and lets the rest pass."""
        from velaros.upgrade import UpgradeMiddleware

        return UpgradeMiddleware(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve as an ASGI application; plain HTTP requests are answered with 400."""
        if scope["type"] == "lifespan":
            from aros_core.asgi.lifespan import serve_lifespan

            await serve_lifespan(self, scope, receive, send)
        elif scope["type"] == "websocket":
            session = await self._shake_hands(scope, receive, send)
            if session is not None:
                await self.live(session)
        else:
            from aros_core.asgi.plain_text import answer_with_text

            text = "this address takes WebSocket connections only; ask for an upgrade"
            await answer_with_text(send, 400, text)

    async def _shake_hands(self, scope: Scope, receive: Receive, send: Send) -> Session | None:
        from velaros.transports.asgi import shake_hands

        try:
            return await shake_hands(self, None, scope, receive, send)
        except Exception as error:
            from velaros.handshake import refuse

            await refuse(scope, send, error, self.message_codecs)
            return None

    async def handle_connection(self, info: ConnectionInfo, connection: Connection) -> None:
        """Drive the router over any connection until it ends.

        Upgrade hooks run first; what they raise is raised here, and the connection stays as it is.
        """
        from velaros.session import Session

        facts = RequestFacts(info.scope())
        facts.remote_address = info.remote_address
        session = Session(self, facts, connection, codecs=self.message_codecs)
        await session.upgrade()
        await self.live(session)

    def check_origin(self, facts: RequestFacts) -> None:
        """Raise `HTTPError` 403 when the request's origin may not open a socket."""
        self._origins.check(facts)

    async def live(self, session: Session) -> None:
        """Run a session, known to this router for as long as it lives."""
        self._sessions.add(session)
        try:
            await session.run()
        finally:
            self._sessions.discard(session)

    @asynccontextmanager
    async def own_lifespan(self) -> AsyncGenerator[Mapping[str, Any] | None]:
        """Run the lifespan of this router alone; the first client finds all imported then."""
        import_module("velaros.transports.asgi")
        async with super().own_lifespan() as state:
            yield state

    async def wind_up(self) -> None:
        """Close every socket, as the server stops; nothing of a lifespan is left yet."""
        sessions = list(self._sessions)
        for session in sessions:
            session.close(Status.GOING_AWAY, "the server is shutting down")
        for session in sessions:
            await session.wait_ended()
