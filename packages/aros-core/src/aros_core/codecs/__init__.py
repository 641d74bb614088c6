"""Codecs: how bytes become messages and payloads, and back."""

from __future__ import annotations

from aros_core.codecs.base import Codec, PayloadCodec, is_for_another
from aros_core.codecs.json import JsonCodec
from aros_core.codecs.messages import NO_DATA, InboundMessage, MessageType, OutboundMessage
from aros_core.codecs.msgpack import MsgpackCodec
from aros_core.codecs.plain import PlainCodec
from aros_core.codecs.protobuf import ProtobufCodec

__all__ = [
    "NO_DATA",
    "Codec",
    "InboundMessage",
    "JsonCodec",
    "MessageType",
    "MsgpackCodec",
    "OutboundMessage",
    "PayloadCodec",
    "PlainCodec",
    "ProtobufCodec",
    "is_for_another",
]
