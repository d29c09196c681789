"""What a report is made of: sections of figures, tables and words, without a thought of HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

MET = {True: "met", False: "missed", None: "not reached"}


@dataclass(frozen=True)
class Figure:
    """What Plotly draws: plain traces and a layout, with the names of the page's colours for colours."""

    name: str  # what a reader who does not see it is told
    traces: Sequence[dict[str, Any]]
    layout: dict[str, Any]
    title: str = ""


@dataclass(frozen=True)
class Figures:
    """Small figures side by side, as many as the page has room for."""

    figures: Sequence[Figure]
    is_wide: bool = False  # two beside each other at most


@dataclass(frozen=True)
class Mark:
    """A word with a verdict: good, bad, or neither. The page adds a sign, so that it is read without colour too."""

    text: str
    is_good: bool | None = None


Cell: TypeAlias = str | Mark


@dataclass(frozen=True)
class Table:
    """Rows of cells; the first `words` columns are text, the rest figures."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    words: int = 1
    title: str = ""
    left_out: str = ""  # the rows that are not there
    is_folded: bool = False  # shown when it is opened; printed in any case


@dataclass(frozen=True)
class Code:
    """A command or a file, as it is typed."""

    text: str
    title: str = ""
    is_folded: bool = False


@dataclass(frozen=True)
class Note:
    """A sentence below a figure."""

    text: str


@dataclass(frozen=True)
class Keys:
    """What the colours of the figures below mean: (colour, hatching: striped, crossed or none, meaning)."""

    meanings: Sequence[tuple[str, str, str]]


Part: TypeAlias = Figure | Figures | Table | Code | Note | Keys


@dataclass(frozen=True)
class Section:
    """A heading, a sentence on how to read what follows, and what follows. `left_out` says what is not there, and why."""

    name: str  # also its anchor
    title: str
    says: str = ""
    parts: Sequence[Part] = field(default_factory=tuple)
    left_out: str = ""


@dataclass(frozen=True)
class Tile:
    """A headline figure."""

    name: str
    value: str
    beside: str = ""  # in small letters below


@dataclass(frozen=True)
class Page:
    """A whole report."""

    title: str
    above: str  # what was run, in a line above the title
    verdicts: Sequence[Mark]
    tiles: Sequence[Tile]
    sections: Sequence[Section]
    warning: str = ""


def verdict(met: bool | None) -> Mark:
    """Met, missed, or not reached."""
    return Mark(MET[met], met)
