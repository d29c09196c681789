"""What callers had between two decisions: how much came, how much failed, and how late the rest was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.schema.scenario import Scenario
from sim.plane import Glance
from sim.records import REQUEST_TALLY
from sim.telemetry import Grown, HistogramGrowth, Integers

COUNTED = tuple(name for name, _ in REQUEST_TALLY.fields)
Shares = NDArray[np.float64]


@dataclass(frozen=True)
class Traffic:
    """A tick, by class of requests in the order of the file."""

    since_ns: int
    until_ns: int
    offered: Integers  # (classes,) requests that came
    failed: Integers  # (classes,) requests that were given up or answered badly
    lateness: Shares  # (classes,) the objective's percentile over the objective: failures are infinitely late; 0 where nothing finished

    @property
    def facts(self) -> dict[str, float]:
        """For people: requests of all classes."""
        return {"offered": int(self.offered.sum()), "dropped": int(self.failed.sum())}


class TrafficMeter:
    """Reads classes of requests from glance to glance."""

    def __init__(self, world: Scenario, seen: Glance) -> None:
        (self._shares, self._under_ns), self._growth = _goals(world), HistogramGrowth()
        self._now_ns, self._classes = seen.now_ns, _classes(seen)
        self._growth.take(seen.workload_histogram)

    def take(self, seen: Glance) -> Traffic:
        """All since the last time, or since the meter was made."""
        since_ns, before = self._now_ns, self._classes
        self._now_ns, self._classes = seen.now_ns, _classes(seen)
        offered, succeeded, failed = ((self._classes - before)[:, COUNTED.index(name)] for name in ("offered", "succeeded", "failed"))
        grown = self._growth.take(seen.workload_histogram)
        return Traffic(since_ns, seen.now_ns, offered, failed, self._lateness(grown, succeeded, failed))

    def _lateness(self, grown: Grown, succeeded: Integers, failed: Integers) -> Shares:
        finished = succeeded + failed
        ranks = np.ceil(self._shares * finished)
        (latencies_ns,) = grown.quantiles_ns(len(succeeded), ranks / np.maximum(succeeded, 1))
        late = np.where(ranks <= succeeded, latencies_ns / self._under_ns, np.inf)
        found: Shares = np.where((finished > 0) & (self._shares > 0), late, 0.0)
        return found


def _classes(seen: Glance) -> Integers:
    return seen.workloads.view(np.int64).reshape(-1, len(COUNTED)).copy()


def _goals(world: Scenario) -> tuple[Shares, Shares]:
    """(classes,) of requests, which share has to be there within how many ns; without an objective none."""
    goals = [workload.slo.latency for workload in world.workload.values()]
    return (np.array([0.0 if goal is None else goal.p / 100 for goal in goals]),
            np.array([1.0 if goal is None else goal.under for goal in goals]))  # fmt: skip
