"""What navaros and velaros share: patterns, the middleware chain, the context and the codecs.

Applications import these names from `navaros` or `velaros`; middleware for both protocols is
typed on `aros_core.Context`.
"""

from aros_core.context import Context
from aros_core.errors import ContextClosedError, Error, FieldError, HTTPError, UnmarshalError
from aros_core.patterns import Params, Pattern, PatternError
from aros_core.routing import RouteDescriptor, RouteInfo
from aros_core.storage import Key, Ref

__all__ = [
    "Context",
    "ContextClosedError",
    "Error",
    "FieldError",
    "HTTPError",
    "Key",
    "Params",
    "Pattern",
    "PatternError",
    "Ref",
    "RouteDescriptor",
    "RouteInfo",
    "UnmarshalError",
]
