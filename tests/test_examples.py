"""The small examples, in memory; the game has tests of its own."""

from __future__ import annotations

import importlib.util
import runpy
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

import navaros
from navaros.testing import Client as HttpClient
from velaros.testing import Client as SocketClient
from velaros.testing import HandshakeRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    Load = Callable[[str], Any]

EXAMPLES = Path(__file__).parents[1] / "examples"
# Those inside other frameworks have tests of their own.
NAMES = sorted(
    path.parent.name for path in EXAMPLES.glob("*/app.py") if path.parent.name[:3] != "in_"
)


class FortyTwo(Random):
    """Thinks of the same number each time."""

    def randint(self, a: int, b: int) -> int:
        """Return 42."""
        return 42


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Return a function that imports an example afresh."""

    def load(name: str) -> Any:
        spec = importlib.util.spec_from_file_location(name, EXAMPLES / name / "app.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.mark.parametrize("name", NAMES)
def test_command_is_told(name: str) -> None:
    """Each example says how to run it, at its top and in the index."""
    command = f"uv run examples/{name}/app.py"
    docstring = (EXAMPLES / name / "app.py").read_text("utf-8").split('"""')[1]
    assert command in docstring
    assert f"`{command}`" in (EXAMPLES / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", [name for name in NAMES if name != "game"])
def test_program_serves_its_app(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run as a program, each example serves what it exposes as `app`."""
    served: list[object] = []
    monkeypatch.setattr(navaros, "serve", served.append)
    program = runpy.run_path(str(EXAMPLES / name / "app.py"), run_name="__main__")
    assert served == [program["app"]]


async def test_hello(load: Load) -> None:
    """The same pattern answers a request and a message."""
    app = load("hello").app
    async with HttpClient(app) as client:
        assert (await client.get("/hello/ada")).json() == {"hello": "ada"}
    async with SocketClient(app).connect("/") as socket:
        assert await socket.request("/hello/ada") == {"hello": "ada"}


async def test_chat(load: Load) -> None:
    """What is said in a room reaches its members only, until they leave."""
    chat = load("chat")
    client = SocketClient(chat.app)
    async with client.connect("/") as ada, client.connect("/") as eve:
        async with client.connect("/") as grace:
            assert await ada.request("/rooms/tea/join") == {"members": 1}
            assert await grace.request("/rooms/tea/join") == {"members": 2}
            await eve.request("/rooms/coffee/join")
            await ada.push("/rooms/tea/say", {"text": "Hello!"})
            for member in (ada, grace):
                assert await member.expect_push("/rooms/tea/say") == {"text": "Hello!"}
        message_id = await eve.push("/rooms/tea/say", {"text": "Boo!"}, id="eve")
        assert await eve.expect_reply(message_id) == {"error": "join the room first"}
        await ada.expect_nothing()
        assert set(chat.rooms) == {"tea", "coffee"}
    assert not chat.rooms


async def test_auth(load: Load) -> None:
    """One guard refuses requests and handshakes, another one requests and messages."""
    app = load("auth").app
    ada, grace = ({"Authorization": f"Bearer {name}-token"} for name in ("ada", "grace"))
    report = {"report": "all is well", "reader": "ada"}
    async with HttpClient(app) as client:
        assert (await client.get("/admin/report")).status_code == 401
        assert (await client.get("/admin/report", headers=grace)).status_code == 403
        assert (await client.get("/admin/report", headers=ada)).json() == report
    with pytest.raises(HandshakeRefused) as refused:
        async with SocketClient(app).connect("/"):
            pass
    assert refused.value.status == 401
    async with SocketClient(app).connect("/", headers=grace) as socket:
        message_id = await socket.push("/admin/report", id=1)
        assert await socket.expect_reply(message_id) == {"error": "this is for admins"}
    async with SocketClient(app).connect("/", headers=ada) as socket:
        assert await socket.request("/admin/report") == report


async def test_streaming(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers come one by one, as chunks and as replies."""
    streaming = load("streaming")
    monkeypatch.setattr(streaming, "PAUSE", 0)
    async with HttpClient(streaming.app) as client:
        assert (await client.get("/countdown/3")).text == "3\n2\n1\n"
    async with SocketClient(streaming.app).connect("/") as socket:
        message_id = await socket.push("/countdown/3", id="down")
        assert [await socket.expect_reply(message_id) for _ in range(3)] == [3, 2, 1]


async def test_conversation(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """One handler hears all guesses that come under its id."""
    conversation = load("conversation")
    monkeypatch.setattr(conversation, "random", FortyTwo())
    async with SocketClient(conversation.app).connect("/") as socket:
        for guess, answer in [
            (50, {"message": "lower"}),
            ("x", {"error": "Expected `int`, got `str`"}),
            (20, {"message": "higher"}),
            (42, {"message": "right, after 4 tries"}),
        ]:
            await socket.push("/guess", guess, id=1)
            assert await socket.expect_reply(1) == answer


async def test_conversation_ends(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who guesses no more, or guesses wrong too often, is told."""
    conversation = load("conversation")
    monkeypatch.setattr(conversation, "PATIENCE", 0.01)
    monkeypatch.setattr(conversation, "random", FortyTwo())
    async with SocketClient(conversation.app).connect("/") as socket:
        await socket.push("/guess", 1, id="slow")
        assert await socket.expect_reply("slow") == {"message": "higher"}
        assert await socket.expect_reply("slow") == {"message": "you have fallen asleep"}
        monkeypatch.setattr(conversation, "PATIENCE", 10)
        for _ in range(10):
            await socket.push("/guess", 1, id="wrong")
            assert await socket.expect_reply("wrong") == {"message": "higher"}
        assert await socket.expect_reply("wrong") == {"message": "it was 42"}


async def test_confirm(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server asks before it deletes, and does as it is told."""
    confirm = load("confirm")
    async with SocketClient(confirm.app).connect("/") as socket:
        for confirmed, answer in [(False, {"kept": "notes.txt"}), (True, {"deleted": "notes.txt"})]:
            await socket.push("/delete/notes.txt", id=1)
            asked = await socket.expect_request()
            assert asked.data == {"question": "Delete notes.txt for good?"}
            await asked.reply({"confirmed": confirmed})
            assert await socket.expect_reply(1) == answer
        assert confirm.files == {"todo.txt"}
        await socket.push("/delete/notes.txt", id=2)
        assert await socket.expect_reply(2) == {"error": "there is no notes.txt"}
        monkeypatch.setattr(confirm, "PATIENCE", 0.01)
        await socket.push("/delete/todo.txt", id=3)
        await socket.expect_request()
        assert await socket.expect_reply(3) == {"error": "nobody confirmed in time"}
