"""A map on the terminal: where each alternative's frontier lies, row by row, and how far that is from theory."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from parley.map_figure import picture_of
from parley.mapping import OutcomeMap, axis_of
from parley.printing import shown, table
from parley.wording import NOTHING, number

PICTURE = "map.png"


def print_map(console: Console, found: OutcomeMap) -> None:
    """Frontiers as a table, and the picture into the folder."""
    made = found.file
    of = f" · {len(found.x)} × {len(found.y)} cells, {made.seeds} seeds"
    console.print(Text.assemble((str(found.manifest["scenario"]), "bold cyan"), of))
    if made.question:
        console.print(Text(made.question, "italic"))
    level = number(made.outcome.level, 3)
    console.print(f"\n{made.x.label or made.x.path} at which {made.outcome.figure} crosses {level}, ± 95 % over seeds:\n")
    rows = table(made.y.label or made.y.path, *axis_of(made, "y").values)
    for panel in found.panels:
        known = panel.frontier.rows
        rows.add_row(panel.name or "measured", *_three([math.nan if one is None else one.mean for one in known], NOTHING))
        widths = [math.nan if one is None else one.half_width for one in known]
        for name, values in (("± 95 %", widths), ("theory", panel.theory or ())):
            if not all(map(math.isnan, values)):
                rows.add_row(Text(name, "dim"), *(Text(text, "dim") for text in _three(values, "")))
    console.print(rows)
    for panel in found.panels:
        if panel.distances is not None and (off := [abs(one) for one in panel.distances if not math.isnan(one)]):
            console.print(Text(f"{panel.name}: at most {max(off):.2g} cells from theory ({made.theory[panel.name].says})", "dim"))
    if not any(one is not None for panel in found.panels for one in panel.frontier.rows):
        console.print(Text(f"nothing crosses {level} here", "yellow"))
    console.print(f"\nmap folder   {shown(found.path)}", soft_wrap=True)
    console.print(f"picture      {shown(picture_of(found).save(found.path / PICTURE))}", soft_wrap=True)



def _three(values: Sequence[float], absent: str) -> list[str]:
    """With three digits behind the point, so that columns stay narrow."""
    return [absent if math.isnan(value) else f"{value:.3f}" for value in values]
