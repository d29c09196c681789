"""Accumulators into windows: sums over the pods of a service, growth of histograms, and quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.laws.measuring import BUCKETS, bucket_bounds
from sim.plane import Glance
from sim.records import POD_TALLY

Integers = NDArray[np.int64]

TALLIED = {name: place for place, (name, _) in enumerate(POD_TALLY.fields)}  # columns of what `ServiceTotals` adds up
MIDDLE_NS = np.array([sum(bucket_bounds(i)) / 2 for i in range(BUCKETS)])  # of each bucket


def quantile_ns(histogram: Integers, q: float) -> float:
    """The q-quantile (0 ... 1) of a histogram, within 0.4 % of the value; nan where it is empty."""
    total = int(histogram.sum())
    if total == 0:
        return float("nan")
    rank = min(int(np.ceil(q * total)), total)
    return float(MIDDLE_NS[int(np.searchsorted(np.cumsum(histogram), max(rank, 1)))])


class Grown:
    """The buckets of some histograms, one below the other, that grew; all others did not."""

    def __init__(self, at: Integers, by: Integers) -> None:
        """`at` are places, row * BUCKETS + bucket, in rising order."""
        self.at, self.by = at, by

    @classmethod
    def stacked(cls, several: Sequence[Grown], rows: int) -> Grown:
        """Several, of so many rows each, one below the other."""
        at = [one.at + i * rows * BUCKETS for i, one in enumerate(several)]
        return cls(np.concatenate(at), np.concatenate([one.by for one in several]))

    def quantiles_ns(self, rows: int, *qs: float | NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """As `quantile_ns` of every row's growth: an array (rows,) for each q, which may be one for each row."""
        counted = np.concatenate([[0], np.cumsum(self.by)])
        upto = counted[np.searchsorted(self.at, np.arange(rows + 1) * BUCKETS)]
        totals, found = np.diff(upto), []
        some = totals > 0
        for q in qs:
            ranks = np.clip(np.ceil(q * totals).astype(np.int64), 1, np.maximum(totals, 1))
            places = np.searchsorted(counted[1:], (upto[:-1] + ranks)[some])
            found.append(np.full(rows, np.nan))
            found[-1][some] = MIDDLE_NS[self.at[places] % BUCKETS]
        return found


class HistogramGrowth:
    """Remembers how histograms stood when they were last looked at; nothing is copied but what changes."""

    def __init__(self) -> None:
        self._before = np.zeros((0, BUCKETS), dtype=np.int64)
        self._differs = np.zeros((0, BUCKETS), dtype=np.bool_)

    def take(self, now: Integers) -> Grown:
        """What has grown since the last look, or since the histograms were empty."""
        if len(self._before) != len(now):
            self._before, self._differs = np.zeros_like(now), np.zeros(now.shape, dtype=np.bool_)
        np.not_equal(now, self._before, out=self._differs)
        at = self._differs.reshape(-1).nonzero()[0]
        values, before = now.take(at), self._before.reshape(-1)
        by = values - before.take(at)
        before[at] = values
        return Grown(at, by)


class ServiceTotals:
    """Adds up the tallies of pods by service."""

    def __init__(self, services: int) -> None:
        self.slow_core = np.zeros(services, dtype=np.int64)  # milli-cores of the fractional core of each service's pods
        self._services, self._pods = services, -1
        self._order = self._firsts = self._present = np.zeros(0, dtype=np.int64)

    def of(self, seen: Glance) -> Integers:
        """(services, fields of PodTally); services without pods have zeros."""
        if len(seen.pods) != self._pods:
            self._arrange(seen)
        totals = np.zeros((self._services, len(TALLIED)), dtype=np.int64)
        if self._pods:
            tallies = seen.pods.view(np.int64).reshape(self._pods, len(TALLIED))
            totals[self._present] = np.add.reduceat(tallies.take(self._order, axis=0), self._firsts)
        return totals

    def _arrange(self, seen: Glance) -> None:
        """Pods are never forgotten: their services are looked at only when there are more of them."""
        self._pods = len(seen.pods)
        self._order = np.argsort(seen.pod_service, kind="stable")
        self._present, self._firsts = np.unique(seen.pod_service[self._order], return_index=True)
        self.slow_core[seen.pod_service] = seen.pod_slow_core


def running_ns(pods: Any) -> Any:
    """Time of cores in use so far: of strands at work, without the time that they were stalled."""
    return pods["working_area_ns"] - pods["stalled_area_ns"]


def millicores(running: Any, slow: Any, slow_core: Any) -> Any:
    """CPU time of cores in use, of which some are a fractional core of so many milli-cores."""
    return running * 1000 - slow * (1000 - slow_core)


def millicore_ns(pods: Any, slow_core: Any) -> Any:
    """CPU time of pods by their tallies, in milli-core nanoseconds, which pass 2^63 in a month."""
    return millicores(running_ns(pods), pods["slow_area_ns"], slow_core)
