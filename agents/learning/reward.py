"""What a tick is worth: the sum of terms that never saturate where a mesh may be, so that worse is always told from bad.

A penalty that saturates teaches to give up: once all is late, fewer pods cost nothing more. So lateness counts by its logarithm,
failures by their share, and pods against what the offered work would keep busy: to shed it saves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.learning.measuring import Measured

LATENESS_MAX = 10.0  # times the objective; what fails is as late


@dataclass(frozen=True)
class Weights:
    """Of the terms of a tick."""

    slo: float = 4.0
    drop: float = 8.0
    cost: float = 0.5
    churn: float = 0.05
    steepness: float = 1.0  # beta: how fast lateness grows dear


@dataclass(frozen=True)
class Reward:
    """Of one tick: terms are what each takes away, and their sum taken negative is the reward."""

    terms: dict[str, float]
    shares: NDArray[np.float64]  # (services,) of the reward, in the order of the file: they sum to it
    violated: float  # share of the classes with an objective that missed it

    @property
    def total(self) -> float:
        """The team's."""
        return -sum(self.terms.values())


def reward_of(tick: Measured, weights: Weights) -> Reward:
    """A tick's reward, and each service's share of it.

    Of lateness and failures a service is to blame by the share of all waiting that was done in it, all guided services alike where nobody
    waited; cost and churn are its own.
    """
    offered = max(1, int(tick.offered.sum()))
    late = np.minimum(tick.lateness, LATENESS_MAX)
    importance = tick.offered / offered
    slo = weights.slo * float((importance * np.log1p(weights.steepness * np.maximum(0.0, late - 1))).sum())
    drop = weights.drop * float(tick.failed.sum()) / offered
    guided = tick.ideal > 0
    costs = weights.cost * tick.pods / max(1e-9, tick.ideal.sum())
    moves = weights.churn * tick.moved / np.maximum(1, tick.pods) / max(1, int(guided.sum()))
    waited = np.where(guided, tick.waiting_ns, 0).astype(np.float64)
    blame = waited / waited.sum() if waited.sum() > 0 else guided / max(1, int(guided.sum()))
    terms = {"slo": slo, "drop": drop, "cost": float(costs.sum()), "churn": float(moves.sum())}
    return Reward(terms, -(blame * (slo + drop) + costs + moves), _violated(tick))


def _violated(tick: Measured) -> float:
    known = tick.lateness > 0
    return float((tick.lateness[known] > 1).mean()) if known.any() else 0.0
