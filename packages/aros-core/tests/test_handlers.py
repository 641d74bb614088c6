"""Kinds of handlers: what each becomes, and what is none."""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
import threading
from typing import TYPE_CHECKING, Any
from unittest.mock import AsyncMock, Mock

import pytest

from aros_core.handlers import as_call, describe, is_handler

from .helpers import PlainContext, ending, walk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine

    from aros_core.chain import Chain


async def coroutine_function(ctx: Chain, answer: str = "coroutine") -> str:
    """Answer from the event loop."""
    del ctx
    assert asyncio.current_task() is not None
    return answer


def plain_function(ctx: Chain, answer: str = "plain") -> str:
    """Answer from a worker thread."""
    del ctx
    assert threading.current_thread() is not threading.main_thread()
    return answer


def returning_awaitable(ctx: Chain) -> Coroutine[Any, Any, str]:
    """Leave the answer to an awaitable."""
    return coroutine_function(ctx, "awaited")


async def generator(ctx: Chain) -> AsyncIterator[str]:
    """Stream two answers."""
    del ctx
    yield "one"
    yield "two"


class Methods:
    """Handlers of every kind as methods."""

    async def coroutine(self, ctx: Chain) -> str:
        """Answer from the event loop."""
        return await coroutine_function(ctx, "method")

    def plain(self, ctx: Chain) -> str:
        """Answer from a worker thread."""
        return plain_function(ctx, "plain method")

    @staticmethod
    async def static(ctx: Chain) -> str:
        """Answer from the event loop."""
        return await coroutine_function(ctx, "static method")

    @classmethod
    async def of_class(cls, ctx: Chain) -> str:
        """Answer from the event loop."""
        return await coroutine_function(ctx, "class method")

    async def generator(self, ctx: Chain) -> AsyncIterator[str]:
        """Stream an answer."""
        del ctx
        yield "item"


class AsyncCallable:
    """An object that is called with `await`."""

    async def __call__(self, ctx: Chain) -> str:
        """Take the context."""
        return await coroutine_function(ctx, "callable")


class PlainCallable:
    """An object that is called in a thread."""

    def __call__(self, ctx: Chain) -> str:
        """Take the context."""
        return plain_function(ctx, "plain callable")


class StreamingCallable:
    """An object whose call streams."""

    async def __call__(self, ctx: Chain) -> AsyncIterator[str]:
        """Take the context."""
        del ctx
        yield "streamed"


class AsyncHandler:
    """An object with `handle`."""

    async def handle(self, ctx: Chain) -> str:
        """Answer from the event loop."""
        return await coroutine_function(ctx, "handle")


class PlainHandler:
    """An object with a plain `handle`."""

    def handle(self, ctx: Chain) -> str:
        """Answer from a worker thread."""
        return plain_function(ctx, "plain handle")


class StreamingHandler:
    """An object whose `handle` streams."""

    async def handle(self, ctx: Chain) -> AsyncIterator[str]:
        """Stream an answer."""
        del ctx
        yield "handled item"


def injecting(function: Callable[[Chain, str], Coroutine[Any, Any, str]]) -> Any:
    """Decorate a function that takes more than the context, as dependency injection does."""

    @functools.wraps(function)
    async def injected(ctx: Chain) -> str:
        return await function(ctx, "injected")

    return injected


@injecting
async def with_dependency(ctx: Chain, dependency: str) -> str:
    """Answer with what was injected."""
    del ctx
    return dependency


@functools.singledispatch
def dispatched(ctx: Chain) -> Awaitable[str]:
    """Answer by the kind of context."""
    return coroutine_function(ctx, "dispatched")


