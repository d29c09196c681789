"""Where calls should go, if one knows how many there are and what pods can do: weights that cost least, by a model of queues.

SLATE (Lim and others, NSDI 2026) does so with a model learned of each pool and a solver; here are zones by the dozen and five weights, so that
each zone's weights are improved in turn until none can be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from agents.learning.queueing import TAIL, Place
from agents.learning.reward import LATENESS_MAX, Weights
from agents.learning.routing.actions import LEVELS

ROUNDS = 4


@dataclass(frozen=True)
class Outset:
    """What is to be decided on: zones that call, and those that serve."""

    rates: Sequence[float]  # requests a second of each zone that calls
    homes: Sequence[int]  # its place among those that serve
    places: Sequence[Place]
    levels: Sequence[tuple[int, ...]]  # weights as they are, by zone that calls
    tick_s: float
    objective_s: float
    weights: Weights

    def cost(self, levels: Sequence[tuple[int, ...]]) -> float:
        """What a tick takes away, as the reward has it."""
        shares = [[one / sum(mine) for one in mine] for mine in levels]
        loads = [sum(rate * share[y] for rate, share in zip(self.rates, shares, strict=True)) for y in range(len(self.places))]
        late = [self._lateness(place, load) for place, load in zip(self.places, loads, strict=True)]
        total, found = max(1e-9, sum(self.rates)), 0.0
        for rate, share, home, before in zip(self.rates, shares, self.homes, self.levels, strict=True):
            moved = sum(abs(one - was / sum(before)) for one, was in zip(share, before, strict=True)) / 2
            slo = sum(one * math.log1p(self.weights.steepness * max(0.0, late[y] - 1)) for y, one in enumerate(share))
            found += rate / total * (self.weights.slo * slo + self.weights.cost * (1 - share[home])) + self.weights.churn * moved / len(shares)
        return found + sum(load * max(0.0, one - LATENESS_MAX) for load, one in zip(loads, late, strict=True)) / total

    def _lateness(self, place: Place, rate: float) -> float:
        """The 99th percentile over the objective; ever more where more comes than can be served."""
        busy = place.busy(rate, self.tick_s)
        if rate <= 0 or place.servers <= 0:
            return LATENESS_MAX * (rate > 0)
        return LATENESS_MAX * busy if busy >= 1 else TAIL * place.mean_s(rate, self.tick_s) / self.objective_s


def cheapest_levels(outset: Outset) -> list[tuple[int, ...]]:
    """Weights for each zone that calls: best answers in turn, from those that are, and from all at home."""
    choices = _choices(len(outset.places))
    alone = [tuple(LEVELS[-1] * (y == home) for y in range(len(outset.places))) for home in outset.homes]
    found = []
    for start in (list(outset.levels), alone):
        levels = start
        for _ in range(ROUNDS):
            before = list(levels)
            for zone in range(len(levels)):
                tried = [[*levels[:zone], one, *levels[zone + 1 :]] for one in choices]
                levels = min(tried, key=outset.cost)
            if levels == before:
                break
        found.append(levels)
    return min(found, key=outset.cost)


def _choices(many: int) -> list[tuple[int, ...]]:
    """Each split once, the first weights that say it."""
    found: dict[tuple[float, ...], tuple[int, ...]] = {}
    for levels in product(LEVELS, repeat=many):
        if any(levels):
            found.setdefault(tuple(one / sum(levels) for one in levels), levels)
    return list(found.values())
