"""What a tick of rightsizing is worth: besides what callers had to bear, the CPU that pods reserve, and pods that were restarted."""

from __future__ import annotations

import numpy as np

from agents.learning.reward import Reward, Weights, blamed, served_badly, violated
from agents.learning.rightsizing.measuring import Measured


def reward_of(tick: Measured, weights: Weights) -> Reward:
    """A tick's reward, and each service's share of it.

    `cost` is w sum of milli-cores requested / milli-cores of work that was offered, so that to shed work saves nothing; `churn` is w mean
    share of pods restarted. Of lateness and failures a service is to blame by the share of all waiting and throttling that was done in it,
    all alike where there was none; cost and churn are its own.
    """
    borne, rows = served_badly(tick, weights), len(tick.pods)
    costs = weights.cost * tick.reserved / max(1.0, float(tick.ideal.sum()))
    moves = weights.churn * tick.restarted / np.maximum(1, tick.pods) / rows
    blame = blamed(tick.held_ns.astype(np.float64), np.ones(rows, dtype=np.bool_))
    terms = borne | {"cost": float(costs.sum()), "churn": float(moves.sum())}
    facts = tick.facts | {"cost": int(tick.reserved.sum()), "churn": int(tick.restarted.sum())}
    return Reward(terms, -(blame * sum(borne.values()) + costs + moves), violated(tick), facts)