HANDLERS: list[tuple[Any, list[str]]] = [
    (coroutine_function, ["coroutine"]),
    (plain_function, ["plain"]),
    (returning_awaitable, ["awaited"]),
    (lambda ctx: plain_function(ctx, "lambda"), ["lambda"]),  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    (generator, ["one", "two"]),
    (functools.partial(coroutine_function, answer="partial"), ["partial"]),
    (functools.partial(plain_function, answer="plain partial"), ["plain partial"]),
    (functools.partial(generator), ["one", "two"]),
    (functools.partial(Methods().coroutine), ["method"]),
    (functools.partial(AsyncCallable()), ["callable"]),
    (functools.partial(PlainCallable()), ["plain callable"]),
    (Methods().coroutine, ["method"]),
    (Methods().plain, ["plain method"]),
    (Methods.static, ["static method"]),
    (Methods.of_class, ["class method"]),
    (Methods().generator, ["item"]),
    (AsyncCallable(), ["callable"]),
    (PlainCallable(), ["plain callable"]),
    (StreamingCallable(), ["streamed"]),
    (AsyncHandler(), ["handle"]),
    (PlainHandler(), ["plain handle"]),
    (StreamingHandler(), ["handled item"]),
    (AsyncMock(spec=coroutine_function, return_value="mock"), ["mock"]),
    (with_dependency, ["injected"]),
    (dispatched, ["dispatched"]),
    (print, []),
]


@pytest.mark.parametrize(("handler", "answers"), HANDLERS, ids=lambda item: repr(item)[:40])
async def test_every_kind_of_handler_runs(handler: Any, answers: list[str]) -> None:
    """It takes the context, and what it returns or yields is its answer."""
    ctx = await walk(handler)
    assert ctx.error is None
    assert ctx.answers == answers
    assert is_handler(handler)


async def test_a_coroutine_function_is_its_own_call() -> None:
    """Nothing is put around the handler that is used most."""
    assert as_call(coroutine_function) is coroutine_function


async def test_a_builtin_that_hides_its_signature() -> None:
    """Whether it can be called with a context shows when it is."""
    ctx = await walk(vars)
    assert ctx.answers == [vars(ctx)]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="markcoroutinefunction is new in 3.12")
async def test_a_function_that_is_marked_as_a_coroutine_function() -> None:
    """It runs on the event loop, and whatever awaitable it returns is awaited."""
    threads: list[int] = []

    def marked(ctx: PlainContext) -> asyncio.Future[str]:
        del ctx
        threads.append(threading.get_ident())
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        future.set_result("marked")
        return future

    mark: Any = vars(inspect)["markcoroutinefunction"]
    ctx = await walk(mark(marked))
    assert ctx.answers == ["marked"]
    assert threads == [threading.get_ident()]


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(returning_awaitable, id="function"),
        pytest.param(PlainCallable(), id="callable"),
    ],
)
async def test_plain_functions_do_not_run_on_the_event_loop(handler: Any) -> None:
    """They may block, so they get a thread, whatever they return."""
    seen: list[int] = []

    def observed(ctx: Chain) -> Any:
        seen.append(threading.get_ident())
        return handler(ctx)

    await walk(observed)
    assert seen != [threading.get_ident()]


class Both:
    """An object that can be called with the context, and has the methods of other kinds."""

    async def __call__(self, ctx: Chain) -> str:
        """Answer as a callable."""
        del ctx
        return "called"

    async def handle(self, ctx: Chain) -> str:
        """Answer as an object with a method."""
        del ctx
        return "handled"


class Application:
    """An object whose call takes more than the context."""

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        """Serve as an ASGI application does."""

    async def handle(self, ctx: Chain) -> str:
        """Answer as an object with a method."""
        del ctx
        return "handled"


async def test_what_can_be_called_with_the_context_is_called() -> None:
    """A `handle` method counts where the object itself cannot be, so mocks are handlers too."""
    mock, plain_mock = AsyncMock(return_value="mocked"), Mock(return_value="mocked in a thread")
    answers: list[Any] = []
    for handler in (Both(), Application(), mock, plain_mock):
        answers += (await walk(handler)).answers
    assert answers == ["called", "handled", "mocked", "mocked in a thread"]
    mock.assert_awaited_once()
    plain_mock.assert_called_once()


# Transformers


