"""A client for tests: httpx2 over an application in memory, its lifespan included."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

import httpx2

from aros_core.testing import LifespanManager
from navaros.closing import close_body
from navaros.errors import ResponseAborted

if TYPE_CHECKING:
    from types import TracebackType

    from aros_core.asgi.types import ASGIApp, Receive, Scope, Send


class Client(httpx2.AsyncClient):
    """An `httpx2.AsyncClient` for an ASGI application, to be used with `async with`.

    The application starts as the block begins and stops as it ends. Cookies are kept, redirects are
    not followed unless asked for, and what the application raises, the test sees. Each request runs
    in a task of its own, as on a server. Options are those of `httpx2.AsyncClient`.
    """

    def __init__(
        self, app: ASGIApp, *, base_url: str = "http://testserver", **options: Any
    ) -> None:
        self._lifespan = LifespanManager(app)
        self._running = _Running(app)
        transport = _Transport(self._running)
        super().__init__(transport=transport, base_url=base_url, **options)

    async def __aenter__(self) -> Self:
        self._running.state = await self._lifespan.__aenter__()
        return await super().__aenter__()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        try:
            await super().__aexit__(exc_type, exc_value, traceback)
        finally:
            await self._lifespan.__aexit__(exc_type, exc_value, traceback)


class _Running:
    """An application whose requests see what its lifespan yielded, as on a server."""

    def __init__(self, app: ASGIApp) -> None:
        self.state: dict[str, Any] = {}
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "state": self.state.copy()}, receive, send)


class _Transport(httpx2.ASGITransport):
    """Runs each request in a task of its own, so that its context variables stay there."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        stream = request.stream
        assert isinstance(stream, httpx2.AsyncByteStream)
        request.stream = content = _Content(stream)
        try:
            return await asyncio.create_task(super().handle_async_request(request))
        except ResponseAborted as abortion:
            # A server would cut the connection off; a test wants to know why.
            raise abortion.error from None
        finally:
            request.stream = stream  # Who sends it again begins anew.
            await content.aclose()


class _Content(httpx2.AsyncByteStream):
    """The content of a request, closed with it however much of it the application has read."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._chunks = aiter(stream)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        return await anext(self._chunks)

    async def aclose(self) -> None:
        """Close what the chunks come from."""
        await close_body(self._chunks)
