"""What happened in a mesh between two decisions: the truth, which a reward may know and a policy may not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.autoscaling.lookahead import Offered
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

    def __init__(self, mesh: Mesh, fewest: Mapping[str, int]) -> None:
        """`fewest` are the services that count, and how few pods each may have."""
        world = mesh.scenario
        self._mesh, self._services = mesh, [name in fewest for name in world.services]
        self._fewest = np.array([fewest.get(name, 0) for name in world.services])
        self._offered = {place: Offered(world, name) for place, name in enumerate(world.services) if name in fewest}
        self._cores = np.array([cores(service) for service in world.services.values()])
        self._goals = _goals(world)
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
        found = np.zeros(len(succeeded))
        for place, goal in enumerate(self._goals):
            if goal is None or not (finished := succeeded[place] + failed[place]):
                continue
            share, under_ns = goal
            rank = math.ceil(share * finished)
            if rank > succeeded[place]:
                found[place] = math.inf
            else:
                (latencies_ns,) = grown.quantiles_ns(len(succeeded), rank / succeeded[place])
                found[place] = latencies_ns[place] / under_ns
        return found

    def _ideal(self, since_ns: int) -> Shares:
        busy = self._fewest.astype(np.float64)
        for place, offered in self._offered.items():
            busy[place] = max(busy[place], offered.most(since_ns, self._now_ns) / self._cores[place])
        return busy


def _goals(world: Scenario) -> list[tuple[float, int] | None]:
    """(share of requests, within so many ns) of each class; None without an objective."""
    goals = (workload.slo.latency for workload in world.workload.values())
    return [None if goal is None else (goal.p / 100, goal.under) for goal in goals]
