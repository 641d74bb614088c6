"""The rules for an envelope's fields, which are the same in every format."""

from __future__ import annotations

from typing import Any

import pytest

from aros_core.codecs import MessageType
from aros_core.codecs.envelope import check_sizes, read_id, read_message, recover_id
from aros_core.codecs.messages import NO_META
from aros_core.errors import MessageError

TEXT = MessageType.TEXT


@pytest.mark.parametrize("character", ["x", "é", "€", "😀", "\ud800"], ids=ascii)
def test_sizes_are_counted_in_bytes(character: str) -> None:
    """As UTF-8, even of what is no valid Unicode: exactly the limit fits, one more does not."""
    width = len(character.encode("utf-8", "surrogatepass"))
    check_sizes(character * (128 // width), character * (2048 // width))
    with pytest.raises(MessageError, match="id is longer than 128 bytes") as caught:
        check_sizes(character * (128 // width) + "x" * (128 % width + 1), "")
    assert caught.value.id is None
    with pytest.raises(MessageError, match=r"path is longer than 2048 bytes") as caught:
        check_sizes("mine", character * (2048 // width) + "x" * (2048 % width + 1))
    assert caught.value.id == "mine"


@pytest.mark.parametrize("number", [10**127, -(10**126), 0])
def test_a_numbers_size_is_that_of_its_digits(number: int) -> None:
    """A sign counts too; up to 128 of them fit."""
    check_sizes(number, "")


@pytest.mark.parametrize("number", [10**128, -(10**127)])
def test_a_number_of_too_many_digits_is_refused(number: int) -> None:
    """It would be repeated in every answer."""
    with pytest.raises(MessageError, match="id is longer than 128 bytes"):
        check_sizes(number, "")


@pytest.mark.parametrize("value", [None, "", "x", 0, -1, 2**70])
def test_ids_are_texts_or_integers(value: Any) -> None:
    """They are taken as they are."""
    assert read_id(value) is value
    assert recover_id(value) is value


@pytest.mark.parametrize("value", [True, 1.0, b"x", [], {}], ids=repr)
def test_nothing_else_is_an_id(value: Any) -> None:
    """Where the message is refused anyway, such a one counts as none."""
    with pytest.raises(MessageError, match="neither a string nor an integer"):
        read_id(value)
    assert recover_id(value) is None


def test_an_id_past_the_limit_is_not_recovered() -> None:
    """It would be repeated in the answer to what is refused."""
    assert recover_id("x" * 129) is None


def test_reads_a_message_out_of_its_fields() -> None:
    """The payload and the frame are kept as they are."""
    fields = {"id": 7, "path": "/x", "meta": {"k": 1}, "end": True}
    message = read_message(fields, b"5", "frame", TEXT)
    assert (message.id, message.path, message.meta, message.end) == (7, "/x", {"k": 1}, True)
    assert (message.data, message.raw, message.type) == (b"5", b"frame", TEXT)


@pytest.mark.parametrize("fields", [{}, {"id": None, "path": None, "meta": None, "end": None}])
def test_absent_fields_are_empty(fields: dict[str, Any]) -> None:
    """A null is as good as nothing."""
    message = read_message(fields, None, "", TEXT)
    assert (message.id, message.path, message.data, message.end) == (None, "", None, False)
    assert message.meta is NO_META


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"path": 5}, "path is not a string"),
        ({"meta": []}, "meta is not an object"),
        ({"meta": {1: 2}}, "meta is not an object with string keys"),
        ({"path": "/" * 2049}, "path is longer"),
    ],
)
def test_a_wrong_field_is_told_under_the_messages_id(fields: dict[str, Any], text: str) -> None:
    """So the client gets its answer."""
    with pytest.raises(MessageError, match=text) as caught:
        read_message({"id": "mine", **fields}, None, "", TEXT)
    assert caught.value.id == "mine"


@pytest.mark.parametrize("end", [1, "true", [True]])
def test_only_true_ends_a_stream(end: Any) -> None:
    """Anything else under that name is somebody's own."""
    assert not read_message({"end": end}, None, "", TEXT).end
