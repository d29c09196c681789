"""Why two runs are not the same: what was asked differently, and the first row at which their traces part.

A run is a pure function of scenario and seed, agents included; so both are replayed, and rows are kept only in the
stretch in which the checkpoints of their digests begin to differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from rich.console import Console
from rich.text import Text

from parley.interventions.interventions import interventions_of, seat
from parley.recording.spans import pod_names
from parley.runs.results import Run
from parley.wording import clock
from scenarios.writing import as_data
from sim.mesh import Mesh
from sim.trace import ARRIVED, FINISHED, Row, first_difference

CONTEXT = 2  # rows before and after the first that differs
PIECES = 50  # of a stretch: rows of one piece are in memory at a time
ASKED = ("seed", "engine", "semantics", "until_ns")


@dataclass(frozen=True)
class Places:
    """Names of pods and classes, by number."""

    pods: list[str]
    workloads: list[str]

    def told(self, row: Row) -> str:
        """A row with its place by name."""
        names = self.workloads if row.kind in (ARRIVED, FINISHED) else [*self.pods, "no pod"]
        return str(row).replace(f"  place {row.place}  ", f"  {names[row.place]}  ")


@dataclass(frozen=True)
class Parting:
    """Where two traces part: rows of either around the first that differs."""

    index: int  # of the first row that differs, in both lists
    rows: tuple[list[Row], list[Row]]
    places: tuple[Places, Places]  # what the rows' places are called in each


def changes(one: Run, other: Run) -> list[tuple[str, Any, Any]]:
    """(path, value here, value there) of everything that was asked differently."""
    asked = [(name, one.manifest[name], other.manifest[name]) for name in ASKED if one.manifest[name] != other.manifest[name]]
    if one.manifest.get("whatif") != other.manifest.get("whatif"):
        asked.append(("what if", _done(one), _done(other)))
    return asked + list(_changes("", as_data(one.scenario), as_data(other.scenario)))


def _done(run: Run) -> str:
    """What was done to a run from outside."""
    done = interventions_of(run.manifest, run.scenario)
    return "; ".join(f"{', '.join(map(str, one.do)) or 'nothing'} at {clock(one.at_ns)}" for one in done) or "nothing"


def differing_stretch(one: Run, other: Run) -> tuple[int, int] | None:
    """(start, end) in ns of the first stretch at whose end the digests differ; None where they never do.

    Where one run ends earlier, and the other kept no digest of that instant, they may differ up to there.
    """
    start = 0
    here, there = _digests(one), _digests(other)
    for time in sorted(here.keys() & there.keys()):
        if here[time] != there[time]:
            return start, time
        start = time
    end = _common_end(one, other)
    return None if start == end else (start, end)


def parting(one: Run, other: Run, stretch: tuple[int, int]) -> Parting | None:
    """Replay both through a stretch; None where their rows are the same."""
    meshes = [_replayed(run, stretch[0]) for run in (one, other)]
    before: list[Row] = []
    length = max(1, (stretch[1] - stretch[0]) // PIECES)
    for time in [*range(stretch[0] + length, stretch[1], length), stretch[1]]:
        rows = [_rows_until(mesh, time) for mesh in meshes]
        index = first_difference(*rows)
        if index is not None:
            after = [_rows_until(mesh, min(time + length, run.scenario.duration)) for mesh, run in zip(meshes, (one, other), strict=True)]
            return _around(before, rows, after, index, tuple(_places(mesh) for mesh in meshes))
        before = rows[0][-CONTEXT:] or before
    return None


def print_difference(console: Console, one: Run, other: Run) -> bool:
    """Say whether two runs have the same trace, and if not, why and from where on."""
    stretch = differing_stretch(one, other)
    recorded = stretch is not None and all(stretch[1] in _digests(run) for run in (one, other))
    if stretch is None:
        _print_same(console, one, other)
    elif recorded:
        console.print(Text.assemble(("different traces", "bold red"), f"; they part between {clock(stretch[0])} and {clock(stretch[1])}"))
    _print_changes(console, one, other)
    if stretch is None:
        return True
    console.print(Text(f"replaying both up to {clock(stretch[1])} ...", "dim"))
    found = parting(one, other, stretch)
    if found is not None:
        console.print("\nthe first row that differs:")
        _print_rows(console, found)
    elif recorded:
        console.print("a replay finds no difference: the folders were written by another version of Parley")
    else:
        _print_same(console, one, other)
    return found is None and not recorded


def _digests(run: Run) -> dict[int, str]:
    """What the run folder knows of its trace: digests by time in ns."""
    known: dict[int, str] = dict(map(tuple, run.manifest["checkpoints"]))
    if run.manifest["trace_digest"] is not None:
        known.setdefault(int(run.manifest["simulated_ns"]), run.manifest["trace_digest"])
    return known


def _common_end(one: Run, other: Run) -> int:
    return min(int(run.manifest["simulated_ns"]) for run in (one, other))


def _print_same(console: Console, one: Run, other: Run) -> None:
    """One digest, if both went equally far."""
    end = _common_end(one, other)
    digest = one.manifest["trace_digest"] if one.manifest["simulated_ns"] == other.manifest["simulated_ns"] else None
    console.print(Text.assemble(("the same trace", "bold green"), f", {digest or f'as far as both go: {clock(end)}'}"))


def _print_changes(console: Console, one: Run, other: Run) -> None:
    for path, here, there in changes(one, other):
        name, *told = ("until", clock(here), clock(there)) if path == "until_ns" else (path, here, there)
        console.print(Text.assemble((f"  {name}: ", "bold"), " → ".join(map(str, told))), soft_wrap=True)


def _changes(path: str, here: Any, there: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(here, dict) and isinstance(there, dict):
        for key in dict.fromkeys([*here, *there]):
            yield from _changes(f"{path}.{key}" if path else str(key), here.get(key, "absent"), there.get(key, "absent"))
    elif here != there:
        yield path, here, there


def _replayed(run: Run, until_ns: int) -> Mesh:
    """The run's world up to a time, its rows so far thrown away as they come."""
    mesh = Mesh(run.scenario, run.manifest["seed"], run.manifest["engine"], record=True)
    seat(mesh, interventions_of(run.manifest, run.scenario))
    step = max(1, run.scenario.duration // 1000)
    while mesh.now_ns < until_ns:
        _rows_until(mesh, min(until_ns, mesh.now_ns + step))
    return mesh


def _rows_until(mesh: Mesh, until_ns: int) -> list[Row]:
    mesh.advance(until_ns)
    return mesh.plane.take_rows()


def _places(mesh: Mesh) -> Places:
    return Places(pod_names(mesh.plane.layout, mesh.plane.glance()), mesh.plane.layout.workloads)


def _around(before: list[Row], rows: list[list[Row]], after: list[list[Row]], index: int, places: Any) -> Parting:
    lead = [*before, *rows[0][:index]][-CONTEXT:]
    tails = [[*mine, *later][index : index + 1 + CONTEXT] for mine, later in zip(rows, after, strict=True)]
    return Parting(len(lead), ([*lead, *tails[0]], [*lead, *tails[1]]), places)


def _print_rows(console: Console, found: Parting) -> None:
    for index, (here, there) in enumerate(zip_longest(*found.rows)):
        if here == there:
            console.print(Text(f"  {found.places[0].told(here)}", "dim"), soft_wrap=True)
            continue
        mark = "bold " if index == found.index else ""
        for sign, row, colour, places in (("-", here, "red", found.places[0]), ("+", there, "green", found.places[1])):
            console.print(Text(f"{sign} {'the trace ends' if row is None else places.told(row)}", f"{mark}{colour}"), soft_wrap=True)
