"""Cells of a sweep that could not go on."""

from __future__ import annotations

from parley.pages.section import Section, Table
from parley.reporting.swept_points import Swept
from parley.wording import count

SHOWN_MAX = 40


def cell_faults(one: Swept) -> Section:
    """Each with what it was and why; a sentence where there is none."""
    faults = one.faults
    if not faults:
        return Section("faults", "Faults", "Every cell that is there came to its end.")
    rows = [(row["changes"], str(row["seed"]), row["fault"]) for row in faults[:SHOWN_MAX]]
    left = f"… and {count(len(faults) - SHOWN_MAX)} more" if len(faults) > SHOWN_MAX else ""
    says = f"{count(len(faults))} of {count(one.cells.num_rows)} cells could not go on; their figures are in no mean."
    return Section("faults", "Faults", says, [Table(("cell", "seed", "fault"), rows, words=3, left_out=left)])
