"""When a round began, and when it was settled."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Round:
    """One round of whatever is bargained for, in true time."""

    began_ns: int
    settled_ns: int | None = None  # when the last lease of it was confirmed; None: none was
