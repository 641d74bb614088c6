"""Imports of the libraries that come with an extra."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def import_extra(module: str, extra: str) -> Any:
    """Return the module `module`, or raise an `ImportError` that names the extra to install."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f'{module} is not installed; install the "{extra}" extra, '
            f'e.g. pip install "velaros[{extra}]" or pip install "navaros[{extra}]"',
            name=module,
        ) from error
