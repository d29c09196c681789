"""A map on the terminal: where each alternative's frontier lies and how far that is from theory, and which of two has more, row by row."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from parley.maps.difference_figure import picture_of_differences
from parley.maps.differences import LESS, MISSING, MORE, SAME, SIGNS, UNDECIDED, DifferencePlane
from parley.maps.figure import picture_of
from parley.maps.mapping import OutcomeMap
from parley.printing import shown, table
from parley.wording import NOTHING, number

PICTURE, PANELS = "map.png", "panels.png"  # of differences, where there are some; then panels have one of their own
STYLES = {MORE: "blue", LESS: "red", UNDECIDED: "dim", SAME: "dim", MISSING: ""}


def print_map(console: Console, found: OutcomeMap) -> None:
    """Differences and frontiers as tables, and the pictures into the folder."""
    made = found.file
    of = f" · {len(found.x)} × {len(found.y)} cells, {made.seeds} seeds"
    console.print(Text.assemble((str(found.manifest["scenario"]), "bold cyan"), of))
    if made.question:
        console.print(Text(made.question, "italic"))
    for plane in found.differences:
        _print_difference(console, found, plane)
    if made.outcome.level is not None:
        _print_frontiers(console, found, made.outcome.level)
    console.print(f"\nmap folder   {shown(found.path)}", soft_wrap=True)
    drawn = picture_of_differences(found) if found.differences else picture_of(found)
    console.print(f"picture      {shown(drawn.save(found.path / PICTURE))}", soft_wrap=True)
    if found.differences:
        console.print(f"panels       {shown(picture_of(found).save(found.path / PANELS))}", soft_wrap=True)


def _print_difference(console: Console, found: OutcomeMap, plane: DifferencePlane) -> None:
    """A sign a cell, and where the sign changes."""
    across, counted = found.across, plane.counted()
    console.print(f"\n{plane.name}: {found.file.outcome.figure} of {plane.of} minus that of {plane.minus}, by pairs of the same seed\n")
    rows = table(found.up.name, f"{across.labels[0]} … {across.labels[-1]}", "zero at", "95 %", words=2)
    rows.columns[1].no_wrap = True
    for label, verdicts, crossed in zip(found.up.labels, plane.verdicts, plane.rows, strict=True):
        signs = Text.assemble(*((SIGNS[word], STYLES[word]) for word in verdicts))
        rows.add_row(label, signs, "\n".join(number(one.at, 3) for one in crossed) or NOTHING, "\n".join(one.interval for one in crossed))
    console.print(rows)
    told = [f"{SIGNS[word]} {says} in {count} of {plane.mean.size} cells" for word, says, count in (
        (MORE, f"{plane.of} has more", counted[MORE]), (LESS, f"{plane.minus} has more", counted[LESS]),
        (UNDECIDED, "undecided", counted[UNDECIDED]), (SAME, "no seed differs", counted[SAME])) if count]  # fmt: skip
    console.print(Text(" · ".join(told) + "; each cell by its own interval of 95 %, from left to right by " + across.name, "dim"))
    _print_theory(console, found, plane.name, plane.distances)


def _print_frontiers(console: Console, found: OutcomeMap, level: float) -> None:
    """A row an alternative, a column a value of y."""
    made, says = found.file, number(level, 3)
    console.print(f"\n{found.across.name} at which {made.outcome.figure} crosses {says}, ± 95 % over seeds:\n")
    rows = table(found.up.name, *found.up.labels)
    for panel in found.panels:
        known = panel.frontier.rows
        rows.add_row(panel.name or "measured", *_three([math.nan if one is None else one.mean for one in known], NOTHING))
        widths = [math.nan if one is None else one.half_width for one in known]
        for name, values in (("± 95 %", widths), ("theory", panel.theory or ())):
            if not all(map(math.isnan, values)):
                rows.add_row(Text(name, "dim"), *(Text(text, "dim") for text in _three(values, "")))
    console.print(rows)
    for panel in found.panels:
        _print_theory(console, found, panel.name, panel.distances)
    if not any(one is not None for panel in found.panels for one in panel.frontier.rows):
        console.print(Text(f"nothing crosses {says} here", "yellow"))


def _print_theory(console: Console, found: OutcomeMap, name: str, distances: Sequence[float] | None) -> None:
    off = [abs(one) for one in distances or () if not math.isnan(one)]
    if off:
        console.print(Text(f"{name}: at most {max(off):.2g} cells from theory ({found.file.theory[name].says})", "dim"))


def _three(values: Sequence[float], absent: str) -> list[str]:
    """With three digits behind the point, so that columns stay narrow."""
    return [absent if math.isnan(value) else f"{value:.3f}" for value in values]
