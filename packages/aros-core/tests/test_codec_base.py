"""The base of payload codecs: media types, types, and whose fault a wrong format is."""

from __future__ import annotations

from typing import Any

import pytest

from aros_core.codecs import Codec, InboundMessage, JsonCodec, PayloadCodec, is_for_another
from aros_core.errors import UnmarshalError


class CsvCodec(PayloadCodec):
    """A codec that says only what it has to."""

    name = "csv"
    content_type = "text/csv"
    media_types = ("application/csv",)
    structured_suffix = "+csv"

    def decode(self, data: bytes, into: Any = Any) -> Any:
        """Return the fields of one line."""
        del into
        return data.decode().split(",")

    def encode(self, value: Any) -> bytes:
        """Return one line."""
        return ",".join(value).encode()


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("text/csv", True),
        ("TEXT/CSV", True),
        (" text/csv ; charset=utf-8", True),
        ("application/csv", True),
        ("application/vnd.bank+csv", True),
        ("+csv", False),
        ("application/vnd.bank+CSV; header=present", True),
        ("text/csvs", False),
        ("text/plain", False),
        ("", False),
    ],
)
def test_reads_its_media_types_whatever_their_case_and_parameters(
    media_type: str, expected: bool
) -> None:
    """Its own, those it lists beside it, and those of its suffix."""
    assert CsvCodec().reads(media_type) is expected


def test_a_codec_without_a_suffix_reads_none() -> None:
    """Only what it lists."""

    class Plain(CsvCodec):
        structured_suffix = None

    assert not Plain().reads("application/vnd.bank+csv")


def test_serves_both_directions_unless_told_otherwise() -> None:
    """Each can be switched off by itself."""
    assert (CsvCodec().request, CsvCodec().response) == (True, True)
    assert (CsvCodec(request=False).request, CsvCodec(request=False).response) == (False, True)
    assert (CsvCodec(response=False).request, CsvCodec(response=False).response) == (True, False)


def test_a_codec_that_says_nothing_of_types_reads_into_all() -> None:
    """So what it cannot do is never the fault of a client that chose its format."""
    assert CsvCodec().reads_into(object())
    assert not is_for_another(CsvCodec(), int, [CsvCodec(), JsonCodec()])


def test_another_codec_has_to_read_the_type() -> None:
    """Else it is the program that asks for what nothing can be read as."""

    class TextOnly(CsvCodec):
        def reads_into(self, into: Any) -> bool:
            return into is str

    assert is_for_another(TextOnly(), int, [TextOnly(), JsonCodec()])
    assert not is_for_another(TextOnly(), int, [TextOnly()])
    assert not is_for_another(TextOnly(), str, [TextOnly(), JsonCodec()])


@pytest.mark.parametrize(
    ("base", "missing"),
    [
        (PayloadCodec, {"decode", "encode"}),
        (Codec, {"decode", "encode", "decode_message", "encode_message"}),
    ],
)
def test_the_bases_say_what_is_to_be_written(base: Any, missing: set[str]) -> None:
    """A subclass without it cannot be made."""
    assert base.__abstractmethods__ == missing
    with pytest.raises(TypeError, match="abstract"):
        base()


def test_a_message_without_data_has_no_payload() -> None:
    """Whatever the format and the type that is asked for."""
    with pytest.raises(UnmarshalError, match="the message has no data"):
        JsonCodec().decode_data(InboundMessage(), int)
