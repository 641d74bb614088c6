"""Header fields and forms that are out to cost time: each is answered at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

import navaros
import navaros.testing

from .figures import record

if TYPE_CHECKING:
    from pathlib import Path

BOUND = 0.5
"""How many seconds of work one of them may cost."""

SIZE = 64_000
"""How many bytes a field has, more than servers let in by default."""

BODY = 9_000_000
"""How many bytes a form has, nearly as many as a body may have."""

LISTS = {
    "commas": "," * SIZE,
    "quotes": '"' * SIZE,
    "a quote without end": '"' + "a" * SIZE,
    "escapes": '"' + r"\"" * (SIZE // 2),
    "blanks": "a" + " " * SIZE + "a",
    "semicolons": "a/b" + ";" * SIZE,
    "many ranges": "text/*;q=0.1," * (SIZE // 13),
    "many parameters": "a/b" + ";a=b" * (SIZE // 4),
    "many tags": 'W/"a",' * (SIZE // 6),
    "a long number": "a/b;q=0." + "9" * SIZE,
    "pairs": "a=b; " * (SIZE // 5),
    "octal escapes": 'a="' + r"\377" * (SIZE // 4) + '"',
    "many parts": "bytes=" + "0-0," * (SIZE // 4),
    "overlapping parts": "bytes=" + ",".join(f"{n}-" for n in range(SIZE // 6)),
    "dashes": "bytes=" + "-" * SIZE,
}
FIELDS = (
    *("accept", "content-type", "cookie", "host", "if-match", "if-modified-since"),
    *("if-none-match", "if-range", "origin", "range"),
)
FIELD = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
FILE = b'--b\r\nContent-Disposition: form-data; name="a"; filename="f"\r\n\r\n'
MULTIPART = {
    "fields": (FIELD + b"x\r\n") * (BODY // 60),
    "files": (FILE + b"x\r\n") * (BODY // 80),
    "half boundaries": FILE + b"\r\n--" * (BODY // 4),
    "lines": FILE + b"\r\n" * (BODY // 2),
    "returns": FILE + b"\r" * BODY,
    "header fields": b"--b\r\n" + b"a: b\r\n" * (BODY // 6),
    "a long header field": b"--b\r\na: " + b"b" * BODY,
    "nothing but a preamble": b"x" * BODY,
}
URLENCODED = {
    "separators": b"&" * BODY,
    "pairs": b"a=b&" * (BODY // 4),
    "percents": b"%" * BODY,
    "equals": b"=" * BODY,
    "a long name": b"a" * BODY,
}
FORMS = [
    *(("multipart/form-data; boundary=b", name, body) for name, body in MULTIPART.items()),
    *(("application/x-www-form-urlencoded", name, body) for name, body in URLENCODED.items()),
]


@pytest.fixture
def app(tmp_path: Path) -> navaros.Router:
    """Return an application that looks at all that a request says."""
    file = tmp_path / "file.bin"
    file.write_bytes(b"x" * 100_000)
    app = navaros.Router()
    app.use(navaros.middleware.json(), navaros.middleware.msgpack())

    @app.use
    async def look(ctx: navaros.Context) -> None:
        assert None not in (ctx.request_headers, ctx.request_cookies, ctx.query, ctx.url)
        await ctx.next()

    @app.get("/file")
    async def send_file(ctx: navaros.Context) -> Path:
        return file

    @app.post("/data")
    async def send_data(ctx: navaros.Context) -> dict[str, object]:
        return {"read": await ctx.unmarshal()}

    @app.post("/form")
    async def read_form(ctx: navaros.Context) -> str:
        return str(len(await ctx.form()))

    return app


async def warm_up(client: navaros.testing.Client) -> None:
    """Have everything imported that is not before it is used."""
    assert (await client.get("/file", headers={"range": "bytes=0-1"})).status_code == 206
    assert (await client.post("/data", json=1)).status_code == 200
    assert (await client.post("/form", data={"a": "b"})).status_code == 200
    assert (await client.post("/form", files={"a": b"b"})).status_code == 200


async def test_hostile_header_fields(app: navaros.Router, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a field says, it is understood or passed over."""
    slowest = (0.0, "")
    async with navaros.testing.Client(app) as client:
        await warm_up(client)
        for field in FIELDS:
            for name, value in LISTS.items():
                start = time.process_time()
                headers = {"content-type": "application/json", field: value}
                file = await client.get("/file", headers=headers)
                data = await client.post("/data", content=b"1", headers=headers)
                slowest = max(slowest, (time.process_time() - start, f"{field}: {name}"))
                refused = {400} if field == "host" else set[int]()
                assert file.status_code in {200, 206, 304, 412, 416} | refused, (field, name)
                assert data.status_code in {200, 415} | refused, (field, name)
    assert [entry for entry in caplog.records if entry.exc_info] == []
    row = f"{len(FIELDS) * len(LISTS)} hostile header fields: the longest, {slowest[1]}"
    record(row, slowest[0], BOUND, "s")


async def test_hostile_forms(app: navaros.Router, caplog: pytest.LogCaptureFixture) -> None:
    """Forms are refused where there is too much of anything, long before their end."""
    slowest = (0.0, "")
    async with navaros.testing.Client(app) as client:
        await warm_up(client)
        for content_type, name, body in FORMS:
            start = time.process_time()
            response = await client.post(
                "/form", content=body, headers={"content-type": content_type}
            )
            slowest = max(slowest, (time.process_time() - start, name))
            assert response.status_code in {400, 413}, name
    assert [entry for entry in caplog.records if entry.exc_info] == []
    record(f"{len(FORMS)} hostile forms: the longest, {slowest[1]}", slowest[0], BOUND, "s")
