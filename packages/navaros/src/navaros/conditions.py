"""Conditional requests (RFC 9110, section 13): what the client has, and what it expects."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from navaros.dates import parse_date

if TYPE_CHECKING:
    from multidict import MultiMapping

_find_tags: Final = re.compile(r'(?:W/)?"[^"]*"').findall


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells one version of a representation from another (RFC 9110, section 8.8).

    `etag` is the entity tag in its quotes, `modified` the Unix time of the last change.
    """

    etag: str
    modified: int


def check_conditions(headers: MultiMapping[str], validators: Validators) -> int:
    """Return the status that the conditions of a `GET` or `HEAD` request come to.

    200 is to go on, 304 is for a client that has this version, 412 for one that expects another.
    Which condition counts before which is in RFC 9110, section 13.2.2.
    """
    if "if-match" in headers:
        if not _is_listed(headers.getall("if-match"), validators.etag, is_strong=True):
            return 412
    elif _is_before(headers.get("if-unmodified-since"), validators.modified):
        return 412
    if "if-none-match" in headers:
        is_here = _is_listed(headers.getall("if-none-match"), validators.etag, is_strong=False)
    else:
        is_here = _is_before(headers.get("if-modified-since"), validators.modified) is False
    return 304 if is_here else 200


def allows_ranges(headers: MultiMapping[str], validators: Validators) -> bool:
    """Tell whether parts may be sent: by `If-Range`, the client has the others of this version."""
    condition = headers.get("if-range")
    if condition is None:
        return True
    if '"' in condition:
        return _is_listed([condition], validators.etag, is_strong=True)
    return parse_date(condition) == validators.modified


def _is_listed(lists: list[str], etag: str, *, is_strong: bool) -> bool:
    """Tell whether lists of entity tags name this one; weak ones are never strongly equal."""
    listed = ", ".join(lists)
    if listed.strip() == "*":
        return True
    tags: list[str] = _find_tags(listed)
    if is_strong:
        return etag in tags and not etag.startswith("W/")
    return etag.removeprefix("W/") in [tag.removeprefix("W/") for tag in tags]


def _is_before(date: str | None, modified: int) -> bool | None:
    """Tell whether a date is before the last change; `None` if there is no date or a bad one."""
    moment = None if date is None else parse_date(date)
    return None if moment is None else moment < modified
