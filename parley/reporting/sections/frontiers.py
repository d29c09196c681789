"""Where each alternative of a map crosses the level, row by row, and how far that is from theory."""

from __future__ import annotations

import math
from collections.abc import Sequence

from parley.maps.mapping import OutcomeMap, Panel
from parley.pages.section import Note, Part, Section, Table
from parley.wording import NOTHING, number


def frontiers(found: OutcomeMap) -> Section:
    """A table as on the terminal."""
    made, level = found.file, number(found.file.outcome.level, 3)
    if not any(one is not None for panel in found.panels for one in panel.frontier.rows):
        return Section("frontiers", "Frontiers", left_out=f"Nothing crosses {level} here.")
    rows = [row for panel in found.panels for row in _rows(panel)]
    says = (f"{found.across.name} at which {made.outcome.figure} crosses {level}, ± 95 % over {made.seeds} seeds; "
            "a dash where most seeds never do. Values between two cells are on a straight line.")  # fmt: skip
    far = [_from_theory(found, panel) for panel in found.panels]
    table = Table((f"by {found.up.name}", "", *found.up.labels), rows, words=2)
    parts: list[Part] = [table, *(Note(text) for text in far if text)]
    return Section("frontiers", "Frontiers", says, parts)


def _from_theory(found: OutcomeMap, panel: Panel) -> str:
    off = [abs(one) for one in panel.distances or () if not math.isnan(one)]
    return f"{panel.name or 'measured'}: at most {max(off):.2g} cells from theory ({found.file.theory[panel.name].says})." if off else ""


def _rows(panel: Panel) -> list[tuple[str, ...]]:
    """The frontier, and below it what is known of it."""
    known = panel.frontier.rows
    found = [(panel.name or "measured", "crosses at", *_three([math.nan if one is None else one.mean for one in known], NOTHING))]
    widths = [math.nan if one is None else one.half_width for one in known]
    for name, values in (("± 95 %", widths), ("theory", panel.theory or ()), ("cells from theory", panel.distances or ())):
        if not all(map(math.isnan, values)):
            found.append(("", name, *_three(values, "")))
    if any(known) and any(panel.frontier.missing):
        found.append(("", "seeds that never cross", *(str(one) for one in panel.frontier.missing)))
    return found


def _three(values: Sequence[float], absent: str) -> list[str]:
    return [absent if math.isnan(value) else f"{value:.3f}" for value in values]
