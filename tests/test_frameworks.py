"""Both routers in other frameworks: the examples, in memory and as their users run them."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

import navaros
from navaros.testing import Client as HttpClient
from velaros.client import connect
from velaros.testing import Client as SocketClient
from velaros.testing import HandshakeRefused

from .example_server import serving

if TYPE_CHECKING:
    from types import ModuleType

    import velaros
    from aros_core.asgi.types import ASGIApp, Receive, Scope, Send

EXAMPLES = Path(__file__).parents[1] / "examples"


@dataclass(frozen=True)
class Framework:
    """What differs between the examples."""

    name: str
    mounts: bool = True
    """Whether it mounts the routers, so that their paths begin below the mount."""
    sockets: str = "/ws"
    """The address of the sockets."""
    plain: tuple[int, str] = (400, "this address takes WebSocket connections only")
    """What a plain request gets there."""
    lost: int = 403
    """What an upgrade gets that nobody takes."""

    @property
    def command(self) -> str:
        """The command that runs the example."""
        return f"uv run --group frameworks uvicorn --app-dir examples/in_{self.name} app:app"

    def __str__(self) -> str:
        return self.name


FRAMEWORKS = [
    # Starlette's route for sockets is none for requests.
    Framework("starlette", plain=(404, "Not Found")),
    # Its mounts begin with the slash behind their names.
    Framework("fastapi", sockets="/ws/"),
    Framework("litestar"),
    # In front of the others, Velaros is middleware that lets plain requests pass.
    Framework("quart", mounts=False, plain=(404, "Not Found"), lost=404),
    Framework("falcon", mounts=False, plain=(404, "Not Found")),
    Framework("django", mounts=False, plain=(404, "Not Found"), lost=404),
]


@dataclass(frozen=True)
class Example:
    """An example, loaded."""

    framework: Framework
    app: Any
    api: navaros.Router
    messages: velaros.Router


async def where(ctx: navaros.Context) -> dict[str, str]:
    """Tell the request's place, as its handler sees it."""
    return {"path": ctx.path, "pattern": ctx.pattern, "raw_path": ctx.raw_path, "url": ctx.url}


async def elsewhere(ctx: navaros.Context) -> navaros.Redirect:
    """Point to the neighbour."""
    return navaros.Redirect("neighbour")


async def door(ctx: velaros.Context) -> None:
    """Let nobody in who brings a reason to be kept out."""
    if "x-status" in ctx.request_headers:
        raise navaros.HTTPError(int(ctx.request_headers["x-status"]), "stay out")


@pytest.fixture(scope="module")
def modules() -> dict[str, ModuleType]:
    """Keep the examples, because Django can be set up only once."""
    return {}


@pytest.fixture(params=FRAMEWORKS, ids=str)
def example(request: pytest.FixtureRequest, modules: dict[str, ModuleType]) -> Example:
    """Provide each example in turn, with a few routes more."""
    framework: Framework = request.param
    module = modules.get(framework.name)
    if module is None:
        module = modules[framework.name] = load(f"in_{framework.name}")
        module.api.get("/where/*", where)
        module.api.get("/elsewhere", elsewhere)
        module.messages.use_upgrade(door)
        module.messages.origins = []
    return Example(framework, module.app, module.api, module.messages)


