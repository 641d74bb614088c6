"""The two formats of forms: what they come to, wherever the bytes are split."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aros_core.errors import HTTPError
from navaros.form_parsers import (
    MAX_PART_HEADERS,
    FormLimits,
    FormParser,
    MultipartParser,
    URLEncodedParser,
    parse_parameters,
)
from navaros.uploads import UploadedFile

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMITS = FormLimits(
    max_fields=100, max_files=100, max_field_size=1000, max_file_size=None, spool_size=1000
)


def pieces(body: bytes, size: int) -> Iterator[bytes]:
    """Cut a body into pieces."""
    for start in range(0, len(body), size):
        yield body[start : start + size]


def run(parser: FormParser, body: bytes, size: int = 1000) -> list[tuple[str, str | bytes]]:
    """Return what a parser finds in a body that arrives in pieces; files as their bytes."""
    for piece in pieces(body, size):
        parser.feed(piece)
    parser.finish()
    found: list[tuple[str, str | bytes]] = []
    for name, value in parser.entries.items():
        if isinstance(value, UploadedFile):
            value.file.close()
            found.append((name, b"".join(data for file, data in parser.arrived if file is value)))
        else:
            found.append((name, value))
    return found


def part(head: str, content: bytes) -> bytes:
    """Return a part of a form whose boundary is `limit`."""
    return b"--limit\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n"


def named(name: str, content: bytes) -> bytes:
    """Return a field of a form."""
    return part(f'Content-Disposition: form-data; name="{name}"', content)


END = b"--limit--\r\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", []),
        (b"a=1", [("a", "1")]),
        (b"a=1&b=2&a=3", [("a", "1"), ("b", "2"), ("a", "3")]),
        (b"a", [("a", "")]),
        (b"a=", [("a", "")]),
        (b"=1", [("", "1")]),
        (b"&&a=1&&", [("a", "1")]),
        (b"a=b=c", [("a", "b=c")]),
        (b"a+b=c+d", [("a b", "c d")]),
        (b"a%3D=%26%2B", [("a=", "&+")]),
        (b"n=%C3%A9%E2%98%83", [("n", "é☃")]),
        ("n=é".encode(), [("n", "é")]),
        (b"n=%FF\xff", [("n", "\ufffd\ufffd")]),
        (b"n=%zz%", [("n", "%zz%")]),
        (b"a;b=1", [("a;b", "1")]),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_url_encoded_forms(body: bytes, expected: list[tuple[str, str]], size: int) -> None:
    """Fields in order, blanks and escapes decoded, however the bytes arrive."""
    assert run(URLEncodedParser(LIMITS), body, size) == expected


@given(st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=50), st.integers(1, 20))
def test_url_encoded_forms_read_back(fields: list[tuple[str, str]], size: int) -> None:
    """What browsers encode is read the same."""
    parser = URLEncodedParser(replace(LIMITS, max_field_size=100_000))
    assert run(parser, urlencode(fields).encode(), size) == fields


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_multipart_forms(size: int) -> None:
    """Fields and files in order, with their bytes as they are, however they arrive."""
    binary = bytes(range(256)) + b"\r\n--limitless\r\n--limit\r--limi"
    body = (
        named("a", b"1")
        + named("é", "☃\r\n".encode())
        + part(
            'content-disposition: form-data; name="file"; filename="a.bin"\r\n'
            "Content-Type: image/png",
            binary,
        )
        + named("a", b"")
        + part('Content-Disposition: form-data; name=b; filename=""', b"")
        + END
    )
    expected = [("a", "1"), ("é", "☃\r\n"), ("file", binary), ("a", ""), ("b", b"")]
    assert run(MultipartParser(LIMITS, b"limit"), body, size) == expected


def test_files_keep_what_their_parts_say() -> None:
    """Name, type and further header fields of a file are those of its part."""
    head = (
        'Content-Disposition: form-data; name="file"; filename="r\u00e9sum\u00e9;1.txt"\r\n'
        "Content-Type:   text/plain \r\n"
        "X-Note: hi"
    )
    parser = MultipartParser(LIMITS, b"limit")
    parser.feed(part(head, b"x") + END)
    file = parser.entries["file"]
    assert isinstance(file, UploadedFile)
    file.file.close()
    assert file.filename == "résumé;1.txt"
    assert file.content_type == "text/plain"
    assert file.headers["x-note"] == "hi"


@pytest.mark.parametrize(
    "filename",
    [
        "../../etc/passwd",
        "a\u0000b",
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    ],
)
def test_names_of_files_are_kept_as_they_are(filename: str) -> None:
    """The name is the client's word, whatever it says."""
    parser = MultipartParser(LIMITS, b"limit")
    head = f'Content-Disposition: form-data; name="file"; filename="{filename}"'
    parser.feed(part(head, b"") + END)
    file = parser.entries["file"]
    assert isinstance(file, UploadedFile)
    file.file.close()
    assert file.filename == filename


def test_bytes_that_are_not_utf_8_are_replaced() -> None:
    """A field in another encoding is readable as far as it can be."""
    assert run(MultipartParser(LIMITS, b"limit"), named("a", b"caf\xe9") + END) == [
        ("a", "caf\ufffd")
    ]


@pytest.mark.parametrize("body", [b"--limit--\r\n", b"--limit--", b"\r\n--limit--\r\n"])
def test_a_form_may_be_empty(body: bytes) -> None:
    """A form without fields is a form."""
    assert run(MultipartParser(LIMITS, b"limit"), body) == []


