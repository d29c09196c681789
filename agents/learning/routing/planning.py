"""Where calls should go, if one knows how many there are and what pods can do: weights that cost least, by a model of queues.

SLATE (Lim and others, NSDI 2026) does so with a model learned of each pool and a solver; here are few zones and five weights, so that each
zone's weights are improved in turn until none can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from agents.learning.queueing import TAIL, Place, Places, Reals
from agents.learning.reward import LATENESS_MAX, Weights
from agents.learning.routing.actions import LEVELS

ROUNDS = 4
Levels = tuple[int, ...]  # weights of the ways of a zone


@dataclass(frozen=True)
class Outset:
    """What is to be decided on: zones that call, and those that serve."""

    rates: Sequence[float]  # requests a second of each zone that calls
    homes: Sequence[int]  # its place among those that serve
    places: Sequence[Place]
    levels: Sequence[Levels]  # as they are, by zone that calls
    tick_s: float
    objective_s: float
    weights: Weights

    def costs(self, plans: Reals) -> Reals:
        """(plans,) What a tick takes away, as the reward has it, of plans (plans, zones that call, zones that serve) of shares."""
        rates, before = np.array(self.rates), _shares(self.levels)
        total, places = max(1e-9, float(rates.sum())), Places(self.places, self.tick_s)
        loads = (plans * rates[:, None]).sum(axis=1)
        busy = places.busy(loads)
        late = np.where(busy >= 1, LATENESS_MAX * np.minimum(busy, LATENESS_MAX), TAIL * places.mean_s(loads) / self.objective_s)
        dear = np.log1p(self.weights.steepness * np.maximum(0.0, np.minimum(late, LATENESS_MAX) - 1))
        away = 1 - plans[:, np.arange(len(rates)), list(self.homes)]
        moved = np.abs(plans - before).sum(axis=(1, 2)) / 2 / len(rates)
        found: Reals = (
            self.weights.slo * (loads * dear).sum(axis=1) / total + self.weights.cost * (away * rates).sum(axis=1) / total
            + self.weights.churn * moved + (loads * np.maximum(0.0, late - LATENESS_MAX)).sum(axis=1) / total
        )  # fmt: skip
        return found


def cheapest_levels(outset: Outset) -> list[Levels]:
    """Weights for each zone that calls: best answers in turn, from those that are, and from all at home."""
    choices = _choices(len(outset.places))
    tried = _shares(choices)
    alone = [tuple(LEVELS[-1] * (y == home) for y in range(len(outset.places))) for home in outset.homes]
    found = []
    for start in (list(outset.levels), alone):
        levels = list(start)
        for _ in range(ROUNDS):
            before = list(levels)
            for zone in range(len(levels)):
                plans = np.repeat(_shares(levels)[None], len(choices), axis=0)
                plans[:, zone] = tried
                levels[zone] = choices[int(outset.costs(plans).argmin())]
            if levels == before:
                break
        found.append(levels)
    return min(found, key=lambda levels: float(outset.costs(_shares(levels)[None])[0]))


def _shares(levels: Sequence[Levels]) -> Reals:
    weights = np.array(levels, dtype=np.float64)
    shares: Reals = weights / weights.sum(axis=-1, keepdims=True)
    return shares


def _choices(many: int) -> list[Levels]:
    """Each split once, the first weights that say it."""
    found: dict[tuple[float, ...], Levels] = {}
    for levels in product(LEVELS, repeat=many):
        if any(levels):
            found.setdefault(tuple(one / sum(levels) for one in levels), levels)
    return list(found.values())
