"""What a lie gains in the loop: the liar's own utility by the factor it lies by, the best reply found, and who pays for it.

Utility is what the good answers of its class are worth less what it pays, an hour. The best of several factors is the luckiest of them,
too; so it is looked for under the first half of the seeds, and what it gains is told of the other half.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from parley.contests.files import Lie
from parley.contests.outcomes import Outcomes, World
from parley.statistics.intervals import Difference, Estimate, Figures, difference, estimate

PAID = "negotiation.paid"
PAYMENTS = ("liar pays", "others pay")  # currency an hour; all else that a lie changes is a share


@dataclass(frozen=True)
class Gain:
    """Of one mechanism: what lying by each factor gains over the truth, by pairs of the same seed."""

    name: str
    truth: Estimate  # utility of the truth, currency an hour
    gains: Mapping[float, Difference]  # by factor, over all seeds
    best: float  # the factor with the largest mean under the first half of the seeds
    fresh: Difference  # what that one gains under the other half
    hindsight: Estimate  # what the best factor of each seed gains there: more than any liar could count on, never below 0
    truthful: int  # seeds in which the truth is best
    paid_by: Mapping[str, Difference]  # what the lie that is shown changes: shares of good answers by class, payments an hour, ...

    def as_json(self) -> dict[str, Any]:
        """For contest.json."""
        return {
            "truth": self.truth.mean, "gains": {f"{factor:g}": _told(one) for factor, one in self.gains.items()},
            "best": self.best, "fresh": _told(self.fresh), "hindsight": self.hindsight.mean, "truth_is_best_in": self.truthful,
            "paid_by": {name: _told(one) for name, one in self.paid_by.items()},
        }  # fmt: skip


def gain_of(name: str, lie: Lie, found: Mapping[float, Outcomes], world: World) -> Gain:
    """Of one mechanism, from its outcomes by factor."""
    utilities = {factor: utility(mine, lie, world) for factor, mine in found.items()}
    truth = utilities[lie.truth]
    half = len(truth) // 2
    best = max(utilities, key=lambda factor: (float(utilities[factor][:half].mean()), factor == lie.truth))
    most = np.max(list(utilities.values()), axis=0)
    return Gain(
        name, estimate(truth.tolist()), {factor: _apart(truth, mine) for factor, mine in utilities.items()},
        best, _apart(truth[half:], utilities[best][half:]), estimate((most - truth).tolist()), int((most == truth).sum()),
        changes(found[lie.truth], found[lie.shown], lie.liar, world),
    )  # fmt: skip


def utility(mine: Outcomes, lie: Lie, world: World) -> Figures:
    """Worth of its class's good answers less its payments, currency an hour, by seed."""
    good = mine.values(f"classes.{lie.earns}.good") * mine.values(f"classes.{lie.earns}.measured.offered")
    worth: Figures = world.worth[lie.earns] / 1000 * good / world.measured_hours
    return worth - np.nan_to_num(mine.values(f"{PAID}.{lie.liar}")) / world.measured_hours


def changes(truth: Outcomes, lied: Outcomes, liar: str, world: World) -> dict[str, Difference]:
    """What a lie changes for everybody: shares of good answers by class, then payments an hour."""
    found = {f"{name} good": _apart(truth.values(f"classes.{name}.good"), lied.values(f"classes.{name}.good")) for name in world.worth}
    found["worth not earned"] = _apart(truth.values("negotiation.violation"), lied.values("negotiation.violation"))
    paid = [(one.values(f"{PAID}.{liar}") / world.measured_hours, one.values(PAID) / world.measured_hours) for one in (truth, lied)]
    (his, every), (his_then, every_then) = ((np.nan_to_num(mine), np.nan_to_num(all_of)) for mine, all_of in paid)
    return found | dict(zip(PAYMENTS, (_apart(his, his_then), _apart(every - his, every_then - his_then)), strict=True))


def _apart(truth: Figures, lied: Figures) -> Difference:
    return difference(truth.tolist(), lied.tolist(), same_seeds=True)


def _told(one: Difference) -> dict[str, float]:
    return {"mean": one.difference, "half_width": one.half_width}
