"""The rule `trend` in the chairs of many meshes at once: what agents/autoscaling/minds/trend.py says, in arrays.

A test holds the two to the same pods on the same figures.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from agents.autoscaling.manifest import ControllerFlags
from agents.learning.fluid.worlds import Floats
from scenarios.schema.planning import Trend
from scenarios.schema.units import NS_PER_S
from sim.telemetry import Integers


class TrendRules:
    """(meshes, services) rules with one interval."""

    def __init__(self, rules: Sequence[Sequence[Trend]]) -> None:
        self._per_pod = np.array([[rule.averageValue for rule in of_mesh] for of_mesh in rules], dtype=np.float64)  # thousandths
        self.least, self.most = (np.array([[getattr(rule, side) for rule in of_mesh] for of_mesh in rules]) for side in ("min", "max"))
        self._tolerance = np.array([[rule.tolerance for rule in of_mesh] for of_mesh in rules])
        first = rules[0][0]
        self._tick_s, self._ahead_s = first.sync_period / NS_PER_S, first.horizon / NS_PER_S
        self._points = deque[Floats](maxlen=first.window // first.sync_period + 1)  # thousandths, the latest last
        self._held = ControllerFlags().downscale_stabilization_ns // first.sync_period
        self._recommended = deque[tuple[int, Integers]]()  # (sync, pods) as far back as they still hold back
        self._sync = 0

    def proposed(self, milli: Floats, replicas: Integers) -> Integers:
        """Pods asked for by rates in thousandths a second, with so many asked for now."""
        self._points.append(milli)
        ahead = np.maximum(milli, np.rint(self._line()))
        ratio = ahead / (self._per_pod * np.maximum(replicas, 1))
        within = (ratio >= 1 - self._tolerance) & (ratio <= 1 + self._tolerance)
        recommended = np.where(within, replicas, np.ceil(ahead / self._per_pod)).astype(np.int64)
        if not self._sync:
            self._recommended.append((0, replicas))
        while self._recommended[0][0] < self._sync - self._held:
            self._recommended.popleft()
        steady = np.max([recommended, *(pods for _, pods in self._recommended)], axis=0)
        self._recommended.append((self._sync, recommended))
        self._sync += 1
        bounded = np.minimum(np.minimum(steady, np.maximum(2 * replicas, 4)), self.most)
        wanted: Integers = np.maximum(bounded, self.least)
        return wanted

    def _line(self) -> Floats:
        values = np.stack(self._points)
        times = (np.arange(len(values)) - (len(values) - 1)) * self._tick_s
        centred = times - times.mean()
        spread = (centred**2).sum()
        slope = np.tensordot(centred, values, axes=1) / spread if spread else np.zeros_like(values[0])
        line: Floats = values.mean(axis=0) + slope * (self._ahead_s - times.mean())
        return line
