"""Servers as processes of their own: started for one application, pinned, and their costs read."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from importlib.metadata import distributions, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

HERE = Path(__file__).parent
PATIENCE = 20
"""How many seconds a server may take to start or to stop."""

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]

TICK = 1_000_000 / os.sysconf("SC_CLK_TCK")
"""The unit of CPU time in `/proc`, in microseconds."""


@dataclass(frozen=True)
class Kind:
    """A server with its options."""

    key: str
    name: str
    command: str
    """The arguments of `python -m`, with a place for the port."""
    distributions: tuple[str, ...]

    def lacks(self) -> list[str]:
        """Return what of it is not installed."""
        installed = {item.name.lower() for item in distributions()}
        return [item for item in self.distributions if item not in installed]

    def versions(self) -> dict[str, str]:
        """Return the versions of what the server is made of."""
        return {item: version(item) for item in self.distributions}


UVICORN = (
    "uvicorn served:make --factory --port {port} --lifespan off --no-access-log --log-level error"
)
GRANIAN = "granian served:make --factory --port {port} --interface asginl --no-log"

KINDS = (
    Kind(
        "uvicorn-fast",
        "uvicorn, httptools, websockets-sansio, uvloop",
        f"{UVICORN} --http httptools --ws websockets-sansio --loop uvloop",
        ("uvicorn", "httptools", "websockets", "uvloop"),
    ),
    Kind(
        "uvicorn-plain",
        "uvicorn, h11, wsproto, asyncio",
        f"{UVICORN} --http h11 --ws wsproto --loop asyncio",
        ("uvicorn", "h11", "wsproto"),
    ),
    Kind(
        "granian",
        "Granian, asyncio",
        f"{GRANIAN} --http 1 --loop asyncio",
        ("granian",),
    ),
)


def pinned(core: int) -> partial[None]:
    """Return what a child process calls to run on one core only."""
    return partial(os.sched_setaffinity, 0, {core})


class Server:
    """A server that runs one kind of application of one module of `apps`."""

    def __init__(self, kind: Kind, app: str, what: str, *, traced: bool = False) -> None:
        """Start to serve; leaving the `with` block stops it. Tracing of memory makes it slow."""
        self._folder = TemporaryDirectory()
        self._probe = f"{self._folder.name}/probe"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        line = kind.command.format(port=self.port)
        self._process = subprocess.Popen(
            [sys.executable, "-m", *line.split()],
            cwd=HERE,
            env={
                **os.environ,
                "PYTHONPATH": str(HERE),
                "SERVED_APP": app,
                "SERVED_KIND": what,
                "SERVED_PROBE": self._probe if traced else "",
            },
            preexec_fn=pinned(SERVER_CORE),
        )

    def __enter__(self) -> Server:
        deadline = time.monotonic() + PATIENCE
        while True:
            with socket.socket() as knocking:
                if not knocking.connect_ex(("127.0.0.1", self.port)):
                    return self
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"a server did not start: {self._process.args}")
            time.sleep(0.05)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        children = self._pids()[1:]
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            for pid in children:
                os.kill(pid, signal.SIGKILL)
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def cpu_time(self) -> float:
        """Return how many microseconds of CPU time it has used, children included."""
        fields = [_stat(pid) for pid in self._pids()]
        return sum(int(field[11]) + int(field[12]) for field in fields) * TICK

    def memory(self) -> float:
        """Return how much memory its objects take, in KiB; only where it is traced."""
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(self._probe)
            return int(asking.recv(100)) / 1024

    def _pids(self) -> list[int]:
        """Return the process and its descendants."""
        pids = [self._process.pid]
        for path in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
            try:
                parent = int(_stat(int(path.name))[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent in pids:
                pids.append(int(path.name))
        return pids


def _stat(pid: int) -> list[str]:
    """Return the fields of `/proc/<pid>/stat` that come after the name."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
