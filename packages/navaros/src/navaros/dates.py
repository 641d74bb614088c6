"""Dates as HTTP writes them (RFC 9110, section 5.6.7)."""

from __future__ import annotations

from datetime import UTC, datetime


def format_date(timestamp: float) -> str:
    """Return a Unix time as `Sun, 06 Nov 1994 08:49:37 GMT`, the fraction of the second dropped.

    Raises `ValueError` for a time outside the years 1 to 9999.
    """
    from email.utils import formatdate

    try:
        return formatdate(timestamp // 1, usegmt=True)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{timestamp!r} is not a time that a date can be made of") from None


def parse_date(text: str) -> int | None:
    """Return the Unix time of a date in any of HTTP's three formats; `None` if it is in none."""
    from email.utils import parsedate_to_datetime

    try:
        return int(to_timestamp(parsedate_to_datetime(text)))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def to_timestamp(moment: datetime) -> float:
    """Return the Unix time of a `datetime`; one without a time zone is in UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
