"""What a tick of bidding is worth: what callers had to bear, by what their answers are worth, and the price of the pods in use.

Payments are none of it: what one party pays another has, and the team is no richer or poorer for it.
"""

from __future__ import annotations

import numpy as np

from agents.learning.bidding.measuring import Measured
from agents.learning.reward import Reward, Weights, borne_by, violated
from agents.learning.traffic import Shares


def reward_of(tick: Measured, moved: Shares, price: float, worth: Shares, weights: Weights) -> Reward:
    """A tick's reward, and each bidder's share of it.

    `moved`: (bidders,) by how much each changed its multiple, in octaves; `price`: of a unit and hour; `worth`: (classes,) of a thousand
    answers. Each class's lateness and failures are shared by those who bid for it, by who made its requests wait or turned them away; of
    `cost`, w price of units / worth of what was offered, all have the same share.
    """
    borne, rows = borne_by(tick, weights, worth), len(moved)
    hours = (tick.until_ns - tick.since_ns) / 3600e9
    offered = float((worth * tick.offered).sum()) / 1000
    cost = weights.cost * price * hours * int(tick.units.sum()) / max(1e-9, offered)
    moves = weights.churn * moved / rows
    terms = {name: float(some.sum()) for name, some in borne.items()} | {"cost": cost, "churn": float(moves.sum())}
    shares = -(sum(borne.values()) @ tick.blame + cost / rows + moves)
    facts = tick.facts | {"cost": int(tick.units.sum()), "churn": float(moved.sum())}
    return Reward(terms, np.asarray(shares, dtype=np.float64), violated(tick), facts)
