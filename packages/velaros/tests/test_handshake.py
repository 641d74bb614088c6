"""What is decided about a socket before its handshake is answered."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from aros_core.asgi.request_facts import RequestFacts
from aros_core.codecs import JsonCodec
from aros_core.codecs.msgpack import MsgpackCodec
from velaros import Error, FieldError, HTTPError, UnmarshalError
from velaros.codecs import ProtobufCodec
from velaros.handshake import negotiate, refuse
from velaros.origins import OriginGuard

JSON, MSGPACK, PROTOBUF = JsonCodec(), MsgpackCodec(), ProtobufCodec()
SCOPE: dict[str, Any] = {"type": "websocket", "extensions": {"websocket.http.response": {}}}


def asked(origin: str | None, host: str = "api.test", scheme: str = "ws") -> RequestFacts:
    """Return what a handshake says of itself."""
    headers = [(b"host", host.encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    return RequestFacts({"type": "websocket", "scheme": scheme, "headers": headers})


class TestOrigins:
    """The guard for origins."""

    def test_refuses_a_foreign_origin(self) -> None:
        """The answer is 403."""
        guard = OriginGuard()
        guard.patterns = ["https://myapp.com"]
        guard.check(asked("https://myapp.com"))
        guard.check(asked(None))
        guard.check(asked("http://api.test"))
        with pytest.raises(HTTPError) as raised:
            guard.check(asked("https://evil.com"))
        assert raised.value.status == 403

    @pytest.mark.parametrize(
        ("scheme", "origin", "allowed"),
        [
            ("wss", "https://api.test", True),
            ("wss", "http://api.test", False),
            ("https", "http://api.test", False),
            ("ws", "http://api.test", True),
            ("ws", "https://api.test", True),
        ],
    )
    def test_the_own_host_depends_on_the_scheme(
        self, scheme: str, origin: str, allowed: bool
    ) -> None:
        """Over TLS the page must have come over TLS too."""
        guard = OriginGuard()
        guard.patterns = []
        if allowed:
            guard.check(asked(origin, scheme=scheme))
        else:
            with pytest.raises(HTTPError):
                guard.check(asked(origin, scheme=scheme))

    def test_warns_of_the_first_foreign_origin_while_none_were_set(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Anybody may come in, but the log says so, once."""
        guard = OriginGuard()
        guard.check(asked(None))
        guard.check(asked("http://api.test"))
        assert not caplog.records
        guard.check(asked("https://evil.com"))
        guard.check(asked("https://worse.com"))
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        assert "'https://evil.com' opened a socket; any may" in caplog.text

    def test_does_not_warn_where_any_origin_was_allowed_on_purpose(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Who writes `["*"]` means it."""
        guard = OriginGuard()
        guard.patterns = ["*"]
        guard.check(asked("https://evil.com"))
        assert not caplog.records


class TestSubprotocols:
    """The choice of a subprotocol."""

    @pytest.mark.parametrize(
        ("offered", "chosen", "codecs"),
        [
            ([], None, (JSON, MSGPACK)),
            (["velaros-json"], "velaros-json", (JSON,)),
            (["velaros-msgpack"], "velaros-msgpack", (MSGPACK,)),
            (["velaros-msgpack", "velaros-json"], "velaros-msgpack", (MSGPACK,)),
            (["other", "velaros-json", "velaros-msgpack"], "velaros-json", (JSON,)),
            (["own"], "own", ()),
            (["own", "velaros-json"], "own", ()),
        ],
    )
    def test_the_clients_first_that_is_known_is_chosen(
        self, offered: list[str], chosen: str | None, codecs: tuple[Any, ...]
    ) -> None:
        """The chosen codec alone reads; a codec written as middleware gets the bare frames."""
        assert negotiate(offered, (JSON, MSGPACK), ["own"]) == (chosen, codecs)

    @pytest.mark.parametrize(
        ("codecs", "further", "known"),
        [
            ((JSON, MSGPACK), [], "velaros-json, velaros-msgpack"),
            ((JSON, JSON), ["own"], "velaros-json, own"),
            ((), [], "none"),
        ],
    )
    def test_only_unknown_ones_are_refused(
        self, codecs: tuple[Any, ...], further: list[str], known: str
    ) -> None:
        """The answer is 400 and lists what is known."""
        with pytest.raises(HTTPError) as raised:
            negotiate(["other", "graphql-ws"], codecs, further)
        assert raised.value.status == 400
        assert raised.value.message == f"unknown subprotocols; this server knows {known}"


async def refusal(error: Exception, *codecs: Any) -> tuple[int, dict[bytes, bytes], bytes]:
    """Return status, headers and body of a refused handshake."""
    events: list[Any] = []

    async def send(event: Any) -> None:
        events.append(event)

    await refuse(dict(SCOPE), send, error, codecs)
    start, body = events
    return start["status"], dict(start["headers"]), body["body"]


class TestRefusals:
    """The answer of a handshake that is refused."""

    async def test_has_the_status_body_and_headers_of_an_http_error(self) -> None:
        """What a hook raised is the answer."""
        error = HTTPError(401, "who are you?", headers={"WWW-Authenticate": "Bearer"})
        status, headers, body = await refusal(error)
        assert (status, body) == (401, b"who are you?")
        assert headers[b"www-authenticate"] == b"Bearer"
        assert headers[b"content-type"] == b"text/plain; charset=utf-8"

    @pytest.mark.parametrize(
        ("error", "body"),
        [
            (Error("no"), {"error": "no"}),
            (
                FieldError("token", "is old"),
                {"error": "Validation error", "fields": [{"token": "is old"}]},
            ),
            (UnmarshalError("unreadable"), {"error": "unreadable"}),
        ],
    )
    async def test_special_answers_are_a_400_in_their_shape(
        self, error: Exception, body: Any
    ) -> None:
        """Raised in a hook, they are the answer, as everywhere."""
        status, headers, sent = await refusal(error, PROTOBUF, JSON)
        assert status == 400
        assert headers[b"content-type"] == b"application/json"
        assert json.loads(sent) == body

    async def test_special_answers_are_text_where_no_codec_has_a_shape(self) -> None:
        """Without a codec the text says it."""
        status, headers, sent = await refusal(Error("no"))
        assert (status, sent) == (400, b"no")
        assert headers[b"content-type"] == b"text/plain; charset=utf-8"

    async def test_other_errors_are_a_500_without_details(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The client learns nothing, the log everything."""
        status, _, body = await refusal(KeyError("secret"))
        assert (status, body) == (500, b"Internal Server Error")
        assert "unhandled error in a handshake" in caplog.text
        assert "secret" in caplog.text

    async def test_an_unregistered_status_does_not_crash(self) -> None:
        """Refused upgrades that crash: an empty text under an odd status has a phrase too."""
        assert (await refusal(HTTPError(499, "")))[2] == b"Client Error"

    async def test_a_client_that_left_does_not_crash(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Refused upgrades that crash: the server may refuse to send to who is gone."""
        caplog.set_level(logging.DEBUG, "velaros")

        async def send(event: Any) -> None:
            raise OSError("gone")

        await refuse(dict(SCOPE), send, HTTPError(401), ())
        assert "the client left before its handshake was refused" in caplog.text
