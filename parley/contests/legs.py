"""The sweeps that a contest is made of: one an event, with everybody in the chair, one a lie, and one for each other alternative."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from parley.contests.files import Chair, ContestFile
from parley.errors import FolderError
from parley.runs.measures import leaves_of, require_known
from parley.runs.running import Asked, command_line
from parley.runs.trials import trial
from parley.storage.run_folder import MANIFEST
from parley.sweeps.axes import Axis, as_text
from parley.sweeps.grids import Grid, grid_of
from parley.sweeps.sweeping import Sweep, Told, sweep_command, swept


@dataclass(frozen=True)
class Leg:
    """One sweep of a contest."""

    folder: str
    grid: Grid
    names: tuple[str, ...]  # of its points in canonical order; of a lie mechanism and factor
    command: str  # that asks for the same

    def run(self, folder: Path, *, jobs: int | None, ray: str | None, told: Told) -> None:
        """Compute what is missing of it in the contest's folder. Raises ParleyError, and Interrupted where it was stopped."""
        path = folder / self.folder
        if not (path / MANIFEST).is_file():
            swept(self.grid, self.command, jobs=jobs, out=path, ray=ray, told=told)
            return
        begun = Sweep(path)
        if replace(begun.grid, base=replace(begun.grid.base, folder=self.grid.base.folder)) != self.grid:
            raise FolderError(f"{path}: holds cells of another world; begin the contest anew")
        begun.resume(jobs=jobs, ray=ray, told=told)


def legs_of(made: ContestFile) -> Iterator[Leg]:
    """All of them, in order; what is asked for is checked. Raises ParleyError."""
    for nth in range(len(made.events)):
        yield from event_legs(made, nth)
    for nth in range(len(made.lies)):
        yield lie_leg(made, nth)


def event_legs(made: ContestFile, nth: int) -> list[Leg]:
    """The sweeps of an event: its own alternatives one by one, then everybody in the chair. Raises ParleyError."""
    event, found = [*made.events.values()][nth], []
    for place, (name, other) in enumerate(event.others.items(), 1):
        changes = {**event.set, **other.set}
        found.append(_leg(f"event-{nth + 1}-{place}", other.scenario or event.scenario, changes, (), (name,), made.seeds))
    if seated := event.seated(made.alternatives):
        found.append(_leg(f"event-{nth + 1}", event.scenario, event.set, (_chairs(made, event),), tuple(seated), made.seeds))
    return found


def lie_leg(made: ContestFile, nth: int) -> Leg:
    """The sweep of a lie: who sits in the chair, and by which factor somebody lies. Raises ParleyError."""
    lie = [*made.lies.values()][nth]
    factors = [f"{one:g}" for one in lie.values]
    names = tuple(f"{name} {factor}" for name, factor in itertools.product(lie.seated(made.alternatives), factors))
    return _leg(f"lie-{nth + 1}", lie.scenario, lie.set, (_chairs(made, lie), Axis(lie.path, tuple(factors))), names, made.seeds)


def require_figures(made: ContestFile) -> None:
    """Raises UsageError, with the nearest name, for a figure that no run of the first event has: seen in a nanosecond of each."""
    grid = event_legs(made, 0)[-1].grid
    orders = (replace(grid.base.order(changes, grid.first_seed), engine="reference", until_ns=1) for changes in grid.changes())
    known = list(dict.fromkeys(path for order in orders for path in leaves_of(trial(order))))
    for one in made.figures.values():
        if not any(path.startswith(f"{one.figure}.") for path in known):
            require_known(one.figure, known)


def _chairs(made: ContestFile, chair: Chair) -> Axis:
    return Axis(chair.chair, tuple(as_text(value) for value in chair.seated(made.alternatives).values()))


def _leg(folder: str, scenario: str, changes: Mapping[str, Any], axes: tuple[Axis, ...], names: tuple[str, ...], seeds: int) -> Leg:
    asked: Asked = {"set": [f"{path}={as_text(value)}" for path, value in changes.items()]}
    vary = {axis.path: axis.values for axis in axes}
    command = sweep_command(scenario, asked, vary, seeds) if vary else command_line("run", scenario, asked, ["--seeds", str(seeds)])
    return Leg(folder, grid_of(scenario, axes, seeds, asked), names, command)
