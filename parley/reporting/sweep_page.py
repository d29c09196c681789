"""The report of sweeps: a line adds a section."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from parley.pages.in_turn import in_turn
from parley.pages.section import Page, Section, Tile
from parley.printing import shown
from parley.reporting.sections.cell_faults import cell_faults
from parley.reporting.sections.sweep_again import sweep_again
from parley.reporting.sections.swept import swept
from parley.reporting.sections.swept_table import swept_table
from parley.reporting.swept_points import Swept
from parley.sweeps.sweeping import Sweep
from parley.wording import count

SECTIONS: tuple[Callable[[Swept], Section], ...] = (swept, swept_table, cell_faults, sweep_again)


def page_of_sweeps(sweeps: Sequence[Sweep]) -> Page:
    """Sweeps, one after the other. Raises FolderError where a folder cannot be read."""
    found = [Swept(one) for one in sweeps]
    manifests = [one.manifest for one in sweeps]
    names = " and ".join(dict.fromkeys(str(one["scenario"]) for one in manifests))
    is_alone = len(found) == 1
    title = (manifests[0]["question"] or names) if is_alone else " and ".join(dict.fromkeys(one.path.name for one in found))
    above = f"{names} · {'sweep of ' + ' × '.join(found[0].names) if is_alone else f'{len(found)} sweeps'}"
    warning = " ".join(_unfinished(one) for one in found if one.sweep.state != "complete")
    return Page(title, above, (), _tiles(found[0]) if is_alone else (), in_turn(found, lambda _: SECTIONS), warning)


def _unfinished(one: Swept) -> str:
    done, of = count(one.cells.num_rows), count(one.sweep.manifest["cells"])
    if one.sweep.state == "running":
        return f"The sweep goes on: this is of the {done} of {of} cells that were complete."
    return f"Not complete: {done} of {of} cells of {shown(one.path)} are there; {one.sweep.resume_command(shown(one.path))} goes on."


def _tiles(one: Swept) -> list[Tile]:
    manifest = one.sweep.manifest
    seeds = manifest["seeds"]
    return [
        Tile("points", count(len(one.points)), " × ".join(str(len(values)) for values in one.values) if len(one.values) > 1 else ""),
        Tile("seeds of a point", count(len(seeds)), f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else f"seed {seeds[0]}"),
        Tile("cells", count(one.cells.num_rows), "complete" if one.sweep.state == "complete" else f"of {count(manifest['cells'])}"),
        Tile("engine", str(manifest["engine"])),
        Tile("cells with a fault", count(len(one.faults))),
    ]
