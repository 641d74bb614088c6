"""The end of streamed bodies, whatever kind of end they have."""

from __future__ import annotations

import inspect
from typing import Any

from navaros.content import is_streamed
from navaros.failures import log


async def close_body(body: Any) -> None:
    """Close a body if it is one that can be; an error on that is logged, since nobody waits."""
    close = getattr(body, "aclose", None) or getattr(body, "close", None)
    if close is None or not is_streamed(body):
        return
    try:
        closing = close()
        if inspect.isawaitable(closing):
            await closing
    except Exception:
        log.exception("closing the body %r failed", body)
