"""Close status codes (RFC 6455 section 7.4), and who closed a socket."""

from __future__ import annotations

from enum import Enum, IntEnum

from msgspec import Struct

MAX_REASON_BYTES = 123
"""What a close frame holds beside the status (RFC 6455 section 5.5)."""


class Status(IntEnum):
    """The registered close status codes."""

    NORMAL_CLOSURE = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    NO_STATUS_RCVD = 1005
    ABNORMAL_CLOSURE = 1006
    INVALID_FRAME_PAYLOAD_DATA = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    MANDATORY_EXTENSION = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014
    TLS_HANDSHAKE = 1015


class CloseSource(Enum):
    """Who closed the socket."""

    CLIENT = "client"
    SERVER = "server"


class CloseStatus(Struct, frozen=True):
    """How a socket was closed: status, reason and by whom."""

    status: int
    reason: str
    source: CloseSource


def check_close(status: int, reason: str) -> None:
    """Raise `ValueError` for what a close frame must not or cannot carry.

    Statuses that may be sent are 1000-1003, 1007-1014 and 3000-4999; a reason has 123 bytes.
    """
    if not (1000 <= status <= 1003 or 1007 <= status <= 1014 or 3000 <= status <= 4999):
        raise ValueError(
            f"status {int(status)} cannot be sent; choose one of 1000-1003, 1007-1014 or, for "
            "your own meanings, 4000-4999"
        )
    length = len(reason.encode("utf-8", "surrogatepass"))
    if length > MAX_REASON_BYTES:
        raise ValueError(
            f"the reason has {length} bytes in UTF-8; a close frame holds {MAX_REASON_BYTES}"
        )


def named_status(status: int) -> int:
    """Return the `Status` of a code where it has a name, else the code."""
    try:
        return Status(status)
    except ValueError:
        return status
