"""The command line: the routes of a router as a table and as JSON."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from aros_core.embedding import Embedding
from aros_core.router import BaseRouter
from navaros import Context, Router, asgi
from navaros.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aros_core.embedding import Host

MODULE = '''
"""An application."""

from navaros import Context, Router, asgi


async def guard(ctx: Context) -> None:
    await ctx.next()


async def show(ctx: Context) -> str:
    return "shown"


async def application(scope, receive, send) -> None:
    pass


users = Router()
users.public_get(r"/:id(\\d+)", guard, show, metadata={"since": 1})

app = Router()
app.use(guard)
app.use("/users", users)
app.use("/static", asgi(application))
app.all("/all", show)


class Factory:
    inner = app


nested = Factory()
number = 5
'''


class Messages(BaseRouter[Any]):
    """A router of another protocol."""

    protocol = "messages"


class Embedded(Embedding):
    """A router of another protocol, as a handler."""

    def __init__(self, router: BaseRouter[Any]) -> None:
        self._router = router

    @property
    def router(self) -> BaseRouter[Any]:
        """The router."""
        return self._router

    async def handle(self, ctx: Host, /) -> None:
        """Do nothing."""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module with routers, in the directory that the command runs in."""
    (tmp_path / "shown_app.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    yield "shown_app"
    sys.modules.pop("shown_app", None)


def test_the_table(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each route has a line, mounts applied; middleware has none but for applications."""
    assert main(["routes", f"{module}:app"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "METHOD  PATTERN          HANDLER                          PUBLIC  METADATA",
        r'GET     /users/:id(\d+)  shown_app.guard, shown_app.show  yes     {"since": 1}',
        "*       /static/**       asgi(shown_app.application)",
        "*       /all             shown_app.show",
    ]


def test_json(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The same for programs."""
    assert main(["routes", "--json", f"{module}:nested.inner"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["pattern"] for row in rows] == [r"/users/:id(\d+)", "/static/**", "/all"]
    assert rows[0] == {
        "method": "GET",
        "pattern": r"/users/:id(\d+)",
        "handler": "shown_app.guard, shown_app.show",
        "public": True,
        "metadata": {"since": 1},
    }
    assert (rows[2]["method"], rows[2]["public"], rows[2]["metadata"]) == ("*", False, None)


def test_messages_are_listed_as_well(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The routes of embedded routers come after, each router once."""

    async def handler(ctx: Context) -> None:
        """Do nothing."""

    messages = Messages()
    messages.register("/news", None, [handler])
    app = Router()
    app.use("/a", Embedded(messages))
    app.use("/b", Embedded(messages))
    app.get("/x", handler)
    app.use(asgi(app))
    monkeypatch.setattr(sys.modules[__name__], "app", app, raising=False)
    monkeypatch.setitem(sys.modules, "listed", sys.modules[__name__])
    assert main(["routes", "--json", "listed:app"]) == 0
    rows = [(row["method"], row["pattern"]) for row in json.loads(capsys.readouterr().out)]
    assert rows == [("GET", "/x"), ("*", "/**"), ("message", "/news")]


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("shown_app", "'shown_app' names no router; write module:attribute, as in main:app"),
        (":app", "':app' names no router; write module:attribute, as in main:app"),
        ("missing_module:app", "there is no module 'missing_module' from here"),
        ("shown_app.sub:app", "there is no module 'shown_app.sub' from here"),
        ("shown_app:number", "'shown_app:number' is a int, not a router"),
    ],
)
def test_mistakes_are_told(
    module: str, target: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They end the command with one line on the error output."""
    assert main(["routes", target]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"navaros: {problem}\n"


def test_a_missing_attribute(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is named, with what it was looked for in."""
    assert main(["routes", f"{module}:nested.outer"]) == 1
    assert "'shown_app:nested.outer' is not there: 'Factory'" in capsys.readouterr().err


def test_errors_of_the_module_are_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that cannot import what it needs shows its own traceback."""
    (tmp_path / "broken_app.py").write_text("import no_such_library\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        main(["routes", "broken_app:app"])


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a command it says how it is used."""
    with pytest.raises(SystemExit):
        main([])
    assert "usage: python -m navaros" in capsys.readouterr().err


def test_python_m_navaros(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is a command, and finds modules where it is run."""
    command = [sys.executable, "-m", "navaros", "routes", f"{module}:app"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "/users/:id" in result.stdout
    monkeypatch.setattr(sys, "argv", ["navaros", "routes", f"{module}:app"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("navaros", run_name="__main__")
    assert ended.value.code == 0
    assert "main" in runpy.run_module("navaros.__main__")
