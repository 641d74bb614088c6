"""Middleware for both protocols, passed to a router's `use`."""

from aros_core.middleware.codecs import json, msgpack, protobuf
from aros_core.middleware.values import ValueMiddleware, save_on_context

_values = ValueMiddleware(save_on_context)

set = _values.set  # noqa: A001
setfn = _values.setfn
setvalue = _values.setvalue

__all__ = ["json", "msgpack", "protobuf", "set", "setfn", "setvalue"]
