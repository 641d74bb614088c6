"""Worker threads, of which only those that work are counted, not those that wait."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

T = TypeVar("T")

_MOST_THREADS = 1000


class Workers:
    """Runs calls in threads, in the order they come and at most `limit` at once.

    A call that waits gives up its place for as long, so that what it waits for finds a thread even
    when all calls wait. Those that wait hold on to their threads, of which there are 1,000 at most.
    """

    def __init__(self, limit: int, name: str) -> None:
        """Make the pool; its threads, which start when they are needed, carry the name."""
        self._limit = limit
        self._name = name
        self._working = 0
        self._queue: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        from concurrent.futures import ThreadPoolExecutor

        return ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix=self._name)

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Have a thread make a call, now or when a place is free."""
        future: Future[T] = Future()

        def work() -> None:
            try:
                _fulfil(future, call)
            finally:
                self.leave()

        with self._lock:
            if self._working >= self._limit:
                self._queue.append(work)
                return future
            self._working += 1
        self._threads.submit(work)
        return future

    def leave(self) -> None:
        """Give up the place of a call that ends, or that is going to wait."""
        with self._lock:
            if not self._queue or self._working > self._limit:
                self._working -= 1
                return
            work = self._queue.popleft()
        self._threads.submit(work)

    def enter(self) -> None:
        """Take a place again after a wait, at once, even if all are taken."""
        with self._lock:
            self._working += 1


def _fulfil(future: Future[T], call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)
