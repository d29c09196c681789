"""What everybody came to: figures by family and controller, a row for each training and a column for each episode."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from agents.learning.reward import Weights
from parley.evaluations.cells import FIGURES, TERMS
from parley.statistics.crossed import Design, Draws, Floats


@dataclass(frozen=True)
class Outcomes:
    """Under one weighting; figures are (trainings, episodes), of a rule (1, episodes)."""

    weights: Weights
    families: tuple[str, ...]
    controllers: tuple[str, ...]
    figures: Mapping[tuple[str, str], Mapping[str, Floats]]  # by family and controller, then by what they are called

    def costs(self, family: str, controller: str) -> Floats:
        """J of each episode."""
        return self._costs[family, controller]

    @cached_property
    def _costs(self) -> dict[tuple[str, str], Floats]:
        return {key: np.sum([getattr(self.weights, name) * found[f"term_{name}"] for name in TERMS], axis=0)
                for key, found in self.figures.items()}  # fmt: skip

    def mean(self, family: str, controller: str, figure: str) -> float:
        """Of a figure over all trainings and episodes."""
        return float(self.figures[family, controller][figure].mean())

    @cached_property
    def design(self) -> Design:
        """How bootstraps draw."""
        seeds = max((len(self.costs(*key)) for key in self.figures), default=1)
        return Design(seeds, [self.costs(family, self.controllers[0]).shape[1] for family in self.families])

    def drawn(self, family: str, controller: str, draws: Draws) -> Floats:
        """(replicates, trainings * episodes) J of whoever was drawn; a rule has one training whatever is drawn."""
        return draws.of(self.costs(family, controller), self.families.index(family))

    def averages(self, controller: str, draws: Draws, families: Sequence[str]) -> Floats:
        """(replicates, families) mean J of whoever was drawn."""
        return np.stack([self.drawn(family, controller, draws).mean(axis=1) for family in families], axis=1)


def outcomes_of(table: Any, weights: Weights, weighting: str, families: Sequence[str], names: Sequence[str],
                is_any: Callable[[str], bool], hindsight: Collection[str] = ()) -> Outcomes:  # fmt: skip
    """From the cells of an evaluation; nan where an episode could not go on.

    `is_any` says of whom that he is the same under all weightings; of those in `hindsight` the member counts that costs least.
    """
    rows = [row for row in table.to_pylist() if row["family"] in families and row["controller"] in names]
    found: dict[tuple[str, str], dict[str, dict[str, list[float]]]] = {}
    for row in rows:
        if row["weighting"] == weighting or is_any(row["controller"]):
            members = found.setdefault((row["family"], row["controller"]), {})
            mine = members.setdefault(row["member"], {name: [] for name in FIGURES})
            for name in FIGURES:
                mine[name].append(math.nan if row[name] is None else row[name])
    figures = {key: {name: np.array([mine[name] for mine in members.values()]) for name in FIGURES} for key, members in found.items()}
    made = Outcomes(weights, tuple(families), tuple(names), figures)
    best = {key: _cheapest(made.costs(*key)) for key in figures if key[1] in hindsight}
    return replace(made, figures={key: {name: values[[best[key]]] if key in best else values for name, values in mine.items()}
                                  for key, mine in figures.items()})  # fmt: skip


def _cheapest(costs: Floats) -> int:
    """Of (members, episodes) the member; one of whom an episode is not known does not count."""
    means = costs.mean(axis=1)
    return int(np.where(np.isnan(means), np.inf, means).argmin())
