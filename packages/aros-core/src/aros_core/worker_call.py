"""Which plain function runs in this thread, if one does."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aros_core.threads import ThreadCall

_here = threading.local()


def current_call() -> ThreadCall | None:
    """Return the call that runs in this thread, `None` outside the worker threads."""
    return getattr(_here, "call", None)


def set_current_call(call: ThreadCall | None) -> None:
    """Note which call runs in this thread."""
    _here.call = call
