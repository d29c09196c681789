"""Whom a policy that bids is compared with: the truth, the best that stays the same, and a planner who knows what will come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agents.learning.baselines import Baseline, Decider, Standing, anything
from agents.learning.bidding.actions import MULTIPLES

if TYPE_CHECKING:
    from agents.learning.playing import Play

FOUND = {"front": 0.5, "cart": 3.0, "pay": 3.0, "catalog": 3.0, "recommend": 3.0}  # by search in training episodes


@dataclass(frozen=True)
class Staying:
    """Bidders with multiples of their own, the same in every round; whoever has none bids the truth."""

    multiples: Mapping[str, float]

    def __call__(self, play: Play) -> Decider:
        """For one episode."""
        return lambda: np.array([MULTIPLES.index(self.multiples.get(row, 1.0)) for row in play.rows], dtype=np.int64)


BIDDERS: Mapping[str, Baseline] = {
    "clairvoyant": Baseline("no bids: a planner who knows the load to come divides by it", Standing.ORACLE,
                            ("negotiations.pods.pool.by={planner: {view: clairvoyant}}",)),
    "found": Baseline("the best multiples that stay the same, by search: much where pods are short, little for the front", Standing.GOOD,
                      seated=Staying(FOUND)),
    "truthful": Baseline("everyone bids what more is worth to him", Standing.NAIVE),
    "random": Baseline("any multiple in any round", Standing.NAIVE, seated=anything),
    "upside down": Baseline("thrice for what is worth least, half for what is worth most", Standing.SILLY,
                            seated=Staying({"front": 0.5, "cart": 0.5, "pay": 0.5, "catalog": 3.0, "recommend": 3.0})),
}  # fmt: skip
