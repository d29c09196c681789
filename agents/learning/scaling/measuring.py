"""What happened in a mesh between two decisions: the truth, which a reward may know and a policy may not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from agents.autoscaling.lookahead import Offered
from agents.learning.traffic import Shares, Traffic, TrafficMeter
from scenarios.flow import cores
from sim.mesh import Mesh
from sim.plane import Glance
from sim.telemetry import TALLIED, Integers, ServiceTotals


@dataclass(frozen=True)
class Measured(Traffic):
    """A tick. Arrays of services are in the order of the file; those that no policy guides have zeros."""

    waiting_ns: Integers  # (services,) time that visits waited for a worker or a core
    pods: Integers  # (services,) asked for
    moved: Integers  # (services,) more or fewer than before
    ideal: Shares  # (services,) pods that the offered work keeps busy all the time, or the fewest there may be


class Meter:
    """Reads a mesh from decision to decision."""

    def __init__(self, mesh: Mesh, fewest: Mapping[str, int]) -> None:
        """`fewest` pods of the services that are guided."""
        world = mesh.scenario
        self._mesh, self._services = mesh, [name in fewest for name in world.services]
        self._fewest = np.array([fewest.get(name, 0) for name in world.services])
        self._offered = Offered(world, *world.services)
        self._cores = np.array([cores(service) for service in world.services.values()])
        self._totals, seen = ServiceTotals(len(world.services)), mesh.plane.glance()
        self._traffic = TrafficMeter(world, seen)
        self._waiting, self._desired = self._read(seen)

    def take(self) -> Measured:
        """All since the last time, or since the meter was made."""
        seen, waiting, desired = self._mesh.plane.glance(), self._waiting, self._desired
        tick = self._traffic.take(seen)
        self._waiting, self._desired = self._read(seen)
        return Measured(tick.since_ns, tick.until_ns, tick.offered, tick.failed, tick.lateness, self._waiting - waiting,
                        self._desired, np.abs(self._desired - desired), self._ideal(tick))  # fmt: skip

    def _read(self, seen: Glance) -> tuple[Integers, Integers]:
        waiting = self._totals.of(seen)[:, TALLIED["waiting_area_ns"]]
        return waiting, np.where(self._services, self._mesh.cluster.desired(), 0)

    def _ideal(self, tick: Traffic) -> Shares:
        offered = self._offered.most(tick.since_ns, tick.until_ns) / self._cores
        busy: Shares = np.where(self._services, np.maximum(self._fewest, offered), 0.0)
        return busy
