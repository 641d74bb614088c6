"""What is logged of sockets, on the logger `velaros`: one record per event."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aros_core.errors import is_client_error
from aros_core.handlers import describe

if TYPE_CHECKING:
    from velaros.context import Context

logger = logging.getLogger("velaros")


def log_error(ctx: Context) -> None:
    """Log the error of a chain that nobody handled, with its traceback.

    What the client did wrong, and that it is gone, is told at debug level.
    """
    error = ctx.error
    if error is None:
        return
    where = f"message {ctx.path!r}" if ctx.path else "lifecycle hook"
    if is_client_error(error):
        logger.debug("%s on socket %s: %r", where, ctx.socket_id, error)
    else:
        logger.error("unhandled error in %s on socket %s", where, ctx.socket_id, exc_info=error)


def cancelled_error(cancellation: BaseException) -> RuntimeError:
    """Return the error of a handler that ended because what it awaited was cancelled."""
    error = RuntimeError("the handler awaited something that was cancelled")
    error.__cause__ = cancellation
    return error


def name_running(ctx: Context) -> str:
    """Return the name of the handler that runs in a chain at this moment."""
    link = ctx.running
    return "a handler" if link is None else describe(link.handler)
