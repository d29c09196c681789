"""What everybody survived: a plane of each entrant, of each training one, under every seed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from parley.statistics.crossed import Design, Draws, Floats
from parley.survival.cells import OUTCOME, PODS


@dataclass(frozen=True)
class Basins:
    """Arrays are (trainings, y, x, seeds), of an entrant that is no policy (1, y, x, seeds)."""

    survived: Mapping[str, Floats]  # by entrant: 1 or 0; nan where a run could not go on
    pods: Mapping[str, Floats]  # asked for when the kick began

    def areas(self, name: str) -> Floats:
        """(trainings, seeds) the share of the plane that was survived."""
        found: Floats = self.survived[name].mean(axis=(1, 2))
        return found

    def drawn(self, name: str, draws: Draws) -> Floats:
        """(replicates,) the mean area of whoever was drawn."""
        found: Floats = draws.of(self.areas(name)).mean(axis=1)
        return found

    def shares(self, name: str) -> Floats:
        """(trainings, y, x) the share of seeds under which the mesh came back."""
        found: Floats = self.survived[name].mean(axis=3)
        return found

    @cached_property
    def design(self) -> Design:
        """How bootstraps draw."""
        shapes = [one.shape for one in self.survived.values()]
        return Design(max(shape[0] for shape in shapes), [shapes[0][3]])


def basins_of(table: Any, shape: tuple[int, int, int], level: float) -> Basins:
    """From all cells of a survival, in canonical order; `shape` is (y, x, seeds)."""
    figures: dict[str, dict[str, dict[str, list[float]]]] = {}
    for row in table.to_pylist():
        mine = figures.setdefault(row["entrant"], {}).setdefault(row["member"], {OUTCOME: [], PODS: []})
        for what, values in mine.items():
            values.append(math.nan if row[what] is None else row[what])
    arrays = {what: {name: np.array([one[what] for one in members.values()]).reshape(len(members), *shape)
                     for name, members in figures.items()} for what in (OUTCOME, PODS)}  # fmt: skip
    survived = {name: np.where(np.isnan(one), math.nan, one >= level) for name, one in arrays[OUTCOME].items()}
    return Basins(survived, arrays[PODS])
