"""Intervals from a single run whose load is steady: batch means, and quantiles by the share above them.

Batches are equal stretches of time after the warm-up, so long that what happened in one tells nothing of the next. A request
counts in the batch it finished in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from parley.statistics.intervals import Estimate, t_quantile
from sim.laws.measuring import BUCKETS
from sim.records import REQUEST_TALLY
from sim.telemetry import MIDDLE_NS, Grown, Integers, quantile_ns

BATCHES = (32, 16, 8)  # as many as are independent
CORRELATED = 2.0  # standard errors of a first autocorrelation that is not chance
METHOD = "batch means"
NONE_SEEN = "rule of three"  # of n requests none failed, or all: with 95 % the share is at most 3 / n
_FIELD = {name: place for place, (name, _) in enumerate(REQUEST_TALLY.fields)}
Floats = NDArray[np.float64]


class Batches:
    """What each window after the warm-up added to the classes' tallies and histograms, to be put together at the end."""

    def __init__(self, classes: int) -> None:
        self._classes = classes
        self._tallies: list[Integers] = []  # (classes, fields) each
        self._grown: list[Grown] = []

    def add(self, tally: Integers, latencies: Grown) -> None:
        """One more window, as long as the others."""
        self._tallies.append(tally)
        self._grown.append(latencies)

    def estimates(self, names: Sequence[str], quantiles: dict[str, float]) -> dict[str, Estimate]:
        """By the summary's paths: half-width and effective sample size of latencies and shares, together and by class."""
        found: dict[str, Estimate] = {}
        for prefix, rows in [("", list(range(self._classes))), *((f"classes.{name}.", [i]) for i, name in enumerate(names))]:
            batched = self._batched(rows)
            if batched is not None:
                found |= {prefix + path: one for path, one in _estimates(*batched, quantiles)}
        return found

    def _batched(self, rows: list[int]) -> tuple[Integers, Integers] | None:
        """Tallies (batches, fields) and histograms (batches, BUCKETS) of some classes; None where no batches are independent."""
        if not self._tallies:
            return None
        tallies = np.stack(self._tallies)[:, rows].sum(axis=1)
        for batches in BATCHES:
            size = len(tallies) // batches
            if size == 0:
                continue
            first = len(tallies) - batches * size
            summed: Integers = tallies[first:].reshape(batches, size, -1).sum(axis=1)
            if summed[:, _FIELD["succeeded"]].min() > 0 and _is_uncorrelated(_means(summed)):
                return summed, self._histograms(rows, first, batches, size)
        return None

    def _histograms(self, rows: list[int], first: int, batches: int, size: int) -> Integers:
        made = np.zeros((batches, BUCKETS), dtype=np.int64)
        for window, grown in enumerate(self._grown[first:]):
            mine = np.isin(grown.at // BUCKETS, rows)
            np.add.at(made[window // size], grown.at[mine] % BUCKETS, grown.by[mine])
        return made


def _means(tallies: Integers) -> Floats:
    mean: Floats = tallies[:, _FIELD["latency_ns"]] / tallies[:, _FIELD["succeeded"]]
    return mean


def _is_uncorrelated(means: Floats) -> bool:
    """Whether the first autocorrelation of batch means could be chance."""
    centred = means - means.mean()
    total = float((centred**2).sum())
    return total == 0.0 or float((centred[1:] * centred[:-1]).sum()) / total < CORRELATED / math.sqrt(len(means))


def _estimates(tallies: Integers, histograms: Integers, quantiles: dict[str, float]) -> Iterator[tuple[str, Estimate]]:
    succeeded, over = tallies[:, _FIELD["succeeded"]], tallies[:, _FIELD["succeeded"]] + tallies[:, _FIELD["failed"]]
    whole = histograms.sum(axis=0)
    mean_ns = _ratio(tallies[:, _FIELD["latency_ns"]], succeeded)
    spread = float((whole * (MIDDLE_NS - mean_ns.mean) ** 2).sum() / whole.sum())
    yield "latency_ms.mean", replace(mean_ns, mean=mean_ns.mean / 1e6, half_width=mean_ns.half_width / 1e6,
                                     effective_n=_worth(spread, mean_ns))  # fmt: skip
    for name, q in quantiles.items():
        value = quantile_ns(whole, q)
        above = histograms[:, value < MIDDLE_NS].sum(axis=1)
        share = _ratio(above, succeeded)
        low, high = (quantile_ns(whole, min(1.0, max(0.0, 1.0 - share.mean - side * share.half_width))) for side in (1, -1))
        yield f"latency_ms.{name}", replace(_worthy(share), mean=value / 1e6, half_width=(high - low) / 2e6)
    for path, those in (("good", tallies[:, _FIELD["good"]]), ("availability", succeeded)):
        share = _ratio(those, over)
        yield path, _worthy(share) if 0 < share.mean < 1 else replace(share, half_width=3 / over.sum(), method=NONE_SEEN)


def _worthy(share: Estimate) -> Estimate:
    """A share with its effective sample size."""
    return replace(share, effective_n=_worth(share.mean * (1 - share.mean), share))


def _ratio(above: Integers, below: Integers) -> Estimate:
    """The ratio of two sums over batches, by the residuals of each batch (Cochran's ratio estimator)."""
    n, whole = len(above), float(below.sum())
    if whole == 0:
        return Estimate(math.nan, math.nan, n, METHOD)
    ratio = float(above.sum()) / whole
    residuals = above - ratio * below
    error = math.sqrt(float((residuals**2).sum()) * n / (n - 1)) / whole
    return Estimate(ratio, t_quantile(n - 1) * error, n, METHOD)


def _worth(variance: float, of: Estimate) -> float:
    """How many independent requests would tell as much: the variance of one over that of the mean."""
    error = of.half_width / t_quantile(of.n - 1)
    return variance / error**2 if error > 0 else math.nan
