"""Submitted forms: read as they arrive, within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from multidict import MultiDictProxy

from aros_core.errors import HTTPError
from navaros.closing import close_body
from navaros.form_parsers import (
    FormLimits,
    FormParser,
    MultipartParser,
    URLEncodedParser,
    parse_parameters,
)
from navaros.uploads import UploadedFile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_MEGABYTE: Final = 1024 * 1024


class Form(MultiDictProxy["str | UploadedFile"]):
    """A submitted form: a read-only multi-mapping of texts and files by name.

    `form["name"]` is the first of that name, `form.getall("name")` are all of them.
    """

    async def close(self) -> None:
        """Close the form's files."""
        for value in self.values():
            if isinstance(value, UploadedFile):
                await value.close()


async def read_form(
    content_type: str,
    stream: AsyncIterator[bytes],
    *,
    max_fields: int = 1000,
    max_files: int = 1000,
    max_field_size: int = _MEGABYTE,
    max_file_size: int | None = None,
    spool_size: int = _MEGABYTE,
) -> Form:
    """Return the form of this type that is in the stream; close it after use.

    The stream is closed here, also where the form is refused before its end.

    Sizes are in bytes. Files larger than `spool_size` go to disk. The size of all together is for
    the stream to limit. Bytes that are not UTF-8 are replaced.

    Raises `HTTPError`: 415 for another type than `application/x-www-form-urlencoded` and
    `multipart/form-data`, 400 for a malformed form, 413 past a limit. Needs the extra `forms`.
    """
    limits = FormLimits(max_fields, max_files, max_field_size, max_file_size, spool_size)
    parser = _parser_for(content_type, limits)
    form = Form(parser.entries)
    try:
        async for chunk in stream:
            parser.feed(chunk)
            await _store_arrived(parser)
        parser.finish()
        await _rewind(form)
    except BaseException:
        await form.close()
        raise
    finally:
        await close_body(stream)
    return form


def _parser_for(content_type: str, limits: FormLimits) -> FormParser:
    media_type, parameters = parse_parameters(content_type)
    if media_type == b"application/x-www-form-urlencoded":
        return URLEncodedParser(limits)
    if media_type != b"multipart/form-data":
        raise HTTPError(
            415,
            "a form is of the type application/x-www-form-urlencoded or multipart/form-data, not "
            f"{content_type or 'unknown'}",
        )
    boundary = parameters.get(b"boundary")
    if not boundary:
        raise HTTPError(400, "the form is malformed: its Content-Type names no boundary")
    return MultipartParser(limits, boundary)


async def _store_arrived(parser: FormParser) -> None:
    for file, data in parser.arrived:
        await file.append(data)
    parser.arrived.clear()


async def _rewind(form: Form) -> None:
    for value in form.values():
        if isinstance(value, UploadedFile):
            await value.seek(0)
