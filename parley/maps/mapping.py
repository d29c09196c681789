"""An outcome over a plane: `parley map`. Every panel is a sweep of two axes; a map is read back from their folder."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from parley.errors import FolderError
from parley.maps.axes import Ruler, quantity, ruler
from parley.maps.differences import DifferencePlane, subtracted
from parley.maps.files import NOTHING_ASKED, Asked, MapFile, as_changes, as_plain, map_file, parsed, values_of
from parley.maps.frontiers import Floats, Frontier, along, frontier, no_frontier
from parley.runs.measures import require_known
from parley.runs.trials import require_figure
from parley.storage.experiments import Experiment
from parley.storage.run_folder import (
    FORMAT,
    MANIFEST,
    RunFolder,
    new_folder,
    plain,
    read_json,
    this_process,
)
from parley.sweeps.axes import axes_of
from parley.sweeps.grids import Grid, grid_of
from parley.sweeps.sweeping import Sweep, sweep_command, swept

KIND, SUMMARY, DIGITS = "map", "map.json", 6
Told = Callable[[int, int], None]  # (cells that are done, of how many)


@dataclass(frozen=True)
class Panel:
    """One alternative: the outcome of every run, and where it crosses the level."""

    name: str
    outcomes: Floats  # (y, x, seeds)
    frontier: Frontier  # without a row where the map has no level
    theory: tuple[float, ...] | None  # x of each row, nan where it says nothing
    distances: tuple[float, ...] | None  # of the frontier from it, in cells


class OutcomeMap(Experiment):
    """A map, as its folder tells it."""

    kind, made_by, summary = KIND, "parley map basin", SUMMARY

    @cached_property
    def file(self) -> MapFile:
        """What the map is of."""
        return parsed(self.manifest["map"])

    @cached_property
    def across(self) -> Ruler:
        """What is varied from left to right."""
        return ruler(self.file.x)

    @cached_property
    def up(self) -> Ruler:
        """What is varied from below to above."""
        return ruler(self.file.y)

    @property
    def x(self) -> list[float]:
        """Values from left to right; times in seconds."""
        return list(self.across.values)

    @property
    def y(self) -> list[float]:
        """Values from below to above; times in seconds."""
        return list(self.up.values)

    @cached_property
    def panels(self) -> list[Panel]:
        """In the order of the file. Raises FolderError where a cell is missing."""
        return [self._panel(nth, name) for nth, name in enumerate(self.file.panels)]

    @cached_property
    def differences(self) -> list[DifferencePlane]:
        """In the order of the file; none where nothing is subtracted. Raises FolderError where a cell is missing."""
        by_name = {panel.name: panel.outcomes for panel in self.panels}
        return [subtracted(name, self.x, (one.of, by_name[one.of]), (one.minus, by_name[one.minus]), self._theory(name))
                for name, one in self.file.differences.items()]  # fmt: skip

    def _outcomes(self, nth: int, name: str) -> Floats:
        if self.kept is not None:  # the cells may be gone: map.json has what a map is drawn from
            return np.array(self.kept["panels"][name]["outcomes"], dtype=float)
        table = Sweep(self.path / _folder(nth)).cells()
        rows, columns, seeds = len(self.y), len(self.x), self.file.seeds
        if len(table) != rows * columns * seeds:
            raise FolderError(f"{self.path}: {name or 'the map'} has {len(table)} of {rows * columns * seeds} cells; finish it first")
        column = self.file.outcome.column
        require_known(column, table.column_names)
        outcomes: Floats = table[column].to_numpy(zero_copy_only=False).astype(float).reshape(rows, columns, seeds)
        return outcomes.round(DIGITS)

    def _panel(self, nth: int, name: str) -> Panel:
        outcomes, level = self._outcomes(nth, name), self.file.outcome.level
        found = no_frontier(outcomes) if level is None else frontier(self.x, outcomes, level)
        theory = self._theory(name)
        if theory is None:
            return Panel(name, outcomes, found, None, None)
        step = (self.x[-1] - self.x[0]) / max(1, len(self.x) - 1)
        return Panel(name, outcomes, found, tuple(theory), tuple(found.distances(theory, step)))

    def _theory(self, name: str) -> list[float] | None:
        """x of each row, of a panel or a difference; None where there is no theory."""
        known = self.file.theory.get(name)
        if known is None:
            return None
        return along([(float(x), quantity(y)) for x, y in known.points], [one / self.file.y.times for one in self.y])

    def as_json(self) -> dict[str, Any]:
        """Outcomes, frontiers and differences as written to map.json."""
        told = {"x": self.x, "y": self.y, "panels": {panel.name: _told(panel) for panel in self.panels}}
        return told | ({"differences": {one.name: one.as_json() for one in self.differences}} if self.differences else {})

    def __repr__(self) -> str:
        return f"<OutcomeMap {self.file.scenario} · {len(self.x)} × {len(self.y)} × {len(self.file.panels)} · {self.state}>"


def outcome_map(source: str | os.PathLike[str] | Mapping[str, Any], *, asked: Asked = NOTHING_ASKED, jobs: int | None = None,
                out: str | os.PathLike[str] | None = None, ray: str | None = None, told: Told | None = None) -> OutcomeMap:  # fmt: skip
    """Run a map: a file, the name of a shipped one, or what a file would say as a mapping.

    Everything is checked before anything runs. Into a folder whose map is not finished, of the same content, it goes on.
    Raises ParleyError, and Interrupted on Ctrl-C.
    """
    made = parsed(source) if isinstance(source, Mapping) else map_file(source, asked)
    grids = _grids(made)
    folder = _begun(made, out)
    for nth, (grid, changes) in enumerate(zip(grids, made.panels.values(), strict=True)):

        def tell(done: int, _of: int, before: int = nth * grid.size, whole: int = len(grids) * grid.size) -> None:
            if told is not None:
                told(before + done, whole)

        path = folder.path / _folder(nth)
        if (path / MANIFEST).is_file():
            Sweep(path).resume(jobs=jobs, ray=ray, told=tell)
        else:
            command = sweep_command(made.scenario, {"set": _asked(made, changes)}, _varied(made), made.seeds)
            swept(grid, command, jobs=jobs, out=path, ray=ray, told=tell)
    ended = {key: value for key, value in read_json(folder.path / MANIFEST).items() if key != "process"}
    folder.write_json(MANIFEST, ended | {"state": "complete"})
    finished = OutcomeMap(folder.path)
    folder.write_bytes(SUMMARY, json.dumps(plain(finished.as_json()), separators=(",", ":")).encode() + b"\n")
    return finished


def _grids(made: MapFile) -> list[Grid]:
    """The cells of each panel. Raises ParleyError for whatever is wrong with a map, before anything runs."""
    for side in (made.x, made.y):
        ruler(side)
    axes = axes_of(_varied(made))
    grids = [grid_of(made.scenario, axes, made.seeds, {"set": _asked(made, changes)}) for changes in made.panels.values()]
    require_figure(grids[-1].base.order((), grids[-1].first_seed), made.outcome.column)
    return grids


def _varied(made: MapFile) -> dict[str, Any]:
    """The slower axis first."""
    return {made.y.path: values_of(made.y), made.x.path: values_of(made.x)}


def _asked(made: MapFile, changes: Mapping[str, Any]) -> list[str]:
    """All changes of a panel, as `--set` would say them."""
    return [*as_changes(made.set), *as_changes(changes), *made.outcome.changes()]


def _begun(made: MapFile, out: str | os.PathLike[str] | None) -> RunFolder:
    """A new folder with its manifest, or the one of this map that is not finished."""
    content = {"format": FORMAT, "kind": KIND, "state": "running", "scenario": Path(made.scenario).stem, "question": made.question,
               "map": as_plain(made), "process": this_process()}  # fmt: skip
    if out is not None and (Path(out) / MANIFEST).is_file():
        there = OutcomeMap(out)
        if there.manifest["map"] != content["map"] or there.state == "running":
            raise FolderError(f"{out}: holds another map, or one at work; name another folder")
        return RunFolder(there.path)
    folder = new_folder(out, f"{Path(made.scenario).stem}-map")
    folder.write_json(MANIFEST, content)
    return folder


def _folder(nth: int) -> str:
    return f"panel-{nth + 1}"


def _told(panel: Panel) -> dict[str, Any]:
    rows = [None if row is None else {"x": row.mean, "half_width": row.half_width, "seeds": row.n} for row in panel.frontier.rows]
    return {"outcomes": panel.outcomes.tolist(), "frontier": rows, "theory": panel.theory, "cells_off": panel.distances}
