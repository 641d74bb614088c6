"""Route descriptors and infos as values."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, asdict
from typing import Any

import msgspec
import pytest

from aros_core import Pattern, RouteDescriptor, RouteInfo

DESCRIPTORS = [
    RouteDescriptor("GET", "/users/:id", {"auth": True, "tags": ["a"]}),
    RouteDescriptor(None, "/chat"),
]


@pytest.mark.parametrize("descriptor", DESCRIPTORS)
def test_descriptors_go_through_json_and_back(descriptor: RouteDescriptor) -> None:
    """With the standard library and with msgspec."""
    text = json.dumps(asdict(descriptor))
    assert RouteDescriptor(**json.loads(text)) == descriptor
    assert json.loads(text)["pattern"] == descriptor.pattern
    encoded = msgspec.json.encode(descriptor)
    assert msgspec.json.decode(encoded, type=RouteDescriptor) == descriptor
    assert msgspec.convert(json.loads(text), RouteDescriptor) == descriptor


def test_they_cannot_be_changed() -> None:
    """They are facts about the router."""
    untyped: Any = DESCRIPTORS[0]
    with pytest.raises(FrozenInstanceError):
        untyped.pattern = "/other"
    info: Any = RouteInfo(Pattern("/a"))
    with pytest.raises(FrozenInstanceError):
        info.method = "GET"
    assert info == RouteInfo(Pattern("/a"), None)
