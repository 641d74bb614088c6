"""What all tests of all packages share: no task is left behind, and no example is too slow."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# How long an example takes says more about the machine than about the code.
settings.register_profile("aros", deadline=None)
settings.load_profile("aros")


@pytest.fixture(autouse=True)
def no_leaked_tasks(request: pytest.FixtureRequest) -> None:
    """Watch the tasks of asynchronous tests; the others pay for no event loop."""
    if pytest_asyncio.is_async_test(request.node):
        request.getfixturevalue("watched_tasks")


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
