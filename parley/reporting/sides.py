"""What a report is asked of. Runs of one world stand together, a seed each, as a side, and sides are set against the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from parley.analysis.timeline import Array, Timeline
from parley.comparisons.comparing import COMPARISON, differences
from parley.errors import FolderError, UsageError
from parley.maps.mapping import KIND as MAP
from parley.maps.mapping import OutcomeMap
from parley.runs.measures import figures
from parley.runs.replicating import is_replications, open_replications
from parley.runs.results import Run, load_run
from parley.statistics.intervals import Difference, Estimate, estimate
from parley.storage.run_folder import MANIFEST, RUNS, read_json
from parley.sweeps.sweeping import KIND as SWEEP
from parley.sweeps.sweeping import Sweep

RUN = "run"
WORDS = {RUN: "runs", MAP: "a map", SWEEP: "a sweep"}


@dataclass(frozen=True)
class Side:
    """Runs of one world under one or more seeds."""

    name: str
    runs: dict[int, Run]  # by seed

    @property
    def first(self) -> Run:
        """The run with the least seed."""
        return self.runs[min(self.runs)]

    @cached_property
    def figures(self) -> dict[str, list[float]]:
        """By dotted path of the summary: a value a seed that has it."""
        return figures([self.runs[seed].summary for seed in sorted(self.runs)])

    @cached_property
    def timelines(self) -> list[Timeline]:
        """Of each run, in order of seed; the world is read once."""
        return [Timeline(self.runs[seed].path, self.first.scenario) for seed in sorted(self.runs)]

    def mean(self, path: str) -> Estimate | None:
        """Over the seeds, with its interval; None where no run has the figure."""
        return estimate(self.figures[path]) if self.figures.get(path) else None


@dataclass(frozen=True)
class Sides:
    """Alternatives, the first of which the others are measured against."""

    sides: Sequence[Side]

    @cached_property
    def differences(self) -> list[dict[str, Difference]]:
        """Of each side but the first: how much more it has."""
        first, *others = self.sides
        return [differences(first.runs, other.runs) for other in others]

    @property
    def timeline(self) -> Timeline:
        """The longest of the first runs: the axis of time, the warm-up and faults of all."""
        return max((side.timelines[0] for side in self.sides), key=lambda one: one.end_s)


def opened(sources: Sequence[Path]) -> list[Run] | Sides | list[OutcomeMap] | list[Sweep]:
    """What the folders hold: a single run as it is, sides where there are several or replications; or only maps, or only sweeps.

    Raises FolderError where one holds nothing of that, UsageError where kinds are mixed or a folder of seeds has no complete one.
    """
    kinds = {source: _kind(source) for source in sources}
    if len(set(kinds.values())) > 1:
        for source in (one for one, kind in kinds.items() if kind == RUN and not _parts(one)):
            load_run(source)  # says so where there is none
        told = ", ".join(f"{source} holds {WORDS[kind]}" for source, kind in kinds.items())
        raise UsageError(f"a page is of runs, of maps or of sweeps: {told}; write a page of each")
    if MAP in kinds.values():
        return [_finished(OutcomeMap(_place(source))) for source in sources]
    if SWEEP in kinds.values():
        return [Sweep(_place(source)) for source in sources]
    if len(sources) == 1 and not _parts(sources[0]):
        return [load_run(sources[0])]
    runs: list[tuple[str, Run]] = []
    for source in sources:
        for place in _parts(source) or [source]:
            runs += [(place.name, run) for run in _runs(place)]
    return Sides(_sorted(runs))


def _place(source: Path) -> Path:
    """Where a source is; a bare name is looked for below results/runs, too."""
    return next((place for place in (source, RUNS / source) if (place / MANIFEST).is_file()), source)


def _kind(source: Path) -> str:
    """MAP, SWEEP, or RUN for whatever else."""
    path = _place(source) / MANIFEST
    kind = read_json(path).get("kind") if path.is_file() else RUN
    return str(kind) if kind in WORDS else RUN


def _finished(found: OutcomeMap) -> OutcomeMap:
    """A map with all its cells. Raises FolderError."""
    if found.state != "complete":
        raise FolderError(f"{found.path}: holds a map that is {found.state}; `parley map` with the same --out finishes it first")
    return found


def _parts(source: Path) -> list[Path]:
    """The folders of replications at a place: itself, or both sides of a comparison."""
    for place in (source, RUNS / source):
        if (place / COMPARISON).is_file():
            return [place / side for side in ("a", "b")]
        if is_replications(place):
            return [place]
    return []


def _runs(place: Path) -> list[Run]:
    if not is_replications(place):
        run = load_run(place)
        if not run.has_summary:
            raise FolderError(f"{place}: has no summary, as it was stopped at once; report it alone, or leave it out")
        return [run]
    runs = list(open_replications(place).runs().values())
    if not runs:
        raise UsageError(f"{place}: no seed is complete")
    return runs


def _sorted(runs: Sequence[tuple[str, Run]]) -> list[Side]:
    """One side for each world and length, in the order they came; a name that is not enough says its folder, too."""
    groups: dict[tuple[str, int], dict[int, Run]] = {}
    folders: dict[tuple[str, int], str] = {}
    for folder, run in runs:
        key = (run.manifest["scenario_digest"], run.manifest["until_ns"])
        groups.setdefault(key, {}).setdefault(run.manifest["seed"], run)
        folders.setdefault(key, folder)
    names = [next(iter(group.values())).manifest["scenario"] for group in groups.values()]
    return [
        Side(name if names.count(name) == 1 else f"{name} ({folders[key]})", group)
        for name, (key, group) in zip(names, groups.items(), strict=True)
    ]


def stacked(series: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
    """(time, values of each seed) of lines on the same windows, as far as all go."""
    shortest = min(len(time) for time, _ in series)
    return series[0][0][:shortest], np.array([values[:shortest] for _, values in series])
