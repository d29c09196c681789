"""How many seeds are enough: some are run, then more, until a figure is known well enough or a question is decided."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from parley.errors import UsageError
from parley.statistics.intervals import CONFIDENCE, Difference, Estimate, difference

FIRST = 10  # seeds of the first look: an interval of fewer is a guess about its own width
LOOKS_MAX = 8


@dataclass(frozen=True)
class Precision:
    """A half-width (95 %), as a share of the mean, that one figure of a summary shall have."""

    share: float
    of: str

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise UsageError(f"precision is a share between 0 and 100 %, not {self.share:.3g}")

    def is_reached(self, one: Estimate) -> bool:
        """Whether an estimate of the figure is good enough."""
        return one.half_width <= self.share * abs(one.mean)

    def as_json(self, one: Estimate) -> dict[str, Any]:
        """What was asked, what was reached, and how many seeds would do, as the width falls with their square root."""
        width = one.half_width / abs(one.mean) if one.mean else math.nan
        needed = one.n if self.is_reached(one) else math.ceil(one.n * (width / self.share) ** 2) if math.isfinite(width) else None
        return {"of": self.of, "asked": self.share, "reached": width, "is_reached": self.is_reached(one), "seeds": one.n, "needed": needed}


@dataclass(frozen=True)
class Question:
    """Which of two alternatives has more of a figure."""

    of: str
    margin: float = 0.01  # of the first's mean: differences within it are as good as none

    def __post_init__(self) -> None:
        if not 0 <= self.margin < 1:
            raise UsageError(f"margin is a share from 0 to below 100 %, not {self.margin:.3g}")


@dataclass(frozen=True)
class Decision:
    """What several looks at a growing number of pairs of seeds came to. All of them together are wrong once in twenty."""

    of: str
    verdict: str  # more | less | the same | undecided: of the second against the first
    margin: float  # differences within this share of the first are the same
    looks: tuple[int, ...]  # seeds at each
    interval: Difference  # at the last look, as sure as one look has to be


def growing(first: int, most: int, factor: float) -> list[int]:
    """Numbers of seeds: the first, then so many times more at each look, the last of all `most`."""
    found = [min(first, most)]
    while found[-1] < most:
        found.append(min(most, math.ceil(factor * found[-1])))
    return found


def looks(most: int) -> list[int]:
    """When a comparison that may end early is looked at: few times, each doubling what is known."""
    found = growing(FIRST, most, 2)
    return found if len(found) <= LOOKS_MAX else [*found[: LOOKS_MAX - 1], most]


def decided(question: Question, sides: tuple[Sequence[float], Sequence[float]], planned: Sequence[int]) -> Decision:
    """What is known of a figure at this look, of those that are planned; sides are its values over the same seeds.

    Each look is as sure as one of so many has to be (Bonferroni): who looks at 95 % again and again until the interval leaves
    out zero is wrong far more often than once in twenty.
    """
    seeds = len(sides[0])
    found = difference(*sides, same_seeds=True, confidence=1 - (1 - CONFIDENCE) / len(planned))
    indifferent = question.margin * abs(found.first)
    if found.difference == 0 and found.half_width == 0:
        verdict = "the same"
    elif found.difference - found.half_width > 0:
        verdict = "more"
    elif found.difference + found.half_width < 0:
        verdict = "less"
    else:
        verdict = "the same" if abs(found.difference) + found.half_width <= indifferent else "undecided"
    return Decision(question.of, verdict, question.margin, tuple(look for look in planned if look <= seeds), found)
