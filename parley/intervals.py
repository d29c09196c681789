"""Means of independent replications with their 95 % confidence intervals, by Student's t."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean of n independent figures. The half-width is nan for fewer than two."""

    mean: float
    half_width: float
    n: int
    method: str


@dataclass(frozen=True)
class Difference:
    """How much more the second of two alternatives has, on average."""

    first: float
    second: float
    difference: float
    half_width: float
    n: int
    method: str  # paired | unpaired
    why: str  # the method

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return abs(self.difference) > self.half_width


def estimate(values: Sequence[float]) -> Estimate:
    """The mean of independent replications."""
    n = len(values)
    mean = float(np.mean(values)) if n else math.nan
    if n < 2:
        return Estimate(mean, math.nan, n, "replications")
    return Estimate(mean, t_quantile(n - 1) * float(np.std(values, ddof=1)) / math.sqrt(n), n, "replications")


def difference(first: Sequence[float], second: Sequence[float], same_seeds: bool) -> Difference:
    """Paired where replications share seeds and thereby noise; otherwise as of two independent samples (Welch)."""
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    means = float(a.mean()), float(b.mean())
    if same_seeds and min(len(a), len(b)) >= 2 and _shared(a, b) > 0:
        paired = estimate(list(b - a))
        return Difference(*means, paired.mean, paired.half_width, paired.n, "paired", "common random numbers")
    if same_seeds and len(a) >= 2 and not (a - b).any():
        return Difference(*means, 0.0, 0.0, len(a), "paired", "the same in every seed")
    why = "pairing does not help: the alternatives do not vary together" if same_seeds else "the seeds are not the same"
    return Difference(*means, means[1] - means[0], _welch(a, b), min(len(a), len(b)), "unpaired", why)


def t_quantile(freedom: float) -> float:
    """Student's t for a two-sided interval."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + CONFIDENCE / 2))


def _shared(a: np.ndarray[tuple[int], np.dtype[np.float64]], b: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    return float(np.mean((a - a.mean()) * (b - b.mean())))


def _welch(a: np.ndarray[tuple[int], np.dtype[np.float64]], b: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    if min(len(a), len(b)) < 2:
        return math.nan
    parts = [float(np.var(x, ddof=1)) / len(x) for x in (a, b)]
    if not sum(parts):
        return 0.0
    freedom = sum(parts) ** 2 / sum(part**2 / (len(x) - 1) for part, x in zip(parts, (a, b), strict=True))
    return t_quantile(freedom) * math.sqrt(sum(parts))