def load(name: str) -> ModuleType:
    """Import an example."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / name / "app.py")
    assert spec is not None
    assert spec.loader is not None
    # Django finds its routes by the name of the module.
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def behind_proxy(app: ASGIApp, root: str) -> ASGIApp:
    """Return the application as a server runs it below a path of a proxy's."""

    async def below(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            raw_path = root.encode() + scope["raw_path"]
            scope = {**scope, "root_path": root, "path": root + scope["path"], "raw_path": raw_path}
        await app(scope, receive, send)

    return below


async def test_all_of_them_answer(example: Example) -> None:
    """Requests, messages and the framework's own pages, with what the lifespan provided."""
    async with HttpClient(example.app) as client, SocketClient(example.app) as sockets:
        assert "this is " in (await client.get("/")).text
        assert (await client.get("/api/hello/ada")).json() == {"hello": "ada"}
        async with sockets.connect(example.framework.sockets) as socket:
            assert await socket.request("/hello/ada") == {"hello": "ada"}


async def test_what_is_not_there(example: Example) -> None:
    """It gets the 404 of whoever is responsible, and mounts end at a slash."""
    async with HttpClient(example.app) as client:
        for path in ("/nothing", "/api/nothing", "/apix/hello/ada", "/api/api/hello/ada"):
            assert (await client.get(path)).status_code == 404, path
        if example.framework.mounts:
            assert (await client.get("/api/nothing")).json() == {"error": "Not Found"}


@pytest.mark.parametrize("root", ["", "/srv"])
async def test_paths(example: Example, root: str) -> None:
    """Patterns match below the mount; what goes into links is whole."""
    prefix = "" if example.framework.mounts else "/api"
    async with HttpClient(behind_proxy(example.app, root)) as client:
        assert (await client.get("/api/where/a%20b?c=d")).json() == {
            "path": f"{prefix}/where/a b",
            "pattern": f"{prefix}/where/*",
            "raw_path": f"{root}/api/where/a%20b",
            "url": f"http://testserver{root}/api/where/a%20b?c=d",
        }
        moved = await client.get("/api/elsewhere")
        assert (moved.status_code, moved.headers["location"]) == (302, f"{root}/api/neighbour")


async def test_a_plain_request_for_sockets(example: Example) -> None:
    """It is told why there is nothing for it, unless it falls to the framework."""
    status, text = example.framework.plain
    async with HttpClient(example.app) as client:
        response = await client.get(example.framework.sockets)
    assert response.status_code == status
    assert text in response.text


async def test_refused_handshakes(example: Example) -> None:
    """Hooks, origins and unknown subprotocols refuse with their own status and words."""
    client = SocketClient(example.app)
    for headers, subprotocols, status, text in [
        ({"x-status": "401"}, [], 401, "stay out"),
        ({"origin": "https://evil.example"}, [], 403, "this origin may not"),
        ({}, ["morse"], 400, "velaros-json"),
    ]:
        with pytest.raises(HandshakeRefused, match=text) as refused:
            async with client.connect(
                example.framework.sockets, headers=headers, subprotocols=subprotocols
            ):
                pass
        assert refused.value.status == status


async def test_upgrades_for_others(example: Example) -> None:
    """What is no address for sockets is refused by whoever is responsible."""
    for path in ("/nothing", "/api/hello/ada"):
        with pytest.raises(HandshakeRefused) as refused:
            async with SocketClient(example.app).connect(path):
                pass
        api_refuses = example.framework.mounts and path.startswith("/api")
        assert refused.value.status == (404 if api_refuses else example.framework.lost)


@pytest.mark.parametrize("framework", FRAMEWORKS, ids=str)
async def test_as_a_program(framework: Framework) -> None:
    """The command that each example names serves requests and sockets."""
    docstring = (EXAMPLES / f"in_{framework.name}" / "app.py").read_text("utf-8").split('"""')[1]
    assert f"Run it: {framework.command}\n" in docstring
    assert f"ws://127.0.0.1:8000{framework.sockets}, then" in docstring
    assert f"`{framework.command}`" in (EXAMPLES / "README.md").read_text("utf-8")
    _, command = framework.command.split("frameworks ")
    with serving("-m", *command.split(), "--port=0", folder=EXAMPLES.parent) as server:
        async with httpx2.AsyncClient() as client:
            response = await client.get(f"http://{server.address}/api/hello/ada")
        assert response.json() == {"hello": "ada"}
        async with connect(f"ws://{server.address}{framework.sockets}") as socket:
            assert await socket.request("/hello/ada") == {"hello": "ada"}
