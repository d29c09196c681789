"""What happened in a mesh between two decisions: the truth, which a reward may know and a policy may not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.autoscaling.lookahead import Offered
from agents.learning.guided import Council
from scenarios.flow import cores
from scenarios.schema.scenario import Scenario
from sim.mesh import Mesh
from sim.records import REQUEST_TALLY
from sim.telemetry import TALLIED, Grown, HistogramGrowth, Integers, ServiceTotals

COUNTED = tuple(name for name, _ in REQUEST_TALLY.fields)
Shares = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """A tick. Arrays are (classes,) or (services,), in the order of the file; services that no policy guides have zeros."""

    since_ns: int
    until_ns: int
    offered: Integers  # requests that came, by class
    failed: Integers  # requests that were given up or answered badly, by class
    lateness: Shares  # the objective's percentile over the objective, by class: failures are infinitely late; 0 where nothing finished
    waiting_ns: Integers  # time that visits waited for a worker or a core, by service
    pods: Integers  # asked for, by service
    moved: Integers  # more or fewer than before, by service
    ideal: Shares  # pods that the offered work keeps busy all the time, or the fewest there may be, by service


class Meter:
    """Reads a mesh from decision to decision."""

    def __init__(self, mesh: Mesh, council: Council) -> None:
        world = mesh.scenario
        self._mesh, self._services = mesh, [name in council.minds for name in world.services]
        self._fewest = np.array([council.minds[name].guard.least if name in council.minds else 0 for name in world.services])
        self._offered = Offered(world, *world.services)
        self._cores = np.array([cores(service) for service in world.services.values()])
        self._goal_shares, self._goals_ns = _goals(world)
        self._growth, self._totals = HistogramGrowth(), ServiceTotals(len(world.services))
        self._now_ns, self._classes, self._waiting, self._desired, _ = self._read()

    def take(self) -> Measured:
        """All since the last time, or since the meter was made."""
        since_ns, classes, waiting, desired = self._now_ns, self._classes, self._waiting, self._desired
        self._now_ns, self._classes, self._waiting, self._desired, grown = self._read()
        offered, succeeded, failed = ((self._classes - classes)[:, COUNTED.index(name)] for name in ("offered", "succeeded", "failed"))
        return Measured(since_ns, self._now_ns, offered, failed, self._lateness(grown, succeeded, failed), self._waiting - waiting,
                        self._desired, np.abs(self._desired - desired), self._ideal(since_ns))  # fmt: skip

    def _read(self) -> tuple[int, Integers, Integers, Integers, Grown]:
        seen = self._mesh.plane.glance()
        classes = seen.workloads.view(np.int64).reshape(-1, len(COUNTED)).copy()
        waiting = self._totals.of(seen)[:, TALLIED["waiting_area_ns"]]
        desired = np.where(self._services, self._mesh.cluster.desired(), 0)
        return seen.now_ns, classes, waiting, desired, self._growth.take(seen.workload_histogram)

    def _lateness(self, grown: Grown, succeeded: Integers, failed: Integers) -> Shares:
        finished = succeeded + failed
        ranks = np.ceil(self._goal_shares * finished)
        reached, has_goal = ranks <= succeeded, (finished > 0) & (self._goal_shares > 0)
        (latencies_ns,) = grown.quantiles_ns(len(succeeded), ranks / np.maximum(succeeded, 1))
        found: Shares = np.where(has_goal, np.where(reached, latencies_ns / self._goals_ns, np.inf), 0.0)
        return found

    def _ideal(self, since_ns: int) -> Shares:
        busy: Shares = np.where(self._services, np.maximum(self._fewest, self._offered.most(since_ns, self._now_ns) / self._cores), 0.0)
        return busy


def _goals(world: Scenario) -> tuple[Shares, Shares]:
    """Of each class the share of requests, and within how many ns; without an objective any time will do."""
    goals = [workload.slo.latency for workload in world.workload.values()]
    return (np.array([0.0 if goal is None else goal.p / 100 for goal in goals]),
            np.array([np.inf if goal is None else goal.under for goal in goals]))  # fmt: skip
