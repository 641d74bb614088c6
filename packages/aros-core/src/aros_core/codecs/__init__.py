"""Codecs: how bytes become messages and payloads, and back; those of extras are in modules."""

from __future__ import annotations

from aros_core.codecs.base import Codec, PayloadCodec, is_for_another
from aros_core.codecs.json import JsonCodec
from aros_core.codecs.messages import NO_DATA, InboundMessage, MessageType, OutboundMessage
from aros_core.codecs.plain import PlainCodec

__all__ = [
    "NO_DATA",
    "Codec",
    "InboundMessage",
    "JsonCodec",
    "MessageType",
    "OutboundMessage",
    "PayloadCodec",
    "PlainCodec",
    "is_for_another",
]
