"""The report of maps: a line adds a section."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from parley.maps.differences import LESS, MORE, SAME, UNDECIDED
from parley.maps.mapping import OutcomeMap
from parley.pages.in_turn import in_turn
from parley.pages.section import Page, Section, Tile
from parley.reporting.sections.differences import differences
from parley.reporting.sections.frontiers import frontiers
from parley.reporting.sections.map_again import map_again
from parley.reporting.sections.panels import panels
from parley.wording import count, number

Makers = tuple[Callable[[OutcomeMap], Section], ...]


def sections_of(found: OutcomeMap) -> Makers:
    """Differences where there are some, frontiers where there is a level."""
    of_differences: Makers = (differences,) if found.file.differences else ()
    of_level: Makers = () if found.file.outcome.level is None else (frontiers,)
    return (*of_differences, panels, *of_level, map_again)


def page_of_maps(maps: Sequence[OutcomeMap]) -> Page:
    """Maps, one after the other. Raises FolderError where a cell is missing."""
    first = maps[0]
    names = [str(one.manifest["scenario"]) for one in maps]
    title = (first.file.question or names[0]) if len(maps) == 1 else " and ".join(dict.fromkeys(one.path.name for one in maps))
    above = f"{' and '.join(dict.fromkeys(names))} · {'map' if len(maps) == 1 else f'{len(maps)} maps'}"
    return Page(title, above, (), _tiles(first) if len(maps) == 1 else (), in_turn(maps, sections_of))


def _tiles(found: OutcomeMap) -> list[Tile]:
    cells, made, level = len(found.x) * len(found.y), found.file, found.file.outcome.level
    tiles = [
        Tile("panels", count(len(found.panels))),
        Tile("cells of a panel", count(cells), f"{len(found.x)} × {len(found.y)}"),
        Tile("seeds of a cell", count(made.seeds)),
        Tile("runs", count(cells * made.seeds * len(found.panels))),
    ]
    for plane in found.differences[:2]:
        counted = plane.counted()
        beside = f"{counted[LESS]} less, {counted[UNDECIDED] + counted[SAME]} neither"
        tiles.append(Tile(f"cells where {plane.of} has more", count(counted[MORE]), beside))
    if level is not None:
        crossed = sum(row is not None for panel in found.panels for row in panel.frontier.rows)
        tiles += [Tile("level", number(level, 3), made.outcome.figure),
                  Tile("rows that cross it", f"{crossed} of {len(found.y) * len(found.panels)}")]  # fmt: skip
    return tiles
