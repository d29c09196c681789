"""What happened on guarded routes between two decisions: the truth, which a reward may know and a policy may not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agents.learning.traffic import Traffic, TrafficMeter
from sim.mesh import Mesh
from sim.plane import Glance
from sim.telemetry import TALLIED, Integers, ServiceTotals


@dataclass(frozen=True)
class Measured(Traffic):
    """A tick. Arrays of routes are in the order of rows."""

    calls: Integers  # (routes,) calls that began, retries apart
    missed: Integers  # (routes,) of them without an answer, as far as is known yet
    waiting_ns: Integers  # (routes,) time that visits waited for a worker or a core of the callee


class Meter:
    """Reads a mesh from decision to decision."""

    def __init__(self, mesh: Mesh, routes: Sequence[str]) -> None:
        layout = mesh.plane.layout
        self._mesh, self._routes = mesh, [layout.route_named(name) for name in routes]
        self._callees = [layout.services.index(layout.routes[index].callee) for index in self._routes]
        seen = mesh.plane.glance()
        self._totals, self._traffic = ServiceTotals(len(layout.services)), TrafficMeter(mesh.scenario, seen)
        self._calls, self._answered, self._waiting = self._read(seen)

    def take(self) -> Measured:
        """All since the last time, or since the meter was made."""
        seen, before = self._mesh.plane.glance(), (self._calls, self._answered, self._waiting)
        tick = self._traffic.take(seen)
        self._calls, self._answered, self._waiting = self._read(seen)
        calls, answered, waiting = self._calls - before[0], self._answered - before[1], self._waiting - before[2]
        return Measured(tick.since_ns, tick.until_ns, tick.offered, tick.failed, tick.lateness, calls,
                        np.clip(calls - answered, 0, None), waiting)  # fmt: skip

    def _read(self, seen: Glance) -> tuple[Integers, Integers, Integers]:
        told = self._mesh.plane.route_tallies()[self._routes]
        waiting = self._totals.of(seen)[:, TALLIED["waiting_area_ns"]][self._callees]
        return told["attempts"] - told["retries"], told["succeeded"].astype(np.int64), waiting
