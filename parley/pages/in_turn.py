"""Sections of several sources on one page: one source after the other, each under its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeVar

from parley.pages.section import Section


class Source(Protocol):
    """What has a folder."""

    path: Path


Of = TypeVar("Of", bound=Source)


def in_turn(sources: Sequence[Of], sections: Callable[[Of], Sequence[Callable[[Of], Section]]]) -> list[Section]:
    """All sections that each has; where there are several, headings begin with the folder's name, and anchors end with a number."""
    found = []
    for nth, source in enumerate(sources, 1):
        for make in sections(source):
            made = make(source)
            name, title = f"{made.name}-{nth}" if nth > 1 else made.name, f"{source.path.name}: {made.title}"
            found.append(replace(made, name=name, title=title) if len(sources) > 1 else made)
    return found
