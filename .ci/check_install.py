"""Checks what the built packages hold, where they are installed alone and without extras."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import distribution

FILES = {
    "aros-core": ["aros_core/py.typed"],
    "navaros": ["navaros/py.typed"],
    "velaros": ["velaros/py.typed", "velaros/protobuf/envelope.proto"],
}

for name, wanted in FILES.items():
    import_module(name.replace("-", "_"))
    installed = distribution(name)
    present = {str(file) for file in installed.files or []}
    missing = [file for file in wanted if file not in present]
    if not any(file.endswith("licenses/LICENSE") for file in present):
        missing.append("LICENSE")
    if missing:
        raise SystemExit(f"{name} {installed.version} lacks {', '.join(missing)}")
