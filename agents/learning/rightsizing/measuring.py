"""What happened to pods that are sized between two decisions: the truth, which a reward may know and a policy may not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agents.autoscaling.lookahead import Offered
from agents.learning.traffic import Shares, Traffic, TrafficMeter
from sim.mesh import Mesh
from sim.plane import Glance
from sim.platform.pods import Pod
from sim.telemetry import TALLIED, Integers, ServiceTotals

HELD = ("waiting_area_ns", "stalled_area_ns")  # for a worker, and for a quota


@dataclass(frozen=True)
class Measured(Traffic):
    """A tick. Arrays of services are in the order of rows."""

    held_ns: Integers  # (services,) time that visits waited, or were throttled
    reserved: Integers  # (services,) milli-cores that pods request, at the end of the tick
    pods: Integers  # (services,) asked for
    restarted: Integers  # (services,) pods that were created, in the place of others
    ideal: Shares  # (services,) milli-cores of work that were offered at most


class Meter:
    """Reads a mesh from decision to decision."""

    def __init__(self, mesh: Mesh, services: Sequence[str]) -> None:
        names, seen = list(mesh.scenario.services), mesh.plane.glance()
        self._mesh, self._services, self._columns = mesh, tuple(services), [names.index(name) for name in services]
        self._offered = Offered(mesh.scenario, *services)
        self._totals, self._traffic = ServiceTotals(len(names)), TrafficMeter(mesh.scenario, seen)
        self._held, self._newest = self._read(seen)

    def take(self) -> Measured:
        """All since the last time, or since the meter was made."""
        seen, held, newest = self._mesh.plane.glance(), self._held, self._newest
        tick = self._traffic.take(seen)
        self._held, self._newest = self._read(seen)
        pods = [self._pods(name) for name in self._services]
        restarted = [sum(pod.order > before for pod in some) for some, before in zip(pods, newest.tolist(), strict=True)]
        return Measured(
            tick.since_ns, tick.until_ns, tick.offered, tick.failed, tick.lateness, self._held - held,
            np.array([sum(pod.size.requests.cpu or 0 for pod in some) for some in pods]),
            np.array([self._mesh.cluster.replicas(name) for name in self._services]), np.array(restarted),
            1000 * self._offered.most(tick.since_ns, tick.until_ns),
        )  # fmt: skip

    def _read(self, seen: Glance) -> tuple[Integers, Integers]:
        held = self._totals.of(seen)[:, [TALLIED[name] for name in HELD]].sum(axis=1)[self._columns]
        return held, np.array([max((pod.order for pod in self._pods(name)), default=-1) for name in self._services])

    def _pods(self, service: str) -> tuple[Pod, ...]:
        return tuple(self._mesh.cluster.pods(service))
