"""What a tick of scaling is worth: besides what callers had to bear, pods and how often they change.

Pods are counted against what the offered work would keep busy: to shed it saves nothing.
"""

from __future__ import annotations

import numpy as np

from agents.learning.reward import Reward, Weights, blamed, served_badly, violated
from agents.learning.scaling.measuring import Measured


def reward_of(tick: Measured, weights: Weights) -> Reward:
    """A tick's reward, and each service's share of it, in the order of the file.

    Of lateness and failures a service is to blame by the share of all waiting that was done in it, all guided services alike where nobody
    waited; cost and churn are its own.
    """
    borne, guided = served_badly(tick, weights), tick.ideal > 0
    costs = weights.cost * tick.pods / max(1e-9, tick.ideal.sum())
    moves = weights.churn * tick.moved / np.maximum(1, tick.pods) / max(1, int(guided.sum()))
    blame = blamed(tick.waiting_ns.astype(np.float64), guided)
    terms = borne | {"cost": float(costs.sum()), "churn": float(moves.sum())}
    facts = tick.facts | {"cost": int(tick.pods.sum()), "churn": int(tick.moved.sum())}
    return Reward(terms, -(blame * sum(borne.values()) + costs + moves), violated(tick), facts)
