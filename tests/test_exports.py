"""Guards the public face: what each package root exports, and that shared names are shared."""

from __future__ import annotations

from importlib.resources import files
from types import ModuleType

import pytest

import aros_core
import navaros
import velaros

PACKAGES = [aros_core, navaros, velaros]

SHARED = [
    "ContextClosedError",
    "Error",
    "FieldError",
    "HTTPError",
    "Key",
    "Params",
    "Pattern",
    "PatternError",
    "Ref",
    "RouteDescriptor",
    "RouteInfo",
    "UnmarshalError",
]

OWN = [
    (aros_core, ["Context"]),
    (
        navaros,
        [
            "Context",
            "EventStream",
            "Redirect",
            "ResponseStartedError",
            "Router",
            "asgi",
            "middleware",
            "serve",
        ],
    ),
    (
        velaros,
        [
            "CloseSource",
            "CloseStatus",
            "Connection",
            "ConnectionEnded",
            "ConnectionInfo",
            "Context",
            "MessageType",
            "RequestTimeout",
            "Router",
            "Socket",
            "SocketClosed",
            "Status",
            "middleware",
        ],
    ),
]


@pytest.mark.parametrize("name", SHARED)
def test_shared_names_are_the_same_objects(name: str) -> None:
    """A shared name is importable from all three packages and is one object."""
    objects = [getattr(package, name) for package in PACKAGES]
    assert objects[0] is objects[1] is objects[2]
    assert all(name in package.__all__ for package in PACKAGES)


@pytest.mark.parametrize(("package", "names"), OWN)
def test_own_names_are_exported(package: ModuleType, names: list[str]) -> None:
    """What a user of one package needs is importable from its root."""
    assert set(names) <= set(package.__all__)
    assert all(hasattr(package, name) for name in names)


@pytest.mark.parametrize("package", [navaros, velaros])
def test_contexts_extend_the_shared_one(package: ModuleType) -> None:
    """Middleware that is typed on the core's context fits both siblings."""
    assert issubclass(package.Context, aros_core.Context)


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_sorted_and_complete(package: ModuleType) -> None:
    """`__all__` lists every public name of the root once, in order, and nothing that is missing."""
    names: list[str] = package.__all__
    public = {
        name
        for name, value in vars(package).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert names == sorted(set(names))
    assert public - {"annotations"} <= set(names)
    assert set(names) <= set(dir(package))


@pytest.mark.parametrize("package", PACKAGES)
def test_package_is_marked_as_typed(package: ModuleType) -> None:
    """Type checkers read the annotations of each package."""
    assert files(package).joinpath("py.typed").is_file()
