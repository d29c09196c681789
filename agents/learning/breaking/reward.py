"""What a tick of breaking is worth: besides what callers had to bear, the answers that they did without, and settings changed."""

from __future__ import annotations

import numpy as np

from agents.learning.breaking.measuring import Measured
from agents.learning.reward import Reward, Weights, blamed, served_badly, violated
from sim.telemetry import Integers


def reward_of(tick: Measured, moved: Integers, weights: Weights) -> Reward:
    """A tick's reward, and each route's share of it.

    `cost` is w sum of calls without an answer / requests offered: a page without its reviews is not free, or all would be shed.
    Of lateness and failures a route is to blame by the share of all waiting that was done at its callee, all alike where nobody waited;
    calls without an answer and changed settings are its own.
    """
    borne, rows = served_badly(tick, weights), len(tick.calls)
    missed = weights.cost * tick.missed / max(1, int(tick.offered.sum()))
    moves = weights.churn * moved / rows
    blame = blamed(tick.waiting_ns.astype(np.float64), np.ones(rows, dtype=np.bool_))
    terms = borne | {"cost": float(missed.sum()), "churn": float(moves.sum())}
    facts = tick.facts | {"cost": int(tick.missed.sum()), "churn": int(moved.sum())}
    return Reward(terms, -(blame * sum(borne.values()) + missed + moves), violated(tick), facts)
