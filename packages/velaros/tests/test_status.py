"""Close status codes."""

from __future__ import annotations

import pytest

from velaros import CloseSource, CloseStatus, Status
from velaros.status import check_close, named_status


def test_has_the_registered_names() -> None:
    """The names and numbers are those of the registry of close codes."""
    assert {status.name: status.value for status in Status} == {
        "NORMAL_CLOSURE": 1000,
        "GOING_AWAY": 1001,
        "PROTOCOL_ERROR": 1002,
        "UNSUPPORTED_DATA": 1003,
        "NO_STATUS_RCVD": 1005,
        "ABNORMAL_CLOSURE": 1006,
        "INVALID_FRAME_PAYLOAD_DATA": 1007,
        "POLICY_VIOLATION": 1008,
        "MESSAGE_TOO_BIG": 1009,
        "MANDATORY_EXTENSION": 1010,
        "INTERNAL_ERROR": 1011,
        "SERVICE_RESTART": 1012,
        "TRY_AGAIN_LATER": 1013,
        "BAD_GATEWAY": 1014,
        "TLS_HANDSHAKE": 1015,
    }


@pytest.mark.parametrize(
    ("status", "may_be_sent"),
    [
        *(
            (code, code in range(1000, 1004) or code in range(1007, 1015))
            for code in range(995, 1020)
        ),
        (2999, False),
        (3000, True),
        (4999, True),
        (5000, False),
        (-1, False),
    ],
)
def test_says_what_may_be_sent(status: int, may_be_sent: bool) -> None:
    """1000-1003, 1007-1014 and 3000-4999 may be sent, at both ends of each range."""
    if may_be_sent:
        check_close(status, "")
    else:
        with pytest.raises(ValueError, match="choose one of 1000-1003, 1007-1014"):
            check_close(status, "")


def test_counts_the_bytes_of_a_reason() -> None:
    """123 bytes fit and 124 do not, whatever the characters, broken ones included."""
    check_close(1000, "x" * 123)
    check_close(1000, "\ud800" * 41)
    for reason in ("x" * 124, "\ud800" * 41 + "x"):
        with pytest.raises(ValueError, match="124 bytes in UTF-8; a close frame holds 123"):
            check_close(1000, reason)


def test_names_what_has_a_name() -> None:
    """Registered codes become members, all others stay as they are."""
    assert named_status(1013) is Status.TRY_AGAIN_LATER
    assert named_status(4000) == 4000


def test_a_close_status_is_a_value() -> None:
    """It compares by its parts and cannot be changed."""
    status = CloseStatus(1000, "bye", CloseSource.CLIENT)
    assert status == CloseStatus(Status.NORMAL_CLOSURE, "bye", CloseSource.CLIENT)
    with pytest.raises(AttributeError):
        status.reason = "no"  # pyright: ignore[reportAttributeAccessIssue]
