"""What was measured, and on what: versions and the machine, without names that tell whose it is."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def described(versions: Mapping[str, str]) -> str:
    """Return a sentence about Python, these distributions and the machine."""
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{python}; {listed}. {platform.system()}, {cpu_model()}, {os.cpu_count()} cores."


def cpu_model() -> str:
    """Return the model of the processor, as well as the system knows it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())
