"""What is refused before any handler runs, and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from navaros import Context, HTTPError, Router, admission
from navaros.admission import MAX_PATH_BYTES

from .exchange import Exchange, ask, http_scope, upgrade_scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aros_core.asgi.types import Scope


class Noted:
    """Takes note of what is said of a body."""

    def __init__(self) -> None:
        self.bodies: list[tuple[bytes | None, int]] = []

    def expect_body(self, content_type: bytes | None, length: int) -> None:
        """Take note."""
        self.bodies.append((content_type, length))


def refusal(scope: Scope) -> HTTPError | None:
    """Return the error that refuses a request."""
    return admission.refusal(scope, Noted())


LENGTH = ("content-length", "3")
CHUNKED = ("transfer-encoding", "chunked")


@pytest.mark.parametrize(
    "fields",
    [
        [LENGTH, CHUNKED],
        [LENGTH, ("content-length", "4")],
        [("content-length", "3, 3")],
        [("content-length", "-1")],
        [("content-length", "+3")],
        [("content-length", "")],
        [("content-length", "9" * 5000)],
    ],
)
async def test_an_uncertain_end_is_refused(fields: Sequence[tuple[str, str]]) -> None:
    """A request whose end is in doubt gets 400, and its connection is closed."""
    app = Router()

    @app.all("/**")
    async def never(ctx: Context) -> str:
        raise AssertionError("no handler sees such a request")

    answer = await ask(app, "POST", headers=fields)
    assert answer.status == 400
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    "fields",
    [
        [LENGTH],
        [CHUNKED],
        [LENGTH, LENGTH],
        [("content-length", "0")],
        [("transfer-encoding", " Chunked\t")],
    ],
)
def test_a_certain_end_is_fine(fields: Sequence[tuple[str, str]]) -> None:
    """One length, said as often as one likes, or chunks alone leave no doubt."""
    assert refusal(http_scope("POST", headers=fields)) is None


@pytest.mark.parametrize(
    "hosts",
    [
        ["example.com", "example.com"],
        ["example.com", "evil.com"],
        ["example.com/evil.com"],
        ["user@example.com"],
        ["exa mple.com"],
        ["example.com?"],
        ["example.com#"],
        ["example.com\\evil.com"],
        ["<script>"],
        ["\N{CYRILLIC SMALL LETTER IE}xample.com"],
    ],
)
def test_a_host_that_is_none_is_refused(hosts: list[str]) -> None:
    """Several hosts, or none of the form of a host, get 400: links are made of it."""
    for scope in (
        http_scope(headers=[("host", host) for host in hosts]),
        upgrade_scope(headers=[(b"host", host.encode()) for host in hosts]),
    ):
        refused = refusal(scope)
        assert refused is not None
        assert refused.status == 400


@pytest.mark.parametrize(
    "host", ["example.com", "localhost:8080", "[::1]:80", "a_b.c", "xn--bcher-kva.example", ""]
)
def test_a_host_is_fine(host: str) -> None:
    """Names, addresses and ports; empty where the URL has none, too."""
    assert refusal(http_scope(headers={"host": host})) is None


@pytest.mark.parametrize(
    "codings",
    [
        ["gzip, chunked"],
        ["chunked, chunked"],
        ["chunked", "chunked"],
        ["identity", "chunked"],
        ["identity"],
        ["chunked;q=1"],
        [""],
    ],
)
def test_codings_that_nobody_undoes_are_refused(codings: Sequence[str]) -> None:
    """What the server would hand over is not the body."""
    fields = [("transfer-encoding", coding) for coding in codings]
    refused = refusal(http_scope("POST", headers=fields))
    assert refused is not None
    assert (refused.status, refused.headers) == (400, {"connection": "close"})


@pytest.mark.parametrize("version", ["0.9", "1.0"])
def test_chunks_that_the_version_does_not_know_are_refused(version: str) -> None:
    """A proxy of HTTP/1.0 passes them on without a look (RFC 9112, section 6.1)."""
    assert refusal(http_scope("POST", headers=[LENGTH], http_version=version)) is None
    refused = refusal(http_scope("POST", headers=[CHUNKED], http_version=version))
    assert refused is not None
    assert refused.status == 400


def test_a_long_path_is_refused() -> None:
    """A path over the limit gets 414; the limit counts the bytes that were sent."""
    assert refusal(http_scope(path="/" + "a" * (MAX_PATH_BYTES - 1))) is None
    for scope in (
        http_scope(path="/" + "a" * MAX_PATH_BYTES),
        http_scope(path="/a", raw_path=b"/" + b"%41" * MAX_PATH_BYTES),
        http_scope(path="/" + "a" * MAX_PATH_BYTES, raw_path=None),
        http_scope(path="/" + "\N{EURO SIGN}" * 1000, raw_path=None),
    ):
        refused = refusal(scope)
        assert refused is not None
        assert refused.status == 414


def test_only_http_1_closes_connections() -> None:
    """HTTP/2 has no field for it; what merely calls itself so is HTTP/1."""
    for version, headers in [
        ("1.0", {"connection": "close"}),
        ("1.1", {"connection": "close"}),
        ("2.0", {"connection": "close"}),
        ("9.9", {"connection": "close"}),
        ("2", {}),
        ("3", {}),
    ]:
        refused = refusal(http_scope(headers=[LENGTH, CHUNKED], http_version=version))
        assert refused is not None
        assert refused.headers == headers


@pytest.mark.parametrize(
    ("fields", "bodies"),
    [
        ([], []),
        ([("content-length", "0")], [(None, 0)]),
        ([LENGTH, LENGTH], [(None, 3)]),
        ([LENGTH, ("content-type", "a/b"), ("content-type", "c/d")], [(b"a/b", 3)]),
        ([("content-type", "a/b"), CHUNKED], [(b"a/b", 0)]),
        ([("content-type", "a/b"), LENGTH, CHUNKED], []),
    ],
)
def test_what_is_said_of_the_body_is_noted(
    fields: Sequence[tuple[str, str]], bodies: Sequence[tuple[bytes | None, int]]
) -> None:
    """The length, and of several types the first; nothing of what is refused."""
    noted = Noted()
    refused = admission.refusal(http_scope("POST", headers=fields), noted)
    assert (noted.bodies, refused is None) == (bodies, not ({LENGTH, CHUNKED} <= set(fields)))


async def test_a_scope_without_headers_is_fine() -> None:
    """Servers may leave out what is empty."""
    app = Router()

    @app.all("/")
    async def handler(ctx: Context) -> str:
        return f"{ctx.request_content_length} {await ctx.read()!r}"

    scope = http_scope()
    del scope["headers"]
    assert (await Exchange(app, scope).run()).body == b"None b''"


@pytest.mark.parametrize("field", [(b"content-length", b"3"), (b"transfer-encoding", b"chunked")])
async def test_an_upgrade_with_a_body_is_refused(field: tuple[bytes, bytes]) -> None:
    """A body before a WebSocket could be read as its first frames, so it gets 400."""
    answer = await Exchange(Router(), upgrade_scope(headers=[field])).run()
    assert answer.status == 400
    assert answer.headers["connection"] == "close"


def test_an_upgrade_that_the_server_did_not_take_is_refused_with_a_body() -> None:
    """The same holds for an upgrade that arrives as a plain request; other upgrades are fine."""
    fields = [("upgrade", "WebSocket"), LENGTH]
    assert refusal(http_scope("POST", headers=fields)) is not None
    assert refusal(http_scope("POST", headers=[("upgrade", "h2c"), LENGTH])) is None
    assert refusal(http_scope("POST", headers=[("x", "y"), LENGTH])) is None
    assert refusal(upgrade_scope(headers=[(b"content-length", b"0")])) is None


def test_made_up_hosts_keep_nobody_out() -> None:
    """However many there are, all of them are fine, and none that is not gets in between."""
    for number in range(1000):
        assert refusal(http_scope(headers={"host": f"host{number}"})) is None
        assert refusal(http_scope(headers={"host": f"host/{number}"})) is not None
