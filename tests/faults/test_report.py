"""The figures as the documentation lists them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from . import report
from .figures import VARIABLE, record

if TYPE_CHECKING:
    from pathlib import Path


def test_a_figure_is_kept_and_has_to_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is printed and appended to the file, also where it is over its bound."""
    file = tmp_path / "figures"
    monkeypatch.setenv(VARIABLE, str(file))
    monkeypatch.setattr(sys, "gettrace", lambda: None)
    record("a load: time", 1.23456, 2, "s")
    with pytest.raises(AssertionError, match="a load: memory: 3 MB, which is over 2"):
        record("a load: memory", 3, 2, "MB")
    assert [json.loads(line)["measured"] for line in file.read_text().splitlines()] == [1.235, 3]
    assert "a load: time: 1.235 s (at most 2)" in capsys.readouterr().out


def test_nothing_has_to_hold_under_a_tracer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The figure is a tracer's as much as ours, so it is kept and nothing more."""
    file = tmp_path / "figures"
    monkeypatch.setenv(VARIABLE, str(file))
    monkeypatch.setattr(sys, "gettrace", lambda: print)
    record("a load: memory", 3, 2, "MB")
    assert json.loads(file.read_text())["measured"] == 3


def test_the_page_gets_the_worst_of_each_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table takes the place of the one before; the rest of the page stays."""
    page, figures = tmp_path / "page.md", tmp_path / "figures"
    page.write_text(f"Before.\n\n{report.BEGIN}old\n{report.END}\nAfter.\n")
    monkeypatch.setattr(report, "PAGE", page)
    monkeypatch.setenv(VARIABLE, str(figures))
    record("a load: time", 0.5, 2, "s")
    record("a load: memory", 1, 2, "MB")
    record("a load: time", 0.7, 2, "s")
    record("another: time", 12345, 20000, "s")
    report.main(str(figures))
    report.main(str(figures))
    assert page.read_text().splitlines() == [
        "Before.",
        "",
        "<!-- figures -->",
        "",
        report.machine(),
        "",
        "| load or fault | figure | measured | at most |",
        "| --- | --- | ---: | ---: |",
        "| a load | time | 0.7 s | 2 s |",
        "|  | memory | 1 MB | 2 MB |",
        "| another | time | 12,345 s | 20,000 s |",
        "",
        "<!-- end of figures -->",
        "",
        "After.",
    ]
