"""Lazy capacity provisioning: the pods stay as they are, unless no optimal plan up to now would have had so few, or so many.

Lin, Wierman, Andrew and Thereska, Dynamic right-sizing for power-proportional data centers (INFOCOM 2011; ToN 21:5, 2013). It costs
at most three times the optimum, in whole pods too, where nobody who does not know the future can promise less (Albers and
Quedenfeld, SPAA 2018, arXiv 1807.05112). Costs are in pods: a pod costs 1 in every step that it runs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.float64]  # by number of pods, from the least one that is allowed

STRAIGHT_FROM = 0.95  # utilisation beyond which a step's cost goes on as a straight line, so that every count has one


def step_costs(load: float, request_cost: float, least: int, most: int) -> Costs:
    """What a step costs with least ... most pods: each 1, and request_cost for each request that is inside on average (H27).

    A pod is a server that shares itself (M/G/1-PS), the load is in pods that it keeps busy: rho = load/pods, and each pod has
    rho/(1 - rho) inside. Convex in the pods.
    """
    pods = np.arange(least, most + 1, dtype=np.float64)
    knee = load / STRAIGHT_FROM
    slope = (STRAIGHT_FROM / (1 - STRAIGHT_FROM)) ** 2  # of the curve at the knee
    served = np.maximum(pods, max(knee, 1e-300))
    inside = load * served / (served - load) + slope * (served - pods) * (load > 0)
    found: Costs = pods + request_cost * inside
    return found


def begun(pods: int, least: int, most: int, startup_cost: float) -> Costs:
    """What a course costs that has only its start, by where it is to begin: pods that are added have to be started (H28)."""
    found: Costs = startup_cost * np.maximum(np.arange(least, most + 1) - pods, 0).astype(np.float64)
    return found


def followed(course: Costs, step: Costs, startup_cost: float) -> Costs:
    """The least that a course one step longer costs, by where it ends; less what all have in common (H28)."""
    longer = _reached(course, startup_cost) + step
    found: Costs = longer - longer.min()
    return found


def bounds(course: Costs, ahead: Sequence[Costs], least: int, startup_cost: float) -> tuple[int, int]:
    """Pods at the end of the course in its optimal plans: the fewest if starting pods costs, the most if stopping them does (H28).

    `ahead` are the costs of the steps that are foreseen after it; the plans are optimal up to the last of them.
    """
    counts = np.arange(len(course), dtype=np.float64)
    rest, stopping = np.zeros(len(course)), -startup_cost * counts
    for step in reversed(ahead):
        # Backwards in time a pod that is stopped is one that is started.
        rest, stopping = (_reached((step + later)[::-1], startup_cost)[::-1] for later in (rest, stopping))
    lower, upper = course + rest, course + stopping
    return least + int(np.argmin(lower)), least + len(upper) - 1 - int(np.argmin(upper[::-1]))


def lazily(pods: int, lower: int, upper: int) -> int:
    """As few steps as lead between the bounds (H28)."""
    return max(lower, min(pods, upper))


def _reached(costs: Costs, startup_cost: float) -> Costs:
    """The least cost to have each count, from whatever count before: pods go for nothing, and cost when they start."""
    counts = startup_cost * np.arange(len(costs), dtype=np.float64)
    from_more = np.minimum.accumulate(costs[::-1])[::-1]
    from_fewer = np.minimum.accumulate(costs - counts) + counts
    found: Costs = np.minimum(from_more, from_fewer)
    return found
