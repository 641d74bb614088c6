"""Time for the tests that take long at their full size."""

from __future__ import annotations

import faulthandler
import sys


def allow(*, seconds: int) -> None:
    """Let the running test take so long, before it counts as one that hangs."""
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__ or sys.stderr)
