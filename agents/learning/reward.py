"""What a tick is worth: the sum of terms that never saturate where a mesh may be, so that worse is always told from bad.

A penalty that saturates teaches to give up: once all is late, more of it costs nothing. So lateness counts by its logarithm and
failures by their share. What else a decision costs is a chair's own: pods, egress, moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from agents.learning.traffic import Shares, Traffic

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

    terms: Mapping[str, float]
    shares: NDArray[np.float64]  # (rows,) of the reward: they sum to it
    violated: float  # share of the classes with an objective that missed it
    facts: Mapping[str, float] = field(default_factory=dict)  # in units of their own: `cost`, `churn`, `offered`, `dropped`

    @property
    def total(self) -> float:
        """The team's."""
        return -sum(self.terms.values())


def served_badly(traffic: Traffic, weights: Weights) -> dict[str, float]:
    """The terms that every chair has: what callers had to bear.

    slo = w sum_k offered_k / offered * log(1 + beta max(0, lateness_k - 1)) over classes k; drop = w failed / offered.
    """
    return {name: float(of_classes.sum()) for name, of_classes in borne_by(traffic, weights).items()}


def borne_by(traffic: Traffic, weights: Weights, worth: Shares | None = None) -> dict[str, Shares]:
    """These terms by class, (classes,): a request counts by what its answer is worth, where that is said, else all alike."""
    each = np.ones(len(traffic.offered)) if worth is None else worth
    offered = max(1e-9, float((each * traffic.offered).sum()))
    late = np.log1p(weights.steepness * np.maximum(0.0, np.minimum(traffic.lateness, LATENESS_MAX) - 1))
    return {"slo": weights.slo * each * traffic.offered / offered * late, "drop": weights.drop * each * traffic.failed / offered}


def violated(traffic: Traffic) -> float:
    """Share of the classes of which something finished that missed their objective."""
    known = traffic.lateness > 0
    return float((traffic.lateness[known] > 1).mean()) if known.any() else 0.0


def blamed(amounts: NDArray[np.float64], rows: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(rows,) shares that sum to one, by amounts of what went wrong in each; of `rows` all alike where nothing did."""
    held = np.where(rows, amounts, 0.0)
    total = held.sum()
    shares: NDArray[np.float64] = held / total if total > 0 else rows / max(1, int(rows.sum()))
    return shares
