"""What the servers are told to serve: the application that the environment names.

Where it names a socket for a probe too, whoever connects there is told how much memory the objects
of the process take. Resident memory would not do: how much of it waits to be used again is chance.
"""

from __future__ import annotations

import gc
import os
import socket
import tracemalloc
from threading import Thread
from typing import Any

from apps import made


def make() -> Any:
    """Return the application."""
    probe = os.environ.get("SERVED_PROBE")
    if probe:
        tracemalloc.start()
        Thread(target=tell_memory, args=(probe,), daemon=True).start()
    return made(os.environ["SERVED_APP"], os.environ["SERVED_KIND"], None)


def tell_memory(probe: str) -> None:
    """Tell everybody who connects how many bytes are in use, when garbage is collected."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(probe)
        listening.listen()
        while True:
            connection, _ = listening.accept()
            with connection:
                gc.collect()
                used, _ = tracemalloc.get_traced_memory()
                connection.sendall(str(used).encode())
