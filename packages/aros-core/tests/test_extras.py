"""Imports of libraries that come with an extra."""

from __future__ import annotations

import sys

import msgspec
import pytest

from aros_core.extras import import_extra


def test_returns_the_module() -> None:
    """A library that is installed is imported like any other."""
    assert import_extra("msgspec", "any") is msgspec


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install, for either package, and which module was not there."""
    monkeypatch.setitem(sys.modules, "msgpack", None)
    with pytest.raises(ImportError) as caught:
        import_extra("msgpack", "msgpack")
    assert str(caught.value) == (
        'msgpack is not installed; install the "msgpack" extra, e.g. pip install '
        '"velaros[msgpack]" or pip install "navaros[msgpack]"'
    )
    assert caught.value.name == "msgpack"
    assert caught.value.__cause__ is not None
