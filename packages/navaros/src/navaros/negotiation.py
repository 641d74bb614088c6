"""Which codec reads a request, and which one writes the answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aros_core.codecs.base import PayloadCodec

_remove_quoted: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?').sub
_match_number: Final = re.compile(r"[0-9]{1,3}(\.[0-9]*)?|\.[0-9]+").fullmatch

# How closely a media range of an `Accept` field fits a codec.
_NOT: Final = 0
_ANY_TYPE: Final = 1
_ANY_SUBTYPE: Final = 2
_NAMED: Final = 3
_EXACTLY: Final = 4


def codec_for(content_type: str | None, codecs: Sequence[PayloadCodec]) -> PayloadCodec | None:
    """Return the first codec that reads request bodies of this type, `None` if there is none."""
    if content_type is None:
        return None
    for codec in codecs:
        if codec.request and codec.reads(content_type):
            return codec
    return None


def choose(
    accept: str | None, codecs: Sequence[PayloadCodec], default: PayloadCodec
) -> PayloadCodec:
    """Return the codec that an `Accept` field prefers, `default` where it has no preference.

    Its quality values decide (RFC 9110, section 12.5.1). Among equals, what it names counts before
    what its wildcards cover, then the default, then the order of the codecs.
    """
    if not accept or accept == "*/*":
        return default
    ranges = list(_media_ranges(accept))
    chosen, preference = default, _preference(default, ranges)
    for codec in codecs:
        other = _preference(codec, ranges)
        if other > preference:
            chosen, preference = codec, other
    return chosen


def _media_ranges(accept: str) -> Iterator[tuple[str, float]]:
    """Yield the media ranges of an `Accept` field and their qualities, in lower case."""
    for element in _remove_quoted("", accept).lower().split(","):
        media_range, *parameters = map(str.strip, element.split(";"))
        if media_range:
            yield media_range, _quality(parameters)


def _quality(parameters: list[str]) -> float:
    """Return the weight among the parameters; it is 1 if it is missing or malformed."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.rstrip() == "q" and _match_number(value.lstrip()):
            return min(float(value), 1.0)
    return 1.0


def _preference(codec: PayloadCodec, ranges: list[tuple[str, float]]) -> tuple[float, int]:
    """Return how much the client wants what a codec writes; the closest of its ranges says so.

    A codec that the client refuses (`q=0`) comes after those that it does not speak of.
    """
    quality, closeness = 0.0, _NOT
    for media_range, weight in ranges:
        fit = _fit(codec, media_range)
        if fit > closeness or (fit == closeness != _NOT and weight > quality):
            quality, closeness = weight or -1.0, fit
    return quality, min(closeness, _NAMED)


def _fit(codec: PayloadCodec, media_range: str) -> int:
    if media_range in {"*/*", "*"}:
        return _ANY_TYPE
    if media_range == codec.content_type:
        return _EXACTLY
    if media_range.endswith("/*"):
        return _ANY_SUBTYPE if codec.content_type.startswith(media_range[:-1]) else _NOT
    return _NAMED if codec.reads(media_range) else _NOT
