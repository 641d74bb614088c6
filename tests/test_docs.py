"""Runs and type-checks every Python block of the documentation, page by page."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


def python_of(page: Path) -> str:
    """Return the page with all but its Python blocks blanked, so that line numbers hold."""
    lines: list[str] = []
    inside = False
    for line in page.read_text("utf-8").splitlines():
        is_fence = line.startswith("```")
        if is_fence:
            inside = line == "```python"
        lines.append(line if inside and not is_fence else "")
    return "\n".join(lines)


def pages_with_code() -> dict[str, str]:
    """Map the name of each Markdown page that holds Python to that Python."""
    pages = [ROOT / "README.md", *ROOT.glob("packages/*/README.md"), *ROOT.glob("docs/**/*.md")]
    sources = {page.relative_to(ROOT).as_posix(): python_of(page) for page in sorted(pages)}
    return {name: source for name, source in sources.items() if source.strip()}


PAGES = pages_with_code()


@pytest.mark.parametrize("name", PAGES)
def test_page_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a page run in order as one module, and what they assert holds."""
    module = ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", module)
    monkeypatch.chdir(tmp_path)
    exec(compile(PAGES[name], str(ROOT / name), "exec"), module.__dict__)


def test_pages_type_check(tmp_path: Path) -> None:
    """Every page is clean under a strict type checker, as a reader's own module would be."""
    for name, source in PAGES.items():
        (tmp_path / name.replace("/", "_").replace(".md", ".py")).write_text(source, "utf-8")
    config = tmp_path / "pyrightconfig.json"
    config.write_text(json.dumps({"typeCheckingMode": "strict", "pythonVersion": "3.11"}), "utf-8")
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "-p", str(config)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", ["README.md", "docs/quickstart.md", "packages/velaros/README.md"])
def test_pages_are_found(name: str) -> None:
    """The pages that a newcomer reads first are among those that run."""
    assert "import" in PAGES[name]
