"""The chain: a walk through the handlers that match, each running the rest by `next()`."""

from __future__ import annotations

import traceback
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from aros_core.errors import ContextClosedError
from aros_core.steps import END, SPENT, STREAMING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Coroutine

    from aros_core.deadline import Deadline
    from aros_core.patterns import Params
    from aros_core.steps import Link, Step

_here: ContextVar[object] = ContextVar("aros_core.chain.branch", default=None)

_TWICE = "next() was called before by this handler; each handler can run the rest only once"
_STREAMS = "an async generator cannot call next(); only a coroutine function can"


@cache
def _deadline_class() -> type[Deadline]:
    # Kept, since an import statement for each request would take longer.
    from aros_core.deadline import Deadline

    return Deadline


class _Running:
    """Stands for a coroutine that runs: of whoever starts a walk."""

    cr_running: Final = True


_STARTER: Final = _Running()


class Chain:
    """One walk through matching handlers: the part of the context that knows no protocol.

    What every step reads is set at birth, since Python reads an attribute slowly where the class
    has one of that name; all else is a class-level default until somebody sets it.
    """

    path: str
    """What patterns see. In lifecycle hooks there is no path and this is empty."""

    _params: Params
    _params_of: Step | None
    _rewrites: tuple[tuple[int, str], ...] = ()
    _root: Any
    """The coroutine that is the whole walk."""
    _branch: object = None
    """Marks, in the context variables, who belongs to the part of the walk that has moved away."""

    def __init__(self) -> None:
        self._params_of = None
        self._ended = False
        self._error: Exception | None = None
        self._deadline: Deadline | None = None
        self._step: Step = END
        """The step that runs, the innermost of those that have begun."""
        self._coroutine: Any = _STARTER
        """The coroutine of the running handler."""
        self._following: Step = SPENT
        """Where the running handler's `next()` goes on; a halt when it may not."""

    @property
    def error(self) -> Exception | None:
        """What a handler raised, or set; while it is set, `next()` runs nothing."""
        return self._error

    @error.setter
    def error(self, error: Exception | None) -> None:
        self.require_open()
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
        step = self._step
        if self._params_of is not step:
            self._params_of = step
            self._params = step.capture(self._path_seen if self._rewrites else self.path)
        return self._params

    @property
    def pattern(self) -> str:
        """The full pattern of the running handler as text; empty for middleware without a path."""
        return "" if self._step is END else self._step.link.text

    @property
    def wrapped_handler(self) -> Any:
        """The handler that the running wrap is around; `None` outside wraps."""
        return None if self._step is END else self._step.link.wrapped

    @property
    def running(self) -> Link | None:
        """The link that runs at this moment, the innermost of those that have begun."""
        return None if self._step is END else self._step.link

    @property
    def is_ended(self) -> bool:
        """Whether the chain is over."""
        return self._ended

    def run(self, first: Step) -> Coroutine[Any, Any, None]:
        """Walk a chain from its first step on; await the result."""
        self._following = first
        self._root = root = self._next(first)
        return root

    def next(self) -> Coroutine[Any, Any, None]:
        """Run everything after this handler; await the result, here or in a task of the handler's.

        Past the end of the chain, or while `error` is set, it runs nothing. An exception below is
        stored in `error`, not raised. Awaiting it raises `RuntimeError` the second time that the
        same handler does so, `ContextClosedError` after the end.
        """
        return self._next(self._following)

    async def _next(self, step: Step) -> None:
        """Run the chain from a step on, if that is where the running handler may go on."""
        caller = self._coroutine
        if step.is_halt or step is not self._following or not caller.cr_running:
            await self._next_otherwise(step, caller)
            return
        if self._error is not None:
            self._following = SPENT
            return
        outer = self._step
        self._step = step
        self._following = step.after
        try:
            self._coroutine = handling = step.call(self)
            result = await handling
            if result is not None:
                answering = self.answer(result)
                if answering is not None:
                    await answering
        except Exception as error:
            self._fail(error)
        except BaseException as interruption:
            if self._deadline is None or not self._deadline.may_cause(interruption):
                raise
            if not self._leave_deadlines(outer, step):
                raise
        finally:
            self._step = outer
            self._coroutine = caller
            self._following = SPENT
            if self._deadline is not None:
                self._leave_deadlines(outer, step)

    @property
    def has_next(self) -> bool:
        """Whether the running handler has not called `next()` yet."""
        return self._following not in (SPENT, STREAMING)

    async def _next_otherwise(self, step: Step, caller: Any) -> None:
        """Do what `next()` does where there is nothing to run, or its caller is another task.

        Threads and tasks of the running handler may run the rest. Others may not: the handlers
        before it that moved the rest of the chain to a task of its own, and what they started.
        """
        self.require_open()
        if step is STREAMING:
            raise RuntimeError(_STREAMS)
        is_elsewhere = not caller.cr_running
        is_over = step is SPENT or step is not self._following
        if is_over or (is_elsewhere and self._is_called_by_others()):
            raise RuntimeError(_TWICE)
        if step is END:
            self._following = SPENT
        else:
            await self._walk_away(step, caller)

    def _is_called_by_others(self) -> bool:
        return self._root.cr_running or self._branch not in (None, _here.get())

    async def _walk_away(self, step: Step, caller: Any) -> None:
        """Walk on where the running handler is not, and remember who belongs to this place."""
        if self._deadline is not None and self._deadline.owner is self._step:
            self._deadline.watch_current_task()
        outer = self._branch
        self._branch = object()
        _here.set(self._branch)
        self._coroutine = _STARTER
        try:
            await self._next(step)
        finally:
            self._branch = outer
            self._coroutine = caller

    def _fail(self, error: Exception) -> None:
        """Store what a handler raised; what it takes the place of stays in its traceback."""
        if error is not self._error and error.__context__ is None:
            error.__context__ = self._error
        self.error = error

    def answer(self, result: Any) -> Awaitable[None] | None:
        """Take what a handler returned as its answer; what remains to be done can be awaited."""
        raise TypeError(f"this chain has no use for a returned {type(result).__name__}")

    async def stream(self, items: AsyncGenerator[Any, None]) -> None:
        """Send the items of a handler that is an async generator, each when it is made."""
        raise TypeError(f"this chain has no use for the items of {items!r}")

    def begin_stream(self) -> None:
        """Make `next()` raise `RuntimeError` in the running handler, which streams its answer."""
        self._following = STREAMING

    def reroute(self, path: str, first: Step) -> None:
        """Set the path; of its chain, go on with the steps behind the running one.

        The handlers that ran before keep their own pattern and params.
        """
        order = -1 if self._step is END else self._step.link.order
        self._rewrites = (*self._rewrites, (order, self.path))
        self.path = path
        if self.has_next:
            while first is not END and first.link.order <= order:
                first = first.after
            self._following = first

    def set_timeout(self, seconds: float) -> None:
        """Set a deadline from now on what `next()` runs, or this handler where that runs nothing.

        When it passes, what runs is cancelled and `error` is a `TimeoutError`. A new call by the
        same handler replaces its deadline. It is over when `next()` returns, or the handler.
        """
        self.require_open()
        outer = self._deadline
        if outer is not None and outer.owner is self._step:
            outer.stop()
            outer = outer.outer
        self._deadline = _deadline_class()(seconds, self._step, outer)
        self._deadline.start()

    def end(self) -> None:
        """Close the chain: whoever still holds it can no longer run, send or set anything."""
        self._ended = True
        self._following = SPENT

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

    @property
    def _path_seen(self) -> str:
        """The path that the running handler was matched against."""
        if self._step is not END:
            for order, path in self._rewrites:
                if self._step.link.order <= order:
                    return path
        return self.path

    def _leave_deadlines(self, outer: Step, step: Step) -> bool:
        """Drop the deadlines on a step that ends; tell whether one of them cancelled it."""
        passed = False
        deadline = self._deadline
        while deadline is not None and deadline.owner in (outer, step):
            if deadline.stop():
                passed = True
                self.error = deadline.error(self._error)
            deadline = deadline.outer
        self._deadline = deadline
        return passed
