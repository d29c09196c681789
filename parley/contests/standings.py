"""How alternatives stand against each other in one event: means, paired differences from the baseline, losses, verdicts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from parley.contests.files import VALUE, Claim, Told
from parley.contests.outcomes import Outcomes
from parley.statistics.intervals import Difference, Estimate, difference, estimate

VERDICTS = BETTER, WORSE, UNDECIDED, SAME = ("better", "worse", "undecided", "the same")
HOLDS, FAILS = "holds", "does not hold"


@dataclass(frozen=True)
class Standing:
    """One figure of one alternative."""

    known: Estimate
    against: Difference | None  # how much more than the baseline; None where one of them has no such figure
    verdict: str | None  # against the baseline; None of the baseline itself, and where nothing is better or worse

    def as_json(self) -> dict[str, Any]:
        """For contest.json."""
        told = {"mean": self.known.mean, "half_width": self.known.half_width}
        if self.against is None:
            return told
        return told | {"against": self.against.difference, "against_half_width": self.against.half_width, "verdict": self.verdict}


@dataclass(frozen=True)
class Row:
    """One alternative in one event."""

    name: str
    standings: Mapping[str, Standing]  # by what figures are called
    loss: Estimate  # 1 - worth earned / worth the reference earned, by pairs of the same seed

    def as_json(self) -> dict[str, Any]:
        """For contest.json."""
        told = {name: one.as_json() for name, one in self.standings.items()}
        return {"loss": {"mean": self.loss.mean, "half_width": self.loss.half_width}, **told}


def rows_of(found: Mapping[str, Outcomes], told: Mapping[str, Told], baseline: str, reference: str) -> list[Row]:
    """Of all alternatives of an event, in their order."""
    return [Row(name, {what: _standing(found, name, one, baseline) for what, one in told.items()}, loss_of(mine, found[reference]))
            for name, mine in found.items()]  # fmt: skip


def loss_of(mine: Outcomes, reference: Outcomes) -> Estimate:
    """The share of what the reference earned that one does not, seed by seed; negative where it earns more."""
    values = 1 - mine.values(VALUE) / reference.values(VALUE)
    return estimate(values[~np.isnan(values)].tolist())


def verdict_of(found: Difference, better: str | None) -> str | None:
    """What a difference from the baseline says; undecided where its interval has zero in it."""
    if better is None or math.isnan(found.half_width):
        return None
    if not found.is_clear:
        return SAME if found.difference == 0 and found.half_width == 0 else UNDECIDED
    return BETTER if (found.difference < 0) == (better == "less") else WORSE


def judged(claim: Claim, found: Mapping[str, Outcomes], told: Told, reference: str) -> tuple[str, str]:
    """(verdict, what was measured) of a claim: it holds or does not where the whole interval does, else it is undecided."""
    if claim.loss is not None:
        loss, most = loss_of(found[claim.of], found[reference]), float(claim.loss)
        verdict = HOLDS if loss.mean + loss.half_width <= most else FAILS if loss.mean - loss.half_width > most else UNDECIDED
        return verdict, f"loses {100 * loss.mean:z.1f} ± {100 * loss.half_width:z.1f} % against the reference"
    assert claim.against is not None, "a claim is of a loss, or against somebody"
    apart = difference(found[claim.against].values(told.figure).tolist(), found[claim.of].values(told.figure).tolist(), same_seeds=True)
    says = verdict_of(apart, told.better)
    measured = f"{100 * apart.difference:+z.2f} ± {100 * apart.half_width:z.2f} points than {claim.against}"
    return HOLDS if says in (BETTER, SAME) else FAILS if says == WORSE else UNDECIDED, measured


def _standing(found: Mapping[str, Outcomes], name: str, told: Told, baseline: str) -> Standing:
    mine, theirs = found[name].values(told.figure), found[baseline].values(told.figure)
    known = estimate(mine[~np.isnan(mine)].tolist())
    both = ~np.isnan(mine) & ~np.isnan(theirs)
    if name == baseline or both.sum() < 2:
        return Standing(known, None, None)
    against = difference(theirs[both].tolist(), mine[both].tolist(), same_seeds=True)
    return Standing(known, against, verdict_of(against, told.better))
