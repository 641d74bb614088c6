"""The codecs that clients choose by name."""

from __future__ import annotations

import sys

import pytest

from aros_core.codecs import Codec, JsonCodec
from aros_core.codecs.msgpack import MsgpackCodec
from velaros.codecs import ProtobufCodec
from velaros.codecs.names import codec_named, codec_of_subprotocol

ALL: list[type[Codec]] = [JsonCodec, MsgpackCodec, ProtobufCodec]


@pytest.mark.parametrize("kind", ALL)
def test_codecs_have_names_and_subprotocols(kind: type[Codec]) -> None:
    """A name and a subprotocol stand for the same codec."""
    assert type(codec_named(kind.name)) is kind
    assert type(codec_of_subprotocol(kind.subprotocol)) is kind


def test_a_codec_stands_for_itself() -> None:
    """Whoever brings a codec gets that very one."""
    codec = JsonCodec()
    assert codec_named(codec) is codec


def test_an_unknown_name_is_told() -> None:
    """The error lists the names that there are."""
    with pytest.raises(ValueError, match="no codec 'xml': choose one of json, msgpack, protobuf"):
        codec_named("xml")


@pytest.mark.parametrize("subprotocol", [None, "", "chat", "json"])
def test_json_is_spoken_where_no_subprotocol_says_otherwise(subprotocol: str | None) -> None:
    """None was agreed on, or one that belongs to the application."""
    assert isinstance(codec_of_subprotocol(subprotocol), JsonCodec)


def test_only_the_chosen_codec_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an extra the others work, and choosing its codec names what to install."""
    monkeypatch.setitem(sys.modules, "msgpack", None)
    assert isinstance(codec_named("json"), JsonCodec)
    with pytest.raises(ImportError, match=r"velaros\[msgpack\]"):
        codec_named("msgpack")
