"""What asks the servers: `wrk` for requests, our own client for messages, each on its own core."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from re import search
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from servers import HERE, LOAD_CORE, pinned

if TYPE_CHECKING:
    from collections.abc import Generator

    from http_calls import Request
    from servers import Server

SECONDS = 1
CONNECTIONS = 16
SOCKETS = 4

CLIENT = str(HERE / "message_client.py")


def check(server: Server, name: str, request: Request) -> None:
    """Raise `WrongAnswer` unless a server answers a request as it should."""
    headers = {"content-type": "application/json"}
    address = f"http://127.0.0.1:{server.port}{request.path}"
    asked = urllib.request.Request(
        address, method=request.method, data=request.body or None, headers=headers
    )
    with urllib.request.urlopen(asked, timeout=10) as response:
        found = [(key.encode(), value.encode()) for key, value in response.headers.items()]
        start = {"status": response.status, "headers": found}
        request.check(name, [start, {"body": response.read()}])


def requests(server: Server, request: Request) -> int:
    """Load a server for a while; return how many requests it answered, and none of them badly."""
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s"]
    with NamedTemporaryFile("w", suffix=".lua") as script:
        if request.body:
            script.write(f"wrk.method, wrk.body = {request.method!r}, {request.body.decode()!r}\n")
            script.write("wrk.headers['Content-Type'] = 'application/json'\n")
            script.flush()
            options += ["-s", script.name]
        output = _run(["wrk", *options, f"http://127.0.0.1:{server.port}{request.path}"])
    answered = search(r"(\d+) requests in", output)
    if answered is None or "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(f"wrk was not answered as it should be:\n{output}")
    return int(answered[1])


def messages(server: Server) -> int:
    """Load a server with messages for a while; return how many it answered."""
    options = [f"--seconds={SECONDS}", f"--sockets={SOCKETS}"]
    return int(_run([sys.executable, CLIENT, str(server.port), *options]))


@contextmanager
def idle_sockets(server: Server, count: int) -> Generator[None]:
    """Hold so many sockets open that have had one answer and are silent since."""
    command = [sys.executable, CLIENT, str(server.port), f"--idle={count}"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=pinned(LOAD_CORE)
    ) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        if client.stdout.readline() != b"ready\n":
            raise RuntimeError("the idle sockets could not be opened")
        yield
        client.stdin.close()


def _run(command: list[str]) -> str:
    """Run what loads a server on its core; return what it prints."""
    return subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, preexec_fn=pinned(LOAD_CORE)
    ).stdout
