"""What alternatives came to, seed by seed: from the cells of sweeps, or as contest.json keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from parley.errors import FolderError
from parley.recording.bargaining import worths
from parley.statistics.intervals import Figures
from parley.sweeps.sweeping import Sweep
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import HOUR_NS

DIGITS = 10  # that are kept of a figure
DIGEST = 16  # characters that are kept of a trace's
KEPT, KEPT_ENDS = ("negotiation.", "cost.pod_hours", "cost.total"), (".good", ".measured.offered")
OF_WORTH = ("violation", "earned", "value_per_hour", "jain", "worst_class_good")


@dataclass(frozen=True)
class World:
    """What has to be known of a world to judge what came of it."""

    worth: Mapping[str, float]  # currency for a thousand good answers, by class
    measured_hours: float  # after the warm-up
    currency: str

    @classmethod
    def of(cls, scenario: Scenario, until_ns: int) -> World:
        """A scenario that is run so long."""
        return cls(worths(scenario), (until_ns - int(scenario.warmup)) / HOUR_NS, scenario.currency)


@dataclass(frozen=True)
class Outcomes:
    """Of one alternative under each seed, in their order."""

    digests: tuple[str, ...]  # of traces; the first characters
    figures: Mapping[str, tuple[float, ...]]  # by path, nan where a run has none

    def values(self, path: str) -> Figures:
        """A figure; of a path above several their sum. nan where there is none."""
        if path in self.figures:
            return np.array(self.figures[path], dtype=float)
        below = [values for name, values in self.figures.items() if name.startswith(f"{path}.")]
        return np.sum(np.array(below, dtype=float), axis=0) if below else np.full(len(self.digests), np.nan)

    def below(self, path: str) -> list[str]:
        """The last words of the paths below one."""
        return [name.removeprefix(f"{path}.") for name in self.figures if name.startswith(f"{path}.")]

    def as_json(self) -> dict[str, Any]:
        """As contest.json keeps it."""
        return {"digests": list(self.digests), "figures": {path: list(values) for path, values in self.figures.items()}}

    @classmethod
    def kept(cls, content: Mapping[str, Any]) -> Outcomes:
        """From contest.json."""
        figures = {path: tuple(float("nan") if one is None else one for one in values) for path, values in content["figures"].items()}
        return cls(tuple(content["digests"]), figures)


def outcomes_of(made: Sweep, told: Sequence[str], world: World) -> list[Outcomes]:
    """Of every point of a sweep in canonical order. Raises FolderError where cells are missing, or one could not go on."""
    table, seeds = made.cells(), len(made.manifest["seeds"])
    if len(table) != made.grid.size:
        raise FolderError(f"{made.path}: has {len(table)} of {made.grid.size} cells; finish it first")
    faults = [one for one in table["fault"].to_pylist() if one is not None]
    if faults:
        raise FolderError(f"{made.path}: {len(faults)} cells could not go on, the first one because: {faults[0]}")
    digests = table["trace_digest"].to_pylist()
    columns = {name: [rounded(one) for one in table[name].to_pylist()] for name in table.column_names if is_kept(name, told)}
    found = []
    for first in range(0, len(table), seeds):
        part = slice(first, first + seeds)
        figures = {name: tuple(values[part]) for name, values in columns.items() if not np.isnan(values[part]).all()}
        found.append(with_worth(Outcomes(tuple(one[:DIGEST] for one in digests[part]), figures), world))
    return found


def is_kept(path: str, told: Sequence[str]) -> bool:
    """Whether a figure is of those that a contest is judged by."""
    classes = path.startswith("classes.") and path.endswith(KEPT_ENDS)
    return classes or path.startswith(KEPT) or any(path == one or path.startswith(f"{one}.") for one in told)


def rounded(value: float | None) -> float:
    """A figure with the digits that are kept; nan where there is none."""
    return float("nan") if value is None else float(f"{value:.{DIGITS}g}")


def with_worth(found: Outcomes, world: World) -> Outcomes:
    """With what good answers were worth, where nobody bargains and the summary so says nothing of it."""
    if "negotiation.violation" in found.figures:
        return found
    worth = np.array(list(world.worth.values()))[:, None]
    good = np.array([found.values(f"classes.{name}.good") for name in world.worth])
    offered = np.array([found.values(f"classes.{name}.measured.offered") for name in world.worth])
    earned, possible = (worth * good * offered).sum(axis=0), (worth * offered).sum(axis=0)
    told = (1 - earned / possible, earned / possible, earned / 1000 / world.measured_hours,
            good.sum(axis=0) ** 2 / (len(good) * (good**2).sum(axis=0)), good.min(axis=0))  # fmt: skip
    more = {f"negotiation.{name}": tuple(map(rounded, values.tolist())) for name, values in zip(OF_WORTH, told, strict=True)}
    return Outcomes(found.digests, {**found.figures, **more, "negotiation.messages": (0.0,) * len(found.digests)})
