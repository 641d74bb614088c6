"""The chain: a walk through the handlers that match, each running the rest by `next()`."""

from __future__ import annotations

import asyncio
import traceback
from bisect import bisect_right
from contextvars import ContextVar
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from aros_core.deadline import Deadline
from aros_core.errors import ContextClosedError
from aros_core.patterns import Params
from aros_core.threads import current_call

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine, Sequence

    from aros_core.handlers import Call
    from aros_core.patterns import Pattern

_NO_PARAMS = Params()

_order = attrgetter("order")

_here: ContextVar[object] = ContextVar("aros_core.chain.branch", default=None)

_SPENT = -1
_STREAMING = -2
_TWICE = "next() was called before by this handler; each handler can run the rest only once"
_STREAMS = "an async generator cannot call next(); only a coroutine function can"


class Link:
    """One handler of one route, as the walk sees it; made once for each router."""

    __slots__ = (
        "always",
        "call",
        "handler",
        "is_route",
        "match",
        "method",
        "middleware",
        "order",
        "pattern",
        "text",
        "wrapped",
    )

    def __init__(
        self,
        handler: Any,
        call: Call,
        *,
        pattern: Pattern | None = None,
        method: str | None = None,
        middleware: bool = False,
        wrapped: Any = None,
    ) -> None:
        self.handler = handler
        self.call = call
        self.pattern = pattern
        self.text = "" if pattern is None else str(pattern)
        self.method = method
        self.middleware = middleware
        self.wrapped = wrapped
        self.is_route = not middleware and wrapped is None
        self.order = 0
        self.always = pattern is None or not any(chunk.constraint for chunk in pattern.chunks)
        """Whether the index alone decides; else `match` has the last word on constraints."""
        self.match = pattern and (pattern.match_prefix if middleware else pattern.match)

    def params(self, path: str) -> Params:
        """Return what the route's pattern captures in a path that it matches."""
        return (self.match and self.match(path)) or _NO_PARAMS


