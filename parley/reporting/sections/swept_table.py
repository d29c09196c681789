"""The points of a sweep as a table."""

from __future__ import annotations

from parley.comparing import HEADLINES
from parley.reporting.section import Section, Table
from parley.reporting.swept_points import Swept
from parley.sweep_tables import NAMES, as_written, figure_text, says_something
from parley.wording import count

ROWS_MAX, OPEN_MAX = 500, 60


def swept_table(one: Swept) -> Section:
    """A row a point; figures that are the same everywhere are left out."""
    found = one.points
    if not found:
        return Section("points", "Points", left_out="No cell is complete yet.")
    paths = [path for path in HEADLINES if says_something(path, found)]
    rows = [
        (*map(as_written, point.values), *(figure_text(path, point.estimates.get(path)) for path in paths))
        for point in found[:ROWS_MAX]
    ]
    left = f"… and {count(len(found) - ROWS_MAX)} more, in the sweep's folder" if len(found) > ROWS_MAX else ""
    says = "" if len(one.sweep.manifest["seeds"]) < 2 else "± is the half-width of the 95 % interval of a mean over seeds, by Student's t."
    same = [NAMES[path] for path in HEADLINES if path not in paths]
    if same:
        says += f" The same everywhere, or not there: {', '.join(same)}."
    title = f"{count(len(found))} points"
    table = Table((*one.names, *(NAMES[path] for path in paths)), rows, 0, title, left, is_folded=len(rows) > OPEN_MAX)
    return Section("points", "Points", says.strip(), [table])
