"""The deployment page and the suite say the same of every server."""

from __future__ import annotations

from pathlib import Path

from .abilities import table
from .kinds import ALL_KINDS

PAGE = Path(__file__).parents[2] / "docs" / "deployment.md"


def test_the_deployment_page_lists_what_the_suite_asserts() -> None:
    """The table of servers on the page is the one that this suite holds them to."""
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|")]
    assert "\n".join(rows) == table((kind.name, kind.abilities) for kind in ALL_KINDS)
