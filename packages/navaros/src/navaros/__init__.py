"""HTTP routing with patterns, one middleware chain and one context.

A `Router` is an ASGI application. Its handlers take a `Context`, which middleware for Velaros knows
as well.
"""

from aros_core import (
    ContextClosedError,
    Error,
    FieldError,
    HTTPError,
    Key,
    Params,
    Pattern,
    PatternError,
    Ref,
    RouteDescriptor,
    RouteInfo,
    UnmarshalError,
)
from navaros import middleware
from navaros.asgi import asgi
from navaros.context import Context
from navaros.errors import ClientDisconnected, ResponseStartedError
from navaros.events import Event, EventStream
from navaros.redirects import Redirect
from navaros.router import Router
from navaros.serve import serve

__all__ = [
    "ClientDisconnected",
    "Context",
    "ContextClosedError",
    "Error",
    "Event",
    "EventStream",
    "FieldError",
    "HTTPError",
    "Key",
    "Params",
    "Pattern",
    "PatternError",
    "Redirect",
    "Ref",
    "ResponseStartedError",
    "RouteDescriptor",
    "RouteInfo",
    "Router",
    "UnmarshalError",
    "asgi",
    "middleware",
    "serve",
]
