"""Velaros routes WebSocket messages by patterns, with middleware and requests both ways."""

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
from aros_core.codecs import MessageType
from velaros import middleware
from velaros.connection import Connection, ConnectionEnded, ConnectionInfo
from velaros.context import Context
from velaros.errors import RequestTimeout, SocketClosed
from velaros.router import Router
from velaros.socket import Socket
from velaros.status import CloseSource, CloseStatus, Status

__all__ = [
    "CloseSource",
    "CloseStatus",
    "Connection",
    "ConnectionEnded",
    "ConnectionInfo",
    "Context",
    "ContextClosedError",
    "Error",
    "FieldError",
    "HTTPError",
    "Key",
    "MessageType",
    "Params",
    "Pattern",
    "PatternError",
    "Ref",
    "RequestTimeout",
    "RouteDescriptor",
    "RouteInfo",
    "Router",
    "Socket",
    "SocketClosed",
    "Status",
    "UnmarshalError",
    "middleware",
]
