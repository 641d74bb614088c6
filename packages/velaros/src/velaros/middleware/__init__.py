"""Middleware for messages, passed to a router's `use`; those for sockets to `use_open` as well."""

from aros_core.middleware import json, msgpack, set, setfn, setvalue  # noqa: A004
from aros_core.middleware.values import ValueMiddleware
from velaros.context import Context
from velaros.middleware.protobuf import protobuf

_socket_values = ValueMiddleware(Context.set_on_socket)

socketset = _socket_values.set
socketsetfn = _socket_values.setfn
socketsetvalue = _socket_values.setvalue

__all__ = [
    "json",
    "msgpack",
    "protobuf",
    "set",
    "setfn",
    "setvalue",
    "socketset",
    "socketsetfn",
    "socketsetvalue",
]
