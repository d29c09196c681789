"""What a tick of weighing hosts is worth: besides what callers had to bear, whom they keep connections to, and how often weights move."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agents.learning.hosts.slots import Weighed
from agents.learning.reward import Reward, Weights, blamed, served_badly, violated
from agents.learning.traffic import TrafficMeter
from sim.mesh import Mesh
from sim.plane import Glance

BAD = ("failed", "rejected", "shed", "lost", "refused")


class HostMeter:
    """Reads a mesh from decision to decision."""

    def __init__(self, mesh: Mesh, weighed: Weighed, objective_ns: float) -> None:
        self._mesh, self._pods, self._objective_ns = mesh, weighed.pods, objective_ns
        self._service = mesh.plane.layout.service_index[weighed.service]
        seen = mesh.plane.glance()
        self._traffic, self._before = TrafficMeter(mesh.scenario, seen), self._read(seen)
        self._shares: NDArray[np.float64] | None = None

    def take(self, numbers: Sequence[int | None], weights: NDArray[np.float64], price: Weights) -> Reward:
        """All since the last time, or since the meter was made, under these weights of rows.

        Cost is the hosts that callers are told of, each a connection, over the pods that the file asks for. Churn is half |p - p'|_1 of
        the weights' shares. Of lateness and failures a host is to blame by the time spent inside it beyond what the quickest host would
        have taken, and by an objective for each failure.
        """
        seen, before = self._mesh.plane.glance(), self._before
        traffic, self._before = self._traffic.take(seen), self._read(seen)
        grown = np.array([self._before[number] - before.get(number, np.zeros(3)) if number is not None else np.zeros(3)
                          for number in numbers])  # fmt: skip
        visits, inside, bad = grown.T
        quickest = min((time / count for time, count in zip(inside, visits, strict=True) if count > 0), default=0.0)
        borne, there = served_badly(traffic, price), np.array([number is not None for number in numbers])
        blame = blamed(np.maximum(0.0, inside - visits * quickest) + bad * self._objective_ns, np.ones(len(numbers), dtype=np.bool_))
        kept = (weights > 0) & there
        shares = weights / max(1e-9, weights.sum())
        moves = np.abs(shares - (shares if self._shares is None else self._shares)) / 2
        self._shares = shares
        costs = price.cost * kept / self._pods
        terms = borne | {"cost": float(costs.sum()), "churn": price.churn * float(moves.sum())}
        facts = traffic.facts | {"cost": int(kept.sum()), "churn": float(moves.sum())}
        return Reward(terms, -(blame * sum(borne.values()) + costs + price.churn * moves), violated(traffic), facts)

    def _read(self, seen: Glance) -> dict[int, NDArray[np.float64]]:
        """By number of pod, so far: calls that came, time they spent inside (those still there included), and bad ends."""
        mine = np.flatnonzero(seen.pod_service == self._service)
        pods = seen.pods[mine]
        bad = np.sum([pods[name] for name in BAD], axis=0)
        counts = np.stack([pods["visits"], pods["present_area_ns"], bad], axis=1).astype(np.float64)
        return dict(zip(seen.pod_number[mine].tolist(), counts, strict=True))