def test_what_follows_the_form_is_ignored() -> None:
    """The last boundary is the end."""
    body = named("a", b"1") + END + b"epilogue"
    assert run(MultipartParser(LIMITS, b"limit"), body) == [("a", "1")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"limit",
        b"--other\r\n",
        b"--limit",
        b"--limitx\r\n",
        b"preamble\r\n--limit--",
        named("a", b"1"),
        named("a", b"1") + b"--limi",
        b'--limit\r\nContent-Disposition: form-data; name="a"',
        b'--limit\r\nContent-Disposition: form-data; name="a"\r\n\r\n',
        part("", b"1") + END,
        part("X: y", b"1") + END,
        part("Content-Disposition: form-data", b"1") + END,
        part('Content-Disposition: attachment; name="a"', b"1") + END,
        part('Content-Disposition: form-data; filename="a"', b"1") + END,
        part(": x", b"1") + END,
        part("a b: x", b"1") + END,
        part("a\0: x", b"1") + END,
        part("a: x\rb", b"1") + END,
        part("no colon", b"1") + END,
        part("\r\n".join(f"x-{number}: y" for number in range(100)), b"1") + END,
        part("x: " + "y" * 100_000, b"1") + END,
        part("x" * 100_000 + ": y", b"1") + END,
    ],
)
def test_malformed_forms_are_refused(body: bytes) -> None:
    """What is cut off or badly made is the client's fault, and is told so."""
    with pytest.raises(HTTPError) as caught:
        run(MultipartParser(LIMITS, b"limit"), body)
    assert caught.value.status == 400
    assert "the form is malformed: " in caught.value.message


def test_a_boundary_has_limits() -> None:
    """A boundary that is absurdly long is malformed."""
    with pytest.raises(HTTPError, match="400 the form is malformed"):
        MultipartParser(LIMITS, b"x" * 1000)


@pytest.mark.parametrize(
    ("body", "limits", "message"),
    [
        (named("a", b"1") * 3, {"max_fields": 2}, "the form has more than 2 fields"),
        (
            part('Content-Disposition: form-data; name="f"; filename="f"', b"") * 3,
            {"max_files": 2},
            "the form has more than 2 files",
        ),
        (named("a", b"123456"), {"max_field_size": 5}, "a field of the form has more than 5 bytes"),
        (
            part('Content-Disposition: form-data; name="f"; filename="f"', b"123456"),
            {"max_file_size": 5},
            "a file of the form has more than 5 bytes",
        ),
        (
            part("\r\n".join(f"x: {'y' * 4000}" for _ in range(5)), b""),
            {},
            f"the header of a part of the form has more than {MAX_PART_HEADERS} bytes",
        ),
    ],
)
def test_multipart_bombs_are_stopped(body: bytes, limits: dict[str, int], message: str) -> None:
    """Whatever there is too much of, reading stops there."""
    parser = MultipartParser(replace(LIMITS, **limits), b"limit")
    with pytest.raises(HTTPError) as caught:
        run(parser, body + END)
    assert (caught.value.status, caught.value.message) == (413, message)
    for value in parser.entries.values():
        if isinstance(value, UploadedFile):
            value.file.close()


@pytest.mark.parametrize(
    ("body", "limits", "message"),
    [
        (b"a&" * 3, {"max_fields": 2}, "the form has more than 2 fields"),
        (b"a&&&b", {"max_fields": 2}, "the form has more than 2 fields"),
        (b"a=12345", {"max_field_size": 5}, "a field of the form has more than 5 bytes"),
        (b"123456", {"max_field_size": 5}, "a field of the form has more than 5 bytes"),
    ],
)
def test_url_encoded_bombs_are_stopped(body: bytes, limits: dict[str, int], message: str) -> None:
    """Whatever there is too much of, reading stops there."""
    with pytest.raises(HTTPError) as caught:
        run(URLEncodedParser(replace(LIMITS, **limits)), body)
    assert (caught.value.status, caught.value.message) == (413, message)


@pytest.mark.parametrize("size", [1, 1000])
def test_limits_are_reached_without_error(size: int) -> None:
    """What is just within the limits is read."""
    limits = FormLimits(max_fields=2, max_files=1, max_field_size=5, max_file_size=5, spool_size=1)
    file = part('Content-Disposition: form-data; name="f"; filename="f"', b"12345")
    body = named("a", b"12345") + file + named("b", b"") + END
    expected = [("a", "12345"), ("f", b"12345"), ("b", "")]
    assert run(MultipartParser(limits, b"limit"), body, size) == expected
    assert run(URLEncodedParser(limits), b"a=1234&b", size) == [("a", "1234"), ("b", "")]


@given(st.binary(), st.integers(1, 50))
def test_no_bytes_break_the_parser(body: bytes, size: int) -> None:
    """Whatever comes after a good start is read or refused."""
    statuses: set[int] = set()
    for start in (b"", b"--limit\r\n", named("a", b"1")[:-2]):
        try:
            run(MultipartParser(LIMITS, b"limit"), start + body, size)
        except HTTPError as error:
            statuses.add(error.status)
    assert statuses <= {400, 413}


def test_parameters_are_told_apart() -> None:
    """The value in lower case, and its parameters unquoted."""
    header = 'Multipart/Form-Data; boundary="a b"; charset=utf-8'
    expected = {b"boundary": b"a b", b"charset": b"utf-8"}
    assert parse_parameters(header) == (b"multipart/form-data", expected)
    assert parse_parameters("") == (b"", {})
