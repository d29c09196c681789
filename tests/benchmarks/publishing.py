"""speed.json: the figures of every part, each with its effort, its machine and the versions it was measured with.

A part that is measured again replaces itself and leaves the others, so parts carry what they depend on each.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from pathlib import Path
from typing import Any

from tests.benchmarks.turns import Effort, Figures

PUBLISHED = Path(__file__).parents[2] / "results" / "published" / "speed"
FILE, FORMAT = "speed.json", 2
LIBRARIES = ("parley", "simpy", "ciw", "salabim", "greenlet", "numba", "numpy")


def published(folder: Path = PUBLISHED) -> dict[str, Any]:
    """What the file of a folder holds: `format` and `parts`; no parts where there is no file, or an older one."""
    path = folder / FILE
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return content if content.get("format") == FORMAT else {"format": FORMAT, "parts": {}}


def publish(name: str, figures: Figures, effort: Effort, folder: Path = PUBLISHED) -> Path:
    """Put a part in the file of a folder."""
    content = published(folder)
    content["parts"][name] = {"effort": vars(effort), "machine": machine(), "versions": versions(), **figures}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.write_text(_laid_out(content) + "\n", encoding="utf-8")
    return path


def machine() -> dict[str, Any]:
    """What the figures depend on; nothing that names the machine or its owner."""
    return {
        "processor": _processor_model(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def versions() -> dict[str, str]:
    """The versions of what was measured."""
    return {name: importlib.metadata.version(name) for name in LIBRARIES}


def _laid_out(value: Any, depth: int = 0) -> str:
    """JSON with a line for every entry, but lists of numbers on one, so that a person can read the rounds."""
    if isinstance(value, dict) and value:
        step, items = "  " * (depth + 1), value.items()
        lines = [f"{step}{json.dumps(key)}: {_laid_out(inner, depth + 1)}" for key, inner in items]
        return "{\n" + ",\n".join(lines) + "\n" + "  " * depth + "}"
    if isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        step = "  " * (depth + 1)
        return "[\n" + ",\n".join(step + _laid_out(inner, depth + 1) for inner in value) + "\n" + "  " * depth + "]"
    return json.dumps(value, ensure_ascii=False)


def _processor_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return platform.processor() or "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
