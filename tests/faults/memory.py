"""The memory of a process, as the operating system counts it (Linux: proc_pid_status(5))."""

from __future__ import annotations

from pathlib import Path

KIB = 1024
MB = 1_000_000


def resident(pid: int) -> int:
    """Return how many bytes of a process are in memory now."""
    return _status(pid, "VmRSS")


def peak(pid: int) -> int:
    """Return how many bytes at most were in memory since the last `forget_peak`."""
    return _status(pid, "VmHWM")


def forget_peak(pid: int) -> None:
    """Let the peak be what is in memory now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text("ascii", errors="replace").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * KIB
    raise LookupError(name)
