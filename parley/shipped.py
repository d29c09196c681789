"""Files of a kind that come with Parley, beside its scenarios: maps, contests, evaluations, curricula; each is asked for by its name."""

from __future__ import annotations

import os
from pathlib import Path

from parley.errors import UsageError
from scenarios.naming import suggestion


def file_or_shipped(source: str | os.PathLike[str], folder: Path, kind: str) -> Path:
    """The file, or the shipped one of that name. Raises UsageError with the nearest name, or all there are."""
    for path in (Path(source), folder / f"{source}.yaml"):
        if path.is_file():
            return path
    raise UsageError(f"{source}: is no {kind}{nearest(source, folder)}")


def nearest(source: str | os.PathLike[str], folder: Path) -> str:
    """A hint at the nearest name, or at all there are."""
    names = sorted(path.stem for path in folder.glob("*.yaml"))
    return suggestion(os.fspath(source), names) or f"; there is {', '.join(names)}"
