"""Content negotiation: who reads a request, and who writes the answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aros_core.codecs.json import JsonCodec
from aros_core.codecs.msgpack import MsgpackCodec
from aros_core.codecs.protobuf import ProtobufCodec
from navaros.negotiation import choose, codec_for

JSON = JsonCodec()
MSGPACK = MsgpackCodec()
PROTOBUF = ProtobufCodec()
CODECS = [JSON, MSGPACK, PROTOBUF]


@pytest.mark.parametrize(
    ("content_type", "codec"),
    [
        ("application/json", JSON),
        ("Application/JSON; charset=utf-8", JSON),
        ("application/vnd.api+json", JSON),
        ("application/msgpack", MSGPACK),
        ("application/x-msgpack", MSGPACK),
        ("application/vnd.msgpack", MSGPACK),
        ("application/x-protobuf", PROTOBUF),
        ("text/plain", None),
        ("", None),
        (None, None),
    ],
)
def test_the_content_type_decides_who_reads(content_type: str | None, codec: Any) -> None:
    """The first codec that reads such bodies is it."""
    assert codec_for(content_type, CODECS) is codec


def test_codecs_that_read_no_requests_are_passed_over() -> None:
    """`request=False` leaves bodies to the next codec, or to nobody."""
    silent = JsonCodec(request=False)
    assert codec_for("application/json", [silent, JSON]) is JSON
    assert codec_for("application/json", [silent]) is None


@pytest.mark.parametrize(
    ("accept", "codec"),
    [
        ("application/json", JSON),
        ("application/msgpack", MSGPACK),
        ("APPLICATION/MSGPACK", MSGPACK),
        ("application/x-msgpack", MSGPACK),
        ("application/protobuf", PROTOBUF),
        ("application/problem+json", JSON),
        ("application/json;q=0.5, application/msgpack", MSGPACK),
        ("application/json;q=0.5, application/msgpack;q=0.6", MSGPACK),
        ("application/json;q=0.500, application/msgpack;q=0.4999", JSON),
        ("application/msgpack;q=0.2, application/protobuf;q=.3, */*;q=0.1", PROTOBUF),
        ("application/msgpack; version=1; q=0.2, application/json ;q=0.1", MSGPACK),
        ('application/msgpack; p="a,b;q=0", application/json;q=0.1', MSGPACK),
        (r'application/msgpack; p="\",x", application/json;q=0.1', MSGPACK),
        ("text/html, application/msgpack;q=0.9", MSGPACK),
        ("application/protobuf, */*", PROTOBUF),
        ("application/protobuf, application/*", PROTOBUF),
        ("application/protobuf;q=0.1, */*;q=0.2", JSON),
        ("application/json;q=0, */*;q=0.2", MSGPACK),
        ("application/json;q=0.1, application/*;q=0.5, */*", MSGPACK),
        ("application/json;q=0.5, application/hal+json, application/msgpack;q=0.8", MSGPACK),
        ("application/json;q=0", MSGPACK),
        ("application/json;q=0, application/msgpack;q=0", PROTOBUF),
    ],
)
def test_accept_decides_who_writes(accept: str, codec: Any) -> None:
    """Quality values and wildcards (RFC 9110, section 12.5.1); the closest range counts."""
    assert choose(accept, CODECS, JSON) is codec


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "*/*;q=0.8",
        "*",
        " */* ",
        "application/*",
        "text/html",
        "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8",
        "text/*",
        "application/json, application/msgpack, application/protobuf",
        "*/*;q=0",
        "application/*;q=0",
        ",,;q=1,;",
        "nonsense",
        '"',
        "application/",
        "/*",
    ],
)
@pytest.mark.parametrize("default", CODECS)
def test_without_preference_the_default_writes(accept: str | None, default: Any) -> None:
    """Who says nothing, or the same of all, or nothing of any, gets the default."""
    assert choose(accept, CODECS, default) is default


@pytest.mark.parametrize("quality", ["", "high", "-1", "1e3", "nan", "inf", "0x1", "1.2.3", "99"])
def test_malformed_qualities_count_as_one(quality: str) -> None:
    """What cannot be read is as if it was not there; nothing is more than 1."""
    accept = f"application/msgpack;q={quality}, application/json;q=0.9"
    assert choose(accept, CODECS, JSON) is MSGPACK
    assert choose(f"application/msgpack;q={quality}, application/json", CODECS, JSON) is JSON


def test_among_equals_the_default_comes_first() -> None:
    """What the client likes as much as the default does not displace it."""
    accept = "application/json, application/x-msgpack, text/html"
    assert choose(accept, CODECS, MSGPACK) is MSGPACK
    assert choose(accept, CODECS, PROTOBUF) is JSON


@given(st.text() | st.text(alphabet='application/json*,;q=0.1" \\'))
def test_no_text_breaks_the_choice(accept: str) -> None:
    """Whatever the field says, somebody writes the answer."""
    assert choose(accept, CODECS, MSGPACK) in CODECS
