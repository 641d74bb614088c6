"""Codecs that only messages need."""

from __future__ import annotations

from velaros.codecs.protobuf import ProtobufCodec

__all__ = ["ProtobufCodec"]
