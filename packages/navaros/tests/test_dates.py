"""HTTP dates: written one way, read in three."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from navaros.dates import format_date, parse_date, to_timestamp

EXAMPLE = 784111777


def test_dates_are_written_as_imf_fixdate() -> None:
    """The one format that is sent, in GMT, without the fraction of the second."""
    assert format_date(EXAMPLE) == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert format_date(EXAMPLE + 0.999) == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert format_date(-0.5) == "Wed, 31 Dec 1969 23:59:59 GMT"


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ],
)
def test_all_three_formats_are_read(text: str) -> None:
    """A recipient reads the two formats of old as well (RFC 9110, section 5.6.7)."""
    assert parse_date(text) == EXAMPLE


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ",",
        "yesterday",
        "784111777",
        "Sun, 06 Nov",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, 06 Nov 99999999999 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 +99999999999999999999",
        "9" * 5000 + " Nov 1994 08:49:37 GMT",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    """A bad date is no error, whatever is wrong with it."""
    assert parse_date(text) is None


@pytest.mark.parametrize("moment", [1e18, -1e18, float("nan"), float("inf"), 253402300800])
def test_times_outside_the_calendar_are_refused(moment: float) -> None:
    """A time that no date can be made of raises a `ValueError` that shows it."""
    with pytest.raises(ValueError, match="is not a time that a date can be made of"):
        format_date(moment)


@given(st.integers(0, 253402300799))
def test_what_is_written_reads_the_same(moment: int) -> None:
    """Writing and reading a date gives the same second."""
    assert parse_date(format_date(moment)) == moment


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    """Any text is a time or none."""
    assert isinstance(parse_date(text), int | None)


def test_a_moment_without_zone_is_in_utc() -> None:
    """A naive `datetime` counts as UTC; others are converted."""
    zone = timezone(timedelta(hours=2))
    assert to_timestamp(datetime(1994, 11, 6, 8, 49, 37)) == EXAMPLE
    assert to_timestamp(datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)) == EXAMPLE
    assert to_timestamp(datetime(1994, 11, 6, 10, 49, 37, tzinfo=zone)) == EXAMPLE
