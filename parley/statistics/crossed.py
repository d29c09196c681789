"""Intervals of what several trainings came to on the same episodes: a bootstrap of seeds, and within them of episodes.

Whoever trains again draws another seed, and whoever judges again draws other episodes; all seeds meet the same ones. So seeds are drawn
anew, and of each family its episodes, which all seeds then share (the pigeonhole bootstrap of crossed effects; Owen, 2007): to draw
episodes for each seed anew would take what they have in common for chance that averages out, and be too sure. Few seeds are an other
trap: percentiles of five are too narrow. So they are taken farther out, as Student's t is from the normal (Hesterberg, 2015), with the
degrees of freedom that Satterthwaite has for the variance of both parts together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from parley.statistics.intervals import CONFIDENCE, ROUNDING, t_quantile, t_tails

REPLICATES, OF_A_PART = 2000, 400
FEW = 5  # trainings, or episodes: of fewer, percentiles end at the outermost one, and Student's t of the same variance takes their place
Places = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Draws:
    """Who was drawn, in each of so many replicates."""

    seeds: Places  # (replicates, trainings) their places
    episodes: tuple[Places, ...]  # (replicates, episodes) of each family

    def of(self, values: Floats, family: int = 0) -> Floats:
        """(replicates, trainings * episodes) of (trainings, episodes) whoever was drawn; a rule has one training whatever is drawn."""
        episodes = self.episodes[family]
        seeds = self.seeds if len(values) > 1 else np.zeros((len(episodes), 1), dtype=np.int64)
        found: Floats = values[seeds[:, :, None], episodes[:, None, :]].reshape(len(episodes), -1)
        return found


@dataclass(frozen=True)
class Interval:
    """A figure and the ends of its 95 % interval, which are nan where one episode is all there is."""

    value: float
    low: float
    high: float
    error: float = math.nan  # standard error, of both parts
    freedom: float = math.nan  # degrees of it

    @property
    def p(self) -> float:
        """Two-sided, that it is zero, by Student's t of the variance that the interval has; 1 where that is not known.

        Where all differ alike there is no variance, and a sign test is all that can be said: n heads in a row.
        """
        if self.error == 0 and self.value != 0:
            return math.pow(2, -self.freedom)
        if not self.error > 0:
            return 1.0
        return t_tails(self.freedom, self.value / self.error)

    def above(self, level: float) -> bool | None:
        """Whether it is more than a level; None where the interval does not say."""
        return True if self.low > level else False if self.high <= level else None

    def as_json(self) -> list[float]:
        """As files keep it."""
        return [self.value, self.low, self.high]


class Design:
    """How many trainings there are, and how many episodes of each family."""

    def __init__(self, seeds: int, episodes: Sequence[int]) -> None:
        self.seeds, self.episodes = seeds, tuple(episodes)

    @property
    def whole(self) -> Draws:
        """Everybody once, in one replicate."""
        return Draws(np.arange(self.seeds)[None], tuple(np.arange(n)[None] for n in self.episodes))

    def drawn(self, random: np.random.Generator, replicates: int, *, seeds: bool = True, episodes: bool = True) -> Draws:
        """With replacement; what is not drawn is everybody once."""
        def places(n: int, *, is_drawn: bool) -> Places:
            return random.integers(n, size=(replicates, n)) if is_drawn else np.tile(np.arange(n), (replicates, 1))

        return Draws(places(self.seeds, is_drawn=seeds), tuple(places(n, is_drawn=episodes) for n in self.episodes))


def intervals(design: Design, figures: Callable[[Draws], Floats], random: np.random.Generator,
              replicates: int = REPLICATES) -> list[Interval]:  # fmt: skip
    """The interval of each of several figures: (replicates, figures) of whoever is drawn."""
    (values,), drawn = figures(design.whole), figures(design.drawn(random, replicates))
    parts = np.zeros((2, len(values)))
    if design.seeds > 1:
        parts[0] = figures(design.drawn(random, OF_A_PART, episodes=False)).var(axis=0)
    parts[1] = figures(design.drawn(random, OF_A_PART, seeds=False)).var(axis=0)
    parts[1] *= (mean := max(2.0, sum(design.episodes) / len(design.episodes))) / (mean - 1)  # a bootstrap's variance is divided by n
    parts[0] *= design.seeds / max(1, design.seeds - 1)
    freedoms = np.array([max(1, design.seeds - 1), max(1, sum(design.episodes) - len(design.episodes))])
    is_few = 1 < design.seeds < FEW or max(design.episodes) < FEW
    if max(design.episodes) < 2:
        return [Interval(float(value), math.nan, math.nan) for value in values]
    return [_interval(float(value), column, both, freedoms, is_few=is_few)
            for value, column, both in zip(values, drawn.T, parts.T, strict=True)]  # fmt: skip


def _interval(value: float, drawn: Floats, parts: Floats, freedoms: Places, *, is_few: bool) -> Interval:
    """Percentiles, as far out as the variance of both parts and their degrees of freedom ask for."""
    if not np.isfinite(drawn).all():
        return Interval(value, math.nan, math.nan)
    if min(parts.sum(), drawn.var()) <= (ROUNDING * max(1.0, abs(value))) ** 2:
        return Interval(value, float(drawn.min()), float(drawn.max()), 0.0, float(freedoms[1]))
    error, freedom = math.sqrt(parts.sum()), float(parts.sum() ** 2 / (parts**2 / freedoms).sum())
    reach = t_quantile(freedom, CONFIDENCE) * error
    if is_few:
        return Interval(value, value - reach, value + reach, error, freedom)
    tail = NormalDist().cdf(-reach / float(drawn.std()))
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Interval(value, float(low), float(high), error, freedom)
