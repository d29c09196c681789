"""The report of maps: a line adds a section."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from parley.mapping import OutcomeMap
from parley.reporting.in_turn import in_turn
from parley.reporting.section import Page, Section, Tile
from parley.reporting.sections.frontiers import frontiers
from parley.reporting.sections.map_again import map_again
from parley.reporting.sections.panels import panels
from parley.wording import count, number

SECTIONS: tuple[Callable[[OutcomeMap], Section], ...] = (panels, frontiers, map_again)


def page_of_maps(maps: Sequence[OutcomeMap]) -> Page:
    """Maps, one after the other. Raises FolderError where a cell is missing."""
    first = maps[0]
    names = [str(one.manifest["scenario"]) for one in maps]
    title = (first.file.question or names[0]) if len(maps) == 1 else " and ".join(dict.fromkeys(one.path.name for one in maps))
    above = f"{' and '.join(dict.fromkeys(names))} · {'map' if len(maps) == 1 else f'{len(maps)} maps'}"
    return Page(title, above, (), _tiles(first) if len(maps) == 1 else (), in_turn(maps, SECTIONS))


def _tiles(found: OutcomeMap) -> list[Tile]:
    cells, made = len(found.x) * len(found.y), found.file
    crossed = sum(row is not None for panel in found.panels for row in panel.frontier.rows)
    return [
        Tile("panels", count(len(found.panels))),
        Tile("cells of a panel", count(cells), f"{len(found.x)} × {len(found.y)}"),
        Tile("seeds of a cell", count(made.seeds)),
        Tile("runs", count(cells * made.seeds * len(found.panels))),
        Tile("level", number(made.outcome.level, 3), made.outcome.figure),
        Tile("rows that cross it", f"{crossed} of {len(found.y) * len(found.panels)}"),
    ]
