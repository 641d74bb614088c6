"""Runs an example as its users do: in a process of its own, on a free port."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

EXAMPLES = Path(__file__).parents[1] / "examples"
STARTED = re.compile(r"Uvicorn running on http://(\S+)")
PATIENCE = 20.0


class ExampleServer:
    """A running example; `address` is its host and port, `log` what it wrote to its log."""

    def __init__(self, *command: str, folder: Path) -> None:
        self.address = ""
        self.log: list[str] = []
        self._started = threading.Event()
        # Warnings are errors there as well.
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", *command],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def wait_started(self) -> None:
        """Return when the server accepts connections; raise with its log if it does not start."""
        if not self._started.wait(PATIENCE) or not self.address:
            raise RuntimeError("the example did not start:\n" + "".join(self.log))

    def stop(self) -> None:
        """Stop the server as a service manager does, and wait until it has ended."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join()
            if self._process.stderr is not None:
                self._process.stderr.close()

    def _read(self) -> None:
        for line in self._process.stderr or ():
            self.log.append(line)
            started = STARTED.search(line)
            if started:
                self.address = started[1]
                self._started.set()
        self._started.set()


@contextmanager
def serving(*command: str, folder: Path = EXAMPLES) -> Generator[ExampleServer]:
    """Run Python with this command line; at the end nothing may have gone wrong in it."""
    server = ExampleServer(*command, folder=folder)
    try:
        server.wait_started()
        yield server
    finally:
        server.stop()
    problems = [line for line in server.log if not line.startswith("INFO:")]
    assert not problems, "".join(problems)
