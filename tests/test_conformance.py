"""The conformance vectors of route patterns, `conformance/*.json`, one test per group of them.

`vectors` must pass as they are. Of `divergent` ones several outcomes are acceptable; we insist on
the preferred one, but for those in `BY_CHOICE`.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from aros_core.patterns import Modifier, Pattern, PatternError

Entry = dict[str, Any]

_FOLDER = Path(__file__).parent / "conformance"
PATTERNS: dict[str, list[Entry]] = json.loads((_FOLDER / "patterns.json").read_text("utf-8"))
PATHS: dict[str, list[Entry]] = json.loads((_FOLDER / "paths.json").read_text("utf-8"))

BY_CHOICE = {"ab06e6d5dbdd"}
"""A wildcard's value of several segments is taken as it is, with empty segments too."""


def grouped(entries: list[Entry], by: str) -> list[Any]:
    """Make one set of parameters per group, named for it."""
    groups: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry[by]].append(entry)
    return [pytest.param(members, id=name) for name, members in groups.items()]


def match(entry: Entry) -> tuple[str, dict[str, str] | None]:
    """Say how a pattern fares with a path, in the words of the vectors."""
    try:
        params = Pattern(entry["pattern"]).match(entry["path"])
    except PatternError:
        return "error", None
    return ("no-match", None) if params is None else ("match", dict(params))


def build(entry: Entry) -> dict[str, object]:
    """Say what a pattern and values make, in the words of the vectors."""
    try:
        path = Pattern(entry["pattern"]).path(entry["params"], entry["wildcards"] or ())
    except PatternError:
        return {"error": True}
    return {"result": path}


@pytest.mark.parametrize("entries", grouped(PATTERNS["vectors"], "group"))
def test_match(entries: list[Entry]) -> None:
    """Every path matches or does not, with exactly these parameters."""
    found = {entry["id"]: match(entry) for entry in entries}
    expected = {
        entry["id"]: ("match", entry["params"]) if entry["matches"] else ("no-match", None)
        for entry in entries
    }
    assert found == expected


def test_invalid() -> None:
    """What is no pattern is refused when it is registered."""
    accepted = {
        entry["pattern"]
        for entry in PATTERNS["invalid"]
        if match({**entry, "path": "/"})[0] != "error"
    }
    # These two are names of letters beyond ASCII, which we take.
    assert accepted == {"/日本/:名前?", "/:é"}
    assert not any(e["required"] for e in PATTERNS["invalid"] if e["pattern"] in accepted)


@pytest.mark.parametrize("entries", grouped(PATTERNS["divergent"], "category"))
def test_divergent_match(entries: list[Entry]) -> None:
    """Where the original errs, the outcome is the preferred one, or acceptable if none is."""
    wrong: list[object] = []
    for entry in entries:
        outcome, params = match(entry)
        preferred = entry["preferred"] or outcome
        right = outcome == preferred and outcome in entry["acceptable"]
        if outcome == entry["preferred"] == "match":
            right = right and params == entry["preferred_params"]
        if not right:
            wrong.append((entry, outcome, params))
    assert wrong == []


@pytest.mark.parametrize("entry", [pytest.param(e, id=e["name"]) for e in PATTERNS["adversarial"]])
def test_adversarial(entry: Entry) -> None:
    """Paths made to be slow are matched within their budget."""
    pattern = Pattern(entry["pattern"])
    path = entry["path_prefix"] + entry["path_unit"] * entry["path_repeat"] + entry["path_suffix"]
    started = time.process_time()
    params = pattern.match(path)
    assert time.process_time() - started < entry["budget_seconds"]
    assert ("no-match" if params is None else "match") in entry["acceptable"]


@pytest.mark.parametrize("entries", grouped(PATHS["vectors"], "group"))
def test_path(entries: list[Entry]) -> None:
    """Values make exactly these paths, or none."""
    found = {entry["id"]: build(entry) for entry in entries}
    expected = {
        entry["id"]: {"error": True} if "error" in entry else {"result": entry["result"]}
        for entry in entries
    }
    assert found == expected


@pytest.mark.parametrize("entries", grouped(PATHS["divergent"], "category"))
def test_divergent_path(entries: list[Entry]) -> None:
    """Where the original errs, the path is the preferred one, or acceptable if none is."""
    wrong: list[object] = []
    for entry in entries:
        outcome = build(entry)
        chosen = entry["preferred"] is None or entry["id"] in BY_CHOICE
        if outcome not in entry["acceptable"] or not (chosen or outcome == entry["preferred"]):
            wrong.append((entry, outcome))
    assert wrong == []


def test_what_was_captured_builds_a_path_that_matches() -> None:
    """The parameters of a match make a path of the pattern, and come back from it.

    Literals with a modifier are always in the path, so that there a greedy neighbour may get more.
    """
    checked = 0
    for entry in PATTERNS["vectors"]:
        pattern = Pattern(entry["pattern"])
        literals = [chunk for chunk in pattern.chunks if chunk.literal is not None]
        if entry["matches"] and len(literals) + len(pattern.names) == len(pattern.chunks):
            params = pattern.match(pattern.path(entry["params"]))
            assert params is not None, entry
            exact = all(chunk.modifier is Modifier.ONE for chunk in literals)
            assert params == entry["params"] or not exact, entry
            checked += 1
    assert checked > 300
