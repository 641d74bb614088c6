"""What a process writes, read by a thread, for tests that wait for a certain line."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Lock, Thread
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Output:
    """The lines of a stream, from its beginning on."""

    def __init__(self, stream: IO[str]) -> None:
        """Read the stream up to its end, and close it then."""
        self.lines: list[str] = []
        self._lock = Lock()
        self._waiting: list[tuple[Callable[[str], bool], Future[str]]] = []
        self._is_over = False
        self._thread = Thread(target=self._read, args=(stream,))
        self._thread.start()

    def line(self, matches: Callable[[str], bool]) -> Future[str]:
        """Return a future of the first line that matches, past ones included.

        It raises `EOFError` where the stream ends without such a line.
        """
        future: Future[str] = Future()
        with self._lock:
            line = next(filter(matches, self.lines), None)
            if line is not None:
                future.set_result(line)
            elif self._is_over:
                future.set_exception(EOFError())
            else:
                self._waiting.append((matches, future))
        return future

    def wait_end(self, seconds: float) -> None:
        """Return when the stream has ended, or the time has."""
        self._thread.join(seconds)

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def _read(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._add(line.rstrip("\n"))
        with self._lock:
            self._is_over = True
            for _, future in self._waiting:
                if future.set_running_or_notify_cancel():
                    future.set_exception(EOFError())

    def _add(self, line: str) -> None:
        with self._lock:
            self.lines.append(line)
            waiting, self._waiting = self._waiting, []
            for matches, future in waiting:
                if not matches(line):
                    self._waiting.append((matches, future))
                elif future.set_running_or_notify_cancel():
                    future.set_result(line)
