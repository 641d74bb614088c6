"""What all tests of all packages share: nothing is left behind, and no example is too slow."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import pytest
import pytest_asyncio
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import AsyncGeneratorType

# How long an example takes says more about the machine than about the code.
settings.register_profile("aros", deadline=None)
settings.load_profile("aros")


@pytest.fixture(autouse=True)
def no_leaked_tasks(request: pytest.FixtureRequest) -> None:
    """Watch the tasks of asynchronous tests; the others pay for no event loop."""
    if pytest_asyncio.is_async_test(request.node):
        request.getfixturevalue("watched_tasks")
        request.getfixturevalue("watched_generators")


@pytest.fixture
async def watched_tasks() -> AsyncIterator[None]:
    """Compare the tasks from before the test's own fixtures with those after them."""
    before = asyncio.all_tasks()
    yield
    leaked = asyncio.all_tasks() - before - {asyncio.current_task()}
    if not leaked:
        return
    tasks = "\n".join(f"  {task!r}" for task in leaked)
    for task in leaked:
        task.cancel()
    await asyncio.wait(leaked, timeout=1)
    pytest.fail(f"The test left tasks behind; await or cancel them:\n{tasks}", pytrace=False)


@pytest.fixture
async def watched_generators(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Fail where an async generator is left to the garbage collector, or is not at its end.

    Such a one is closed by a task of the event loop's own, some time later.
    """
    loop: Any = asyncio.get_running_loop()
    begun: WeakSet[AsyncGeneratorType[Any, Any]] = WeakSet()
    left: list[str] = []
    note_begun, close_later = loop._asyncgen_firstiter_hook, loop._asyncgen_finalizer_hook

    def begin(generator: AsyncGeneratorType[Any, Any]) -> None:
        begun.add(generator)
        note_begun(generator)

    def collect(generator: AsyncGeneratorType[Any, Any]) -> None:
        left.append(repr(generator))
        close_later(generator)

    # A loop sets its own hooks whenever it begins to run; there is no public way to add to them.
    monkeypatch.setattr(loop, "_asyncgen_firstiter_hook", begin)
    monkeypatch.setattr(loop, "_asyncgen_finalizer_hook", collect)
    yield
    left += [repr(generator) for generator in begun if generator.ag_frame is not None]
    if left:
        generators = "\n".join(f"  {generator}" for generator in left)
        pytest.fail(
            f"The test left generators unfinished; close them:\n{generators}", pytrace=False
        )
