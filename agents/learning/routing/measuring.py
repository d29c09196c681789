"""What a tick of routing is worth: besides what callers had to bear, data that left its zone and how often weights move."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from agents.learning.reward import Reward, Weights, blamed, served_badly, violated
from agents.learning.routing.splits import Split
from agents.learning.traffic import TrafficMeter
from sim.mesh import Mesh
from sim.plane import Glance

Percents = Mapping[Split, Mapping[str, int]]


class WayMeter:
    """Reads a mesh from decision to decision."""

    def __init__(self, mesh: Mesh, splits: tuple[Split, ...]) -> None:
        world = mesh.scenario
        self._mesh, self._splits, self._zones = mesh, splits, world.cluster.zones
        self._service = mesh.plane.layout.service_index[splits[0].service]
        names = [route.name for route in mesh.plane.layout.routes]
        self._routes = [[names.index(name) for name in split.routes] for split in splits]
        self._bytes = np.array([split.data for split in splits])
        self._zone_of: dict[int, int] = {}  # by number of pod
        seen = mesh.plane.glance()
        self._traffic = TrafficMeter(world, seen)
        self._waiting, self._crossed, self._sent = self._read(seen)
        self._before: NDArray[np.float64] | None = None

    def take(self, percents: Percents, weights: Weights) -> Reward:
        """All since the last time, or since the meter was made, under these percents.

        Cost is the share of all data that crossed a border of zones; churn the mean of half |p - p'|_1 over callers' zones. Of lateness
        and failures a way is to blame by its part of the calls into a zone, and that by the zone's part of all waiting.
        """
        seen, (waiting, crossed, sent) = self._mesh.plane.glance(), (self._waiting, self._crossed, self._sent)
        traffic = self._traffic.take(seen)
        self._waiting, self._crossed, self._sent = self._read(seen)
        shares = np.array([[percents[split][zone] / 100 for zone in self._zones] for split in self._splits])  # (callers' zones, zones)
        flows = shares * (self._sent - sent)[:, None]
        borne = served_badly(traffic, weights)
        into = flows / np.maximum(1e-9, flows.sum(axis=0))
        blame = blamed((into * (self._waiting - waiting)).reshape(-1), np.ones(flows.size, dtype=np.bool_))
        costs = weights.cost * self._away(flows, self._crossed - crossed)
        moves = np.abs(shares - (shares if self._before is None else self._before)) / 2 / len(self._splits)
        self._before = shares
        terms = borne | {"cost": float(costs.sum()), "churn": weights.churn * float(moves.sum())}
        facts = traffic.facts | {"cost": int((self._crossed - crossed).sum()), "churn": float(moves.sum())}
        own = blame * sum(borne.values()) + costs.reshape(-1) + weights.churn * moves.reshape(-1)
        return Reward(terms, -own, violated(traffic), facts)

    def _away(self, flows: NDArray[np.float64], crossed: NDArray[np.int64]) -> NDArray[np.float64]:
        """(callers' zones, zones) shares of all data: what crossed of each zone's, by where its calls went."""
        home = np.array([[split.zone == zone for zone in self._zones] for split in self._splits])
        gone = np.where(home, 0.0, flows)
        total = max(1.0, float((flows.sum(axis=1) * self._bytes).sum()))
        parts: NDArray[np.float64] = gone / np.maximum(1e-9, gone.sum(axis=1, keepdims=True)) * crossed[:, None] / total
        return parts

    def _read(self, seen: Glance) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """So far: (zones,) time that visits waited there; (callers' zones,) bytes that crossed, and calls."""
        for pod in self._mesh.cluster.pods(self._splits[0].service):
            if pod.number is not None and pod.zone is not None:
                self._zone_of[pod.number] = self._zones.index(pod.zone)
        mine = np.flatnonzero(seen.pod_service == self._service)
        places = np.array([self._zone_of.get(number, 0) for number in seen.pod_number[mine].tolist()], dtype=np.int64)
        waiting = np.zeros(len(self._zones), dtype=np.int64)
        np.add.at(waiting, places, seen.pods["waiting_area_ns"][mine])
        tallies = self._mesh.plane.observe(live=True).routes
        crossed, sent = (np.array([tallies[name][routes].sum() for routes in self._routes]) for name in ("egress_bytes", "attempts"))
        return waiting, crossed, sent