class Transformer:
    """Logs what it does before and after the rest."""

    def __init__(self, log: list[str], *, failing: str = "") -> None:
        self.log = log
        self.failing = failing

    async def transform_request(self, ctx: Chain) -> None:
        """Note the request."""
        del ctx
        self.log.append("request")
        if self.failing == "request":
            raise ValueError(self.failing)

    async def transform_response(self, ctx: Chain) -> None:
        """Note the response."""
        self.log.append(f"response: {ctx.error}")


class PlainTransformer(Transformer):
    """The same in threads."""

    def transform_request(self, ctx: Chain) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Note the request."""
        plain_function(ctx)
        self.log.append("request")

    def transform_response(self, ctx: Chain) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Note the response."""
        plain_function(ctx)
        self.log.append("response")


async def test_a_transformer_runs_around_the_rest() -> None:
    """Before it and after it, on the loop or in threads, as its methods are."""
    log: list[str] = []
    await walk(Transformer(log), PlainTransformer(log), ending(log, "rest"))
    assert log == ["request", "request", "rest", "response", "response: None"]


async def test_a_transformer_sees_the_errors_of_the_rest() -> None:
    """It transforms the response to an error as well, but for an error of its own."""
    log: list[str] = []

    async def failing(ctx: Chain) -> None:
        del ctx
        raise ValueError("broken")

    await walk(Transformer(log), failing)
    assert log == ["request", "response: broken"]
    log.clear()
    ctx = await walk(Transformer(log), Transformer(log, failing="request"), ending(log, "rest"))
    assert log == ["request", "request", "response: request"]
    assert isinstance(ctx.error, ValueError)


# What is no handler


class NoHandler:
    """An object without anything to call."""


class HalfTransformer:
    """An object with one of the two methods of a transformer."""

    async def transform_request(self, ctx: Chain) -> None:
        """Do nothing."""


def no_arguments() -> None:
    """Take nothing."""


def two_arguments(ctx: Chain, other: int) -> None:
    """Take too much."""


def keyword_needed(ctx: Chain, *, other: int) -> None:
    """Take too much by name."""


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (5, "5 is not a handler; give a function that takes the context"),
        ("/users", "'/users' is not a handler"),
        (None, "None is not a handler"),
        (NoHandler(), "NoHandler object at .* is not a handler"),
        (HalfTransformer(), "HalfTransformer object at .* is not a handler"),
        (AsyncHandler, r"test_handlers\.AsyncHandler is a class; register an instance"),
        (no_arguments, r"no_arguments\(\).* cannot be called with the context alone"),
        (two_arguments, "two_arguments.* cannot be called with the context alone"),
        (keyword_needed, "keyword_needed.* cannot be called with the context alone"),
        (functools.partial(plain_function, PlainContext(), "x"), r"partial\(.*n\)\(\)"),
    ],
)
def test_anything_else_is_refused(thing: Any, message: str) -> None:
    """The error says what was given, and what is wrong with it."""
    with pytest.raises(TypeError, match=message):
        as_call(thing)
    assert not is_handler(5)


def test_a_coroutine_is_refused() -> None:
    """A handler that was called by mistake is none any more."""
    coroutine = coroutine_function(PlainContext())
    with pytest.raises(TypeError, match=r"coroutine object .* is not a handler"):
        as_call(coroutine)
    coroutine.close()


@pytest.mark.parametrize(
    ("handler", "name"),
    [
        (coroutine_function, "coroutine_function"),
        (Methods().coroutine, "Methods.coroutine"),
        (AsyncHandler(), "AsyncHandler"),
        (functools.partial(plain_function), "plain_function"),
    ],
)
def test_handlers_are_described_by_their_names(handler: Any, name: str) -> None:
    """Logs and errors name the module and the function, method or class."""
    module = coroutine_function.__module__
    expected = f"{module}.{name}"
    is_partial = isinstance(handler, functools.partial)
    assert describe(handler) == (f"partial({expected})" if is_partial else expected)
