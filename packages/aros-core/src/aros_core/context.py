"""The base of both contexts: what middleware for HTTP and for messages can rely on."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, TypeVar, overload

from aros_core.chain import Chain
from aros_core.storage import Key, Storage
from aros_core.worker_call import current_call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from multidict import CIMultiDictProxy, MultiDictProxy

    from aros_core.asgi.request_facts import RequestFacts
    from aros_core.asgi.types import Scope

V = TypeVar("V")
D = TypeVar("D")


class Context(Chain):
    """One request or message on its way through the chain.

    Handlers of both protocols take one. It lives until the chain is over; sending, writing or
    setting after that raises `ContextClosedError`.
    """

    _facts: RequestFacts
    _storage: Storage | None = None

    @property
    def scope(self) -> Scope:
        """The ASGI scope of the request, in Velaros that of the handshake."""
        return self._facts.scope

    @property
    def state(self) -> Mapping[str, Any]:
        """What the application's lifespan yielded."""
        return self._facts.state

    @property
    def request_headers(self) -> CIMultiDictProxy[str]:
        """The header fields of the request, in Velaros those of the handshake."""
        return self._facts.headers

    @property
    def query(self) -> MultiDictProxy[str]:
        """The parameters of the query string."""
        return self._facts.query

    @property
    def request_cookies(self) -> Mapping[str, str]:
        """The cookies that came with the request."""
        return self._facts.cookies

    @property
    def remote_address(self) -> str | None:
        """The client's address as `host:port`; `None` where the server does not tell."""
        return self._facts.remote_address

    @overload
    async def unmarshal(self, T: type[V]) -> V: ...
    @overload
    async def unmarshal(self, T: Any = ...) -> Any: ...
    @abstractmethod
    async def unmarshal(self, T: Any = Any) -> Any:
        """Return the payload as a validated `T`; plain Python values without one.

        Raises `UnmarshalError` when there is no payload, or it cannot be decoded or does not fit.
        """

    def wait(self, awaitable: Awaitable[V]) -> V:
        """Run an awaitable on the event loop from a plain function, and return its result.

        Raises `RuntimeError` on the event loop itself, where `await` is the word, and
        `ContextClosedError` when the request or message ended meanwhile.
        """
        call = current_call()
        if call is None:
            from aros_core.threads import discard

            discard(awaitable)
            raise RuntimeError("ctx.wait() is for plain functions; in a coroutine, use await")
        return call.wait(awaitable)

    @property
    @abstractmethod
    def is_done(self) -> bool:
        """Whether the client is gone, or the answer is out."""

    @abstractmethod
    async def wait_done(self) -> None:
        """Return when the client is gone, or the answer is out."""

    def set(self, key: str | Key[V], value: V) -> None:
        """Keep a value under a key, for this request or message only."""
        self.require_open()
        self.storage.set(key, value)

    @overload
    def get(self, key: Key[V], default: None = None) -> V | None: ...
    @overload
    def get(self, key: Key[V], default: D) -> V | D: ...
    @overload
    def get(self, key: str, default: Any = None) -> Any: ...
    def get(self, key: str | Key[Any], default: Any = None) -> Any:
        """Return the value under a key, `default` when there is none."""
        return default if self._storage is None else self._storage.get(key, default)

    @overload
    def must_get(self, key: Key[V]) -> V: ...
    @overload
    def must_get(self, key: str) -> Any: ...
    def must_get(self, key: str | Key[Any]) -> Any:
        """Return the value under a key; raises `KeyError` that names the key without one."""
        return self.storage.must_get(key)

    def delete(self, key: str | Key[Any]) -> None:
        """Forget the value under a key; a missing key is fine."""
        self.require_open()
        if self._storage is not None:
            self._storage.delete(key)

    @property
    def storage(self) -> Storage:
        """What is kept for this request or message."""
        if self._storage is None:
            self._storage = Storage()
        return self._storage
