"""The router of HTTP requests, an ASGI application."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from aros_core.memo import Memo
from aros_core.steps import END
from navaros.admission import refusal
from navaros.allow import NOT_FOUND
from navaros.body import DEFAULT_LIMIT
from navaros.content import encode_body
from navaros.context import Context
from navaros.failures import log
from navaros.fields import ReadyAnswer, Writer
from navaros.negotiation import codec_for
from navaros.verbs import METHODS, Verbs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aros_core.asgi.lifespan import Lifespan
    from aros_core.asgi.types import Receive, Scope, Send
    from aros_core.codecs import PayloadCodec

_VERBLESS: Final = "*"
"""Stands for upgrades, and for methods without a verb: only routes of every method match it."""

_PLAIN_METHODS: Final = METHODS - {"HEAD"}

# Clients may make up types, and long ones.
_MOST_TYPES: Final = 16


class Router(Verbs):
    """Routes HTTP requests to handlers, and WebSocket upgrades to middleware.

    It is an ASGI application, and a handler: `router.use("/api", other)` mounts another one.
    """

    protocol = "HTTP requests"

    def __init__(
        self, *, max_request_body_size: int = DEFAULT_LIMIT, lifespan: Lifespan | None = None
    ) -> None:
        """Make an empty router.

        `max_request_body_size` is in bytes, `-1` for no limit. It is that of the router which is
        the application, not of those mounted on it; their middleware may change the context's own.
        `lifespan` is called with the router and returns an async context manager, entered when the
        server starts and left when it stops; the mapping it yields becomes `ctx.state`.
        """
        super().__init__(lifespan=lifespan)
        self.max_request_body_size = max_request_body_size

    @cached_property
    def readers(self) -> Mapping[bytes | None, PayloadCodec | None]:
        """The codecs that read bodies, by the Content-Type; `None` is for what no codec reads."""
        return Memo(self._reader, _MOST_TYPES)

    @cached_property
    def sole_writer(self) -> Writer | None:
        """Writes all answers where only one codec does, so that there is no choice."""
        writers = [codec for codec in self.codecs if codec.response]
        return Writer(writers[0]) if len(writers) == 1 else None

    @cached_property
    def not_found(self) -> ReadyAnswer | None:
        """What answers for paths without routes; `None` where clients choose the format."""
        if len(self.codecs) > 1:
            return None
        return ReadyAnswer(404, *encode_body(NOT_FOUND, None, self.codecs, None))

    def changed(self) -> None:
        """Have what was built from the entries built anew, in the parents as well."""
        for name in ("readers", "sole_writer", "not_found"):
            self.__dict__.pop(name, None)
        super().changed()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, upgrade or lifespan (ASGI 3).

        Raises `ResponseAborted`, so that the server cuts the connection off, when an error comes
        after the response began.
        """
        kind = scope["type"]
        if kind == "lifespan":
            from aros_core.asgi.lifespan import serve_lifespan

            await serve_lifespan(self, scope, receive, send)
            return
        ctx = Context(self, scope, receive, send)
        if kind == "http":
            method = scope["method"]
        else:
            method, send = _VERBLESS, ctx.deny
        try:
            refused = refusal(scope, ctx)
            if refused is None:
                if method not in _PLAIN_METHODS:
                    method = self._routed_method(ctx, method)
                chain = self.table.find(ctx.path, method)
                if chain is not END:
                    await ctx.run(chain)
            else:
                ctx.error = refused
            events = ctx.conclude()
            if events is None:
                await ctx.send_rest()
            else:
                start, body = events
                await send(start)
                await send(body)
        except OSError as error:
            # What servers raise when they are to send something, and the client is gone.
            log.debug("the client of %r %r left: %r", ctx.method, ctx.path, error)
        except BaseException:
            ctx.has_leftovers = True
            raise
        finally:
            if ctx.has_leftovers:
                await ctx.release()

    def _reader(self, content_type: bytes | None) -> PayloadCodec | None:
        text = None if content_type is None else content_type.decode("latin-1")
        return codec_for(text, self.codecs)

    def _routed_method(self, ctx: Context, method: str) -> str:
        """Return the method whose routes are walked: `HEAD` may be for those of `GET`."""
        if method != "HEAD":
            return _VERBLESS
        ctx.expect_no_body()
        routes = self.table.routes_at(ctx.path)
        return method if any(route.method == method for route in routes) else "GET"
