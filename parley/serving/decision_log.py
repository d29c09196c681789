"""The log of decisions: a line of JSON each, only ever added to, that survives whoever is killed while it writes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from parley.errors import told

TAIL = 1 << 20  # bytes that are read of a log that is there already
NEEDED: dict[str, type | tuple[type, ...]] = {"service": str, "published": int, "known": (int, float), "reason": str}


class DecisionLog:
    """One file."""

    def __init__(self, path: Path) -> None:
        """Open it, or begin it; `last` has the newest row of every service. Raises FolderError."""
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab")
            self._size = os.fstat(self._file.fileno()).st_size
            self.last = _last(path, self._size)
            if self._size and _ends_within(path):
                self._file.write(b"\n")  # of a line that was cut short
        except OSError as fault:
            raise told(fault, path) from fault

    def append(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows. Raises FolderError."""
        lines = [json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n" for row in rows]
        try:
            self._file.write(b"".join(lines))
            self._file.flush()
        except OSError as fault:
            raise told(fault, self._path) from fault

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _last(path: Path, size: int) -> dict[str, dict[str, Any]]:
    with path.open("rb") as file:
        file.seek(max(0, size - TAIL))
        lines = file.read().splitlines()
    found = {}
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue  # cut short, or the middle of a line
        if isinstance(row, dict) and all(isinstance(row.get(key), kind) for key, kind in NEEDED.items()):
            found[str(row["service"])] = row
    return found


def _ends_within(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
