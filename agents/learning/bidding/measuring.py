"""What happened to those who bid between two rounds: the truth, which a reward may know and a policy may not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.learning.bidding.bidders import Auction
from agents.learning.traffic import Shares, Traffic, TrafficMeter
from sim.mesh import Mesh
from sim.plane import Glance
from sim.telemetry import TALLIED, Integers, ServiceTotals


@dataclass(frozen=True)
class Measured(Traffic):
    """A tick. Arrays of bidders are in the order of rows."""

    blame: NDArray[np.float64]  # (classes, bidders) shares of each class's troubles: each row sums to one, or to nothing
    units: Integers  # (members,) of the pool that are asked for, in the order of the file


class Meter:
    """Reads a mesh from round to round."""

    def __init__(self, mesh: Mesh, place: Auction) -> None:
        world, seen = mesh.scenario, mesh.plane.glance()
        self._mesh, self._pool, services = mesh, place.pool, list(world.services)
        self._columns = [services.index(name) if name in world.services else -1 for name in place.bidders]
        self._own = np.array([[asked.get(workload, 0.0) for asked in place.bidders.values()] for workload in world.workload])
        self._totals, self._traffic = ServiceTotals(len(services)), TrafficMeter(world, seen)
        self._trouble = self._read(seen)

    def take(self) -> Measured:
        """All since the last time, or since the meter was made."""
        seen, before = self._mesh.plane.glance(), self._trouble
        tick = self._traffic.take(seen)
        self._trouble = self._read(seen)
        members = self._pool.members.items()
        units = np.array([self._mesh.cluster.replicas(name) * one.units for name, one in members], dtype=np.int64)
        return Measured(tick.since_ns, tick.until_ns, tick.offered, tick.failed, tick.lateness, self._blame(self._trouble - before), units)

    def _read(self, seen: Glance) -> Shares:
        """(bidders,) time that visits waited in each so far, and a second for each that was turned away; classes have none of their own."""
        totals = self._totals.of(seen)
        held: Shares = totals[:, TALLIED["waiting_area_ns"]] / 1e9 + totals[:, TALLIED["rejected"]]
        return np.array([0.0 if column < 0 else float(held[column]) for column in self._columns])

    def _blame(self, trouble: Shares) -> NDArray[np.float64]:
        found = (self._own > 0) * trouble
        found = np.where(found.sum(axis=1, keepdims=True) > 0, found, self._own)
        sums = found.sum(axis=1, keepdims=True)
        shares: NDArray[np.float64] = np.divide(found, sums, out=np.zeros_like(found), where=sums > 0)
        return shares
