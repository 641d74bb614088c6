"""Middleware for HTTP, passed to a router's `use`."""

from aros_core.middleware import json, msgpack, protobuf, set, setfn, setvalue  # noqa: A004

__all__ = ["json", "msgpack", "protobuf", "set", "setfn", "setvalue"]