class Chain:
    """One walk through matching handlers: the part of the context that knows no protocol.

    Attributes that are not needed for every step are class-level defaults until somebody sets them.
    """

    path: str = ""
    """What patterns see. In lifecycle hooks there is no path and this is empty."""

    routed: bool = False
    """Whether a handler of a route ran, not only middleware."""

    _params: Params | None = None
    _params_of: Link | None = None
    _rewrites: tuple[tuple[int, str], ...] = ()
    _root: Any = None
    """The coroutine that is the whole walk."""
    _branch: object = None
    """Marks, in the context variables, who belongs to the part of the walk that has moved away."""
    _ended: bool = False

    def __init__(self) -> None:
        self._error: Exception | None = None
        self._deadline: Deadline | None = None
        self._links: Sequence[Link] = ()
        self._link: Link | None = None
        self._coroutine: Any = None
        """The coroutine of the running handler."""
        self._following = _SPENT
        """Where in `_links` the running handler's `next()` goes on; negative when it may not."""

    @property
    def error(self) -> Exception | None:
        """What a handler raised, or set; while it is set, `next()` runs nothing."""
        return self._error

    @error.setter
    def error(self, error: Exception | None) -> None:
        self._error = error

    @property
    def error_stack(self) -> str:
        """The error with its traceback as text; empty while there is no error."""
        return "" if self.error is None else "".join(traceback.format_exception(self.error))

    def raise_for_error(self) -> None:
        """Raise `error` again, for middleware that must see it as an exception."""
        if self.error is not None:
            raise self.error

    @property
    def params(self) -> Params:
        """What the pattern of the running handler captured from the path."""
        link = self._link
        if self._params is None or self._params_of is not link:
            self._params = _NO_PARAMS if link is None else link.params(self._path_seen_by(link))
            self._params_of = link
        return self._params

    @property
    def pattern(self) -> str:
        """The full pattern of the running handler as text; empty for middleware without a path."""
        return "" if self._link is None else self._link.text

    @property
    def wrapped_handler(self) -> Any:
        """The handler that the running wrap is around; `None` outside wraps."""
        return None if self._link is None else self._link.wrapped

    @property
    def running(self) -> Link | None:
        """The link that runs at this moment, the innermost of those that have begun."""
        return self._link

    @property
    def links(self) -> Sequence[Link]:
        """The links whose routes match, in the order they are walked."""
        return self._links

    @property
    def is_ended(self) -> bool:
        """Whether the chain is over."""
        return self._ended

    def run(self, links: Sequence[Link]) -> Coroutine[Any, Any, None]:
        """Walk the links from the first on; await the result."""
        self._links = links
        self._root = root = self._walk(0)
        return root

    def next(self) -> Coroutine[Any, Any, None]:
        """Run everything after this handler; await the result, here or in a task.

        Past the end of the chain, or while `error` is set, it runs nothing. An exception below is
        stored in `error`, not raised. A second call by the same handler raises `RuntimeError` when
        it is awaited, a call after the end `ContextClosedError`.
        """
        position = self._following
        if position < 0 or not self._coroutine.cr_running:
            return self._next_from_elsewhere(position)
        self._following = _SPENT
        return self._walk(position)

    @property
    def has_next(self) -> bool:
        """Whether the running handler has not called `next()` yet."""
        return self._following >= 0

    def _next_from_elsewhere(self, position: int) -> Coroutine[Any, Any, None]:
        """Run the rest for a thread or a task of the running handler, and for nobody else.

        Others are the handlers before it that moved the rest of the chain to a task of its own, and
        what they started besides.
        """
        self.require_open()
        if position < 0 or self._root.cr_running or self._branch not in (None, _here.get()):
            return self._refuse(position)
        self._following = _SPENT
        return self._walk_away(position)

    async def _refuse(self, position: int) -> None:
        raise RuntimeError(_STREAMS if position == _STREAMING else _TWICE)

    async def _walk_away(self, position: int) -> None:
        """Walk on where the running handler is not, and remember who belongs to this place."""
        outer = self._branch
        self._branch = object()
        _here.set(self._branch)
        try:
            await self._walk(position)
        finally:
            self._branch = outer

    async def _walk(self, position: int) -> None:
        """Run the first link from `position` on that matches; it runs the others."""
        if self._error is not None:
            return
        links = self._links
        while position < len(links):
            link = links[position]
            position += 1
            if link.always or self._accepts(link):
                break
        else:
            return
        runner, outer = self._link, self._coroutine
        if self._deadline is not None and self._deadline.owner is runner:
            self._deadline.watch(asyncio.current_task())
        if link.is_route:
            self.routed = True
        self._link = link
        self._following = position
        try:
            self._coroutine = coroutine = link.call(self)
            result = await coroutine
            if result is not None:
                await self.answer(result)
        except Exception as error:
            self.error = error
        except asyncio.CancelledError:
            if not self._leave_deadlines(runner, link):
                raise
        finally:
            self._link, self._coroutine = runner, outer
            self._following = _SPENT
            if self._deadline is not None:
                self._leave_deadlines(runner, link)

    async def answer(self, result: Any) -> None:
        """Take what a handler returned as its answer; each protocol has its own way."""
        raise TypeError(f"this chain has no use for a returned {type(result).__name__}")

    async def stream(self, items: AsyncGenerator[Any, None]) -> None:
        """Send the items of a handler that is an async generator, each when it is made."""
        raise TypeError(f"this chain has no use for the items of {items!r}")

    def begin_stream(self) -> None:
        """Make `next()` raise `RuntimeError` in the running handler, which streams its answer."""
        self._following = _STREAMING

    def reroute(self, path: str, links: Sequence[Link]) -> None:
        """Set the path and match it against the links behind the running one.

        The handlers that ran before keep their own pattern and params.
        """
        order = -1 if self._link is None else self._link.order
        self._rewrites = (*self._rewrites, (order, self.path))
        self.path = path
        self._links = links
        if self._following >= 0:
            self._following = bisect_right(links, order, key=_order)

    def set_timeout(self, seconds: float) -> None:
        """Set a deadline from now on what `next()` runs, or this handler where that runs nothing.

        When it passes, what runs is cancelled and `error` is a `TimeoutError`. A new call by the
        same handler replaces its deadline. It is over when `next()` returns, or the handler.
        """
        self.require_open()
        outer = self._deadline
        if outer is not None and outer.owner is self._link:
            outer.stop()
            outer = outer.outer
        self._deadline = Deadline(seconds, self._link, outer)
        self._deadline.start(current_call())

    def end(self) -> None:
        """Close the chain: whoever still holds it can no longer run, send or set anything."""
        self._ended = True
        self._following = _SPENT

    def require_open(self) -> None:
        """Raise `ContextClosedError` when the chain is over."""
        if self._ended:
            raise ContextClosedError

    def stop_deadlines(self) -> None:
        """Stop every deadline, for what takes over and sets its own time."""
        deadline = self._deadline
        while deadline is not None:
            deadline.stop()
            deadline = deadline.outer
        self._deadline = None

    def _accepts(self, link: Link) -> bool:
        assert link.match is not None
        params = link.match(self.path)
        if params is None:
            return False
        self._params = params
        self._params_of = link
        return True

    def _path_seen_by(self, link: Link) -> str:
        for order, path in self._rewrites:
            if link.order <= order:
                return path
        return self.path

    def _leave_deadlines(self, runner: Link | None, link: Link) -> bool:
        """Drop the deadlines on a link that ends; tell whether one of them cancelled it."""
        passed = False
        deadline = self._deadline
        while deadline is not None and deadline.owner in (runner, link):
            if deadline.stop():
                passed = True
                self.error = deadline.error(self._error)
            deadline = deadline.outer
        self._deadline = deadline
        return passed
