"""The rules for the fields of an envelope, the same in every format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, SupportsBytes, cast

from aros_core.codecs.messages import NO_META, InboundMessage
from aros_core.errors import MessageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aros_core.codecs.messages import MessageType

FIELDS: Final = frozenset({"id", "path", "data", "meta"})
"""The keys of an envelope; where `data` is absent, all other keys together are the payload."""

MAX_ID_BYTES: Final = 128
MAX_PATH_BYTES: Final = 2048

SHORT_ID: Final = MAX_ID_BYTES // 4
"""How many characters of an id fit whatever they are: one takes 4 bytes of UTF-8 at most."""
SHORT_PATH: Final = MAX_PATH_BYTES // 4
"""How many characters of a path fit whatever they are."""


def check_sizes(message_id: str | int | None, path: str) -> None:
    """Raise `MessageError` for an id or a path past its limit, a number's size being its digits."""
    text = message_id if isinstance(message_id, str) else str(message_id)
    if len(text) > SHORT_ID and not _fits(text, MAX_ID_BYTES):
        raise MessageError(f"the message's id is longer than {MAX_ID_BYTES} bytes")
    if len(path) > SHORT_PATH and not _fits(path, MAX_PATH_BYTES):
        raise MessageError(
            f"the message's path is longer than {MAX_PATH_BYTES} bytes", id=message_id
        )


def read_id(value: Any) -> str | int | None:
    """Return `value` as a message's id; raise `MessageError` if it cannot be one."""
    if value is not None and (not isinstance(value, (str, int)) or isinstance(value, bool)):
        raise MessageError("the message's id is neither a string nor an integer")
    return value


def recover_id(value: Any) -> str | int | None:
    """Return `value` as the id of a message that is refused, `None` if it cannot be one."""
    try:
        message_id = read_id(value)
        check_sizes(message_id, "")
    except MessageError:
        return None
    return message_id


def read_message(
    fields: Mapping[Any, Any],
    data: SupportsBytes | None,
    raw: str | bytes,
    message_type: MessageType,
) -> InboundMessage:
    """Return the message whose envelope holds `fields`; raise `MessageError` for wrong ones."""
    message_id = read_id(fields.get("id"))
    path = fields.get("path")
    if path is None:
        path = ""
    elif not isinstance(path, str):
        raise MessageError("the message's path is not a string", id=recover_id(message_id))
    check_sizes(message_id, path)
    meta = fields.get("meta")
    if meta is None:
        meta = NO_META
    elif not _is_meta(meta):
        raise MessageError("the message's meta is not an object with string keys", id=message_id)
    end = fields.get("end") is True
    return InboundMessage(path, message_id, data, meta, raw, message_type, end)


def _is_meta(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(key, str) for key in cast("dict[Any, Any]", value)
    )


def _fits(text: str, limit: int) -> bool:
    return len(text) <= limit and len(text.encode("utf-8", "surrogatepass")) <= limit
