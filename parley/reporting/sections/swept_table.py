"""The points of a sweep as a table."""

from __future__ import annotations

from parley.comparisons.comparing import HEADLINES
from parley.pages.section import Section, Table
from parley.reporting.swept_points import Swept
from parley.sweeps.tables import FIRST_SHOWN, NAMES, as_written, figure_text, says_something
from parley.wording import count

ROWS_MAX, OPEN_MAX = 500, 60
COLUMNS_MAX = 8  # that paper has room for


def swept_table(one: Swept) -> Section:
    """A row a point; figures that are the same everywhere are left out."""
    found = one.points
    if not found:
        return Section("points", "Points", left_out="No cell is complete yet.")
    telling = [path for path in HEADLINES if says_something(path, found)]
    wanted = sorted(telling, key=lambda path: FIRST_SHOWN.index(path) if path in FIRST_SHOWN else len(FIRST_SHOWN))
    paths = [path for path in telling if path in wanted[: max(2, COLUMNS_MAX - len(one.names))]]
    rows = [
        (*map(as_written, point.values), *(figure_text(path, point.estimates.get(path)) for path in paths))
        for point in found[:ROWS_MAX]
    ]
    left = f"… and {count(len(found) - ROWS_MAX)} more, in the sweep's folder" if len(found) > ROWS_MAX else ""
    says = "" if len(one.sweep.manifest["seeds"]) < 2 else "± is the half-width of the 95 % interval of a mean over seeds, by Student's t."
    for told, some in (("The same everywhere, or not there", [path for path in HEADLINES if path not in telling]),
                       ("Also in the folder", [path for path in telling if path not in paths])):  # fmt: skip
        says += f" {told}: {', '.join(NAMES[path] for path in some)}." if some else ""
    title = f"{count(len(found))} points"
    table = Table((*one.names, *(NAMES[path] for path in paths)), rows, len(one.names), title, left, is_folded=len(rows) > OPEN_MAX)
    return Section("points", "Points", says.strip(), [table])
