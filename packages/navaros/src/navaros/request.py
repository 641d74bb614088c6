"""The request half of the context: what came, and its body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from aros_core.asgi.request_facts import RequestFacts
from aros_core.codecs import is_for_another
from aros_core.context import Context as BaseContext
from aros_core.errors import HTTPError, UnmarshalError
from navaros.body import RewrittenBody
from navaros.inbox import Inbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping

    from aros_core.asgi.types import Receive, Scope
    from navaros.body import RequestBody
    from navaros.forms import Form
    from navaros.router import Router

V = TypeVar("V")


class RequestSide(BaseContext):
    """What the client asked for."""

    _is_sending: bool = False
    """Whether the answer is sent part by part, though the chain is over."""
    _rewritten_bodies: tuple[RewrittenBody, ...] = ()
    """What `set_request_body` was given, those made of others behind them."""
    has_leftovers: bool
    """Whether there may be something to let go at the end of the request."""

    _router: Router
    _scope: Scope
    _receive: Receive
    _request_facts: RequestFacts | None = None
    _max_request_body_size: int | None = None
    _inbox_or_none: Inbox | None = None
    _form: Form | None = None

    @property
    def scope(self) -> Scope:
        """The ASGI scope of the request."""
        return self._scope

    @property
    def method(self) -> str:
        """The method as it was sent; `GET` for a WebSocket upgrade."""
        return self._scope.get("method") or "GET"

    @property
    def url(self) -> str:
        """The whole URL as it was asked for, with scheme, host and query."""
        query: bytes = self._scope.get("query_string") or b""
        text = f"{self._scope.get('scheme') or 'http'}://{self.request_host}{self.raw_path}"
        return f"{text}?{query.decode('latin-1')}" if query else text

    @property
    def raw_path(self) -> str:
        """The path as it was sent, percent-encoded, without the query."""
        raw: bytes | None = self._scope.get("raw_path")
        if raw is not None:
            return raw.decode("latin-1")
        from urllib.parse import quote

        return quote(self._scope["path"])

    @property
    def protocol(self) -> str:
        """The version of HTTP, such as `HTTP/1.1`."""
        return f"HTTP/{self._scope.get('http_version') or '1.1'}"

    @property
    def request_host(self) -> str:
        """The host as the client named it, with the port where it did; else the server's own."""
        host = self._header(b"host")
        if host is not None:
            return host
        server = self._scope.get("server")
        if not server:
            return ""
        name = f"[{server[0]}]" if ":" in server[0] else server[0]
        return f"{name}:{server[1]}" if server[1] is not None else name

    @property
    def request_content_length(self) -> int | None:
        """How many bytes the body has, by its header; `None` where that does not tell."""
        length = self._header(b"content-length") or ""
        return int(length) if length.isascii() and length.isdigit() else None

    @property
    def tls(self) -> Mapping[str, Any] | None:
        """The ASGI TLS extension; `None` without TLS, or where the server does not tell."""
        extensions: Mapping[str, Any] = self._scope.get("extensions") or {}
        return extensions.get("tls")

    @property
    def max_request_body_size(self) -> int:
        """How many bytes the body may have, `-1` for no limit; by default what the router says.

        Past it, reading raises `HTTPError` 413.
        """
        size = self._max_request_body_size
        return self._router.max_request_body_size if size is None else size

    @max_request_body_size.setter
    def max_request_body_size(self, size: int) -> None:
        self.require_open()
        self._max_request_body_size = size
        for body in (self._inbox_or_none, *self._rewritten_bodies):
            if body is not None:
                body.limit = size

    def expect_body(self, content_type: bytes | None, length: int) -> None:
        """Take note of what the header says of the body; a length of 0 is for one that is not."""
        limit = self._router.max_request_body_size
        self._inbox_or_none = Inbox(self._receive, limit, length, content_type)

    def request_cookie(self, name: str) -> str | None:
        """Return the value of a cookie that came with the request, `None` if there is none."""
        return self.request_cookies.get(name)

    def request_body(self) -> AsyncIterator[bytes]:
        """Return the chunks of the body to iterate over, as they arrive.

        All readers share one stream, and one limit: past `max_request_body_size` it raises
        `HTTPError` 413. `ClientDisconnected` means that the client left before the end.
        """
        return self._request_body().chunks()

    async def read(self) -> bytes:
        """Return the whole body, kept for later readers; raises what `request_body` does."""
        return await self._request_body().read()

    def set_request_body(self, chunks: AsyncIterable[bytes] | Iterable[bytes]) -> None:
        """Have everybody read these chunks from now on, as middleware that decompresses does.

        Make them of `ctx.request_body()`. They are counted against the limit by themselves,
        and closed at the end of the request.
        """
        self.require_open()
        body = RewrittenBody(chunks, self.max_request_body_size)
        self._rewritten_bodies = (*self._rewritten_bodies, body)
        self.has_leftovers = True
        self._form = None

    @overload
    async def unmarshal(self, T: type[V]) -> V: ...
    @overload
    async def unmarshal(self, T: Any = ...) -> Any: ...
    async def unmarshal(self, T: Any = Any) -> Any:
        """Return the body as a validated `T`, decoded by the codec of its Content-Type.

        Raises `UnmarshalError` when there is no body, or it does not decode or fit, and
        `HTTPError` 415 when no codec reads such a body.
        """
        data = await self._request_body().read()
        if not data:
            raise UnmarshalError("the request has no body")
        inbox = self._inbox()
        codec = inbox.codec = self._router.readers[inbox.content_type]
        if codec is None:
            kind = self._content_type or "unknown"
            raise HTTPError(415, f"no codec here reads a body of type {kind}")
        try:
            return codec.decode(data, T)
        except TypeError as error:
            if is_for_another(codec, T, self._router.codecs):
                kind = self._content_type
                raise HTTPError(415, f"no body of type {kind} is read here") from error
            raise

    async def form(self) -> Form:
        """Return the submitted form, parsed once; it is closed at the end of the request.

        Needs the extra `forms`. Raises `HTTPError` 415 for a body that is no form.
        """
        if self._form is None:
            from navaros.forms import read_form

            self._form = await read_form(self._content_type, self.request_body())
            self.has_leftovers = True
        return self._form

    @property
    def is_done(self) -> bool:
        """Whether the client is gone, or the answer is out.

        The first look starts the watch for the client's leaving.
        """
        if self._is_over:
            return True
        inbox = self._watched_inbox
        inbox.watch()
        return inbox.is_over

    async def wait_done(self) -> None:
        """Return when the client is gone, or the answer is out."""
        if not self._is_over:
            await self._watched_inbox.wait_over()

    @property
    def _is_over(self) -> bool:
        """Whether the answer is out, or never will be."""
        return self._ended and not self._is_sending

    def _header(self, name: bytes) -> str | None:
        """Return the first field of a name, without the cost of making `request_headers`."""
        for own, value in self._scope.get("headers") or ():
            if own == name:
                return value.decode("latin-1")
        return None

    @property
    def _content_type(self) -> str:
        return (self._inbox().content_type or b"").decode("latin-1")

    @property
    def _accept(self) -> str:
        """What the client accepts; it may say so in several fields."""
        fields = self._scope.get("headers") or ()
        return ", ".join(value.decode("latin-1") for name, value in fields if name == b"accept")

    @property
    def _facts(self) -> RequestFacts:  # pyright: ignore[reportIncompatibleVariableOverride]
        if self._request_facts is None:
            self._request_facts = RequestFacts(self._scope)
        return self._request_facts

    @property
    def _watched_inbox(self) -> Inbox:
        """The inbox, for those who want to know of the client's leaving."""
        self.has_leftovers = True
        return self._inbox()

    # No properties, since Python calls methods faster.

    def _inbox(self) -> Inbox:
        """Return the inbox, made where the header says nothing of a body."""
        inbox = self._inbox_or_none
        if inbox is None:
            inbox = self._inbox_or_none = Inbox(self._receive, self.max_request_body_size)
        return inbox

    def _request_body(self) -> RequestBody:
        """Return the body that is read: the server's, or what middleware made of it."""
        if self._rewritten_bodies:
            return self._rewritten_bodies[-1]
        is_upgrade = self._scope["type"] == "websocket"
        return RewrittenBody((), -1) if is_upgrade else self._inbox()
