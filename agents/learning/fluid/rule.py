"""Rules in the chairs of many meshes at once: what agents/autoscaling says of `hpa` and `trend`, in arrays (meshes, services).

A test holds them to the same pods on the same figures.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.autoscaling.manifest import ControllerFlags
from agents.learning.fluid.worlds import Floats
from scenarios.schema.hpa import Hpa
from scenarios.schema.planning import Trend
from scenarios.schema.units import NS_PER_S
from sim.telemetry import Integers

SILENT = -1  # pods recommended by who has no figures: all stays as it is
Rule = Hpa | Trend
Bools = NDArray[np.bool_]


class Shown(NamedTuple):
    """What rules look at."""

    milli: Floats  # requests in thousandths a second
    used_millicores: Floats  # CPU of the counted
    request_millicores: Floats  # of a pod
    counted: Integers  # pods that were ready all the tick
    unready: Integers  # pods that were not, and are not about to end


def as_if(shown: Shown, asked: Integers, replicas: Integers) -> Shown:
    """What would be shown if other replicas were asked for, as agents/learning/scaling/ruling.py has it: a rule has a count of its own."""
    part = np.maximum(1, (2 * shown.counted * replicas + asked) // (2 * np.maximum(asked, 1)))
    counted = np.where(shown.counted > 0, np.minimum(replicas, part), 0)
    return shown._replace(counted=counted, unready=replicas - counted)


class Rules(ABC):
    """Rules of one kind and with one interval. What differs between kinds is how many pods the figures recommend."""

    def __init__(self, rules: Sequence[Sequence[Rule]]) -> None:
        def each(name: str) -> Any:
            return np.array([[getattr(rule, name) for rule in of_mesh] for of_mesh in rules])

        self._each, self._first = each, rules[0][0]
        self.least, self.most, self._tolerance = each("min"), each("max"), each("tolerance")
        self._is_behaving, self._held = _window(self._first)
        self._recommended = deque[tuple[int, Integers]]()  # (sync, pods) as far back as they still hold back
        self._sync = 0

    @abstractmethod
    def recommended(self, shown: Shown, replicas: Integers) -> Integers:
        """Pods, before windows, limits and bounds; SILENT where the figures say nothing."""

    def proposed(self, shown: Shown, replicas: Integers) -> Integers:
        """Pods asked for, with so many asked for now."""
        recommended = self.recommended(shown, replicas)
        if not self._sync:
            self._recommended.append((0, replicas))
        while self._recommended and self._recommended[0][0] < self._sync - self._held:
            self._recommended.popleft()
        recent = np.max([recommended, *(pods for _, pods in self._recommended)], axis=0)
        self._recommended.append((self._sync, recommended))
        self._sync += 1
        if self._is_behaving:
            steady, limit = np.where(recommended >= replicas, recommended, np.minimum(recent, replicas)), replicas + 4
        else:
            steady, limit = recent, np.full_like(replicas, 4)
        bounded = np.minimum(np.minimum(steady, np.maximum(2 * replicas, limit)), self.most)
        wanted: Integers = np.where(recommended == SILENT, replicas, np.maximum(bounded, self.least))
        return wanted

    def _within(self, ratio: Floats) -> Bools:
        within: Bools = (ratio >= 1 - self._tolerance) & (ratio <= 1 + self._tolerance)
        return within


class TrendRules(Rules):
    """As agents/autoscaling/minds/trend.py."""

    def __init__(self, rules: Sequence[Sequence[Rule]]) -> None:
        super().__init__(rules)
        first = self._first
        assert isinstance(first, Trend), "of this kind"
        self._per_pod = self._each("averageValue").astype(np.float64)  # thousandths
        self._tick_s, self._ahead_s = first.sync_period / NS_PER_S, first.horizon / NS_PER_S
        self._points = deque[Floats](maxlen=first.window // first.sync_period + 1)  # thousandths, the latest last

    def recommended(self, shown: Shown, replicas: Integers) -> Integers:
        """By where the line leads."""
        self._points.append(shown.milli)
        ahead = np.maximum(shown.milli, np.rint(self._line()))
        ratio = ahead / (self._per_pod * np.maximum(replicas, 1))
        pods: Integers = np.where(self._within(ratio), replicas, np.ceil(ahead / self._per_pod)).astype(np.int64)
        return pods

    def _line(self) -> Floats:
        values = np.stack(self._points)
        times = (np.arange(len(values)) - (len(values) - 1)) * self._tick_s
        centred = times - times.mean()
        spread = (centred**2).sum()
        slope = np.tensordot(centred, values, axes=1) / spread if spread else np.zeros_like(values[0])
        line: Floats = values.mean(axis=0) + slope * (self._ahead_s - times.mean())
        return line


class HpaRules(Rules):
    """As agents/autoscaling/proposals.py has it of the CPU's utilisation."""

    def __init__(self, rules: Sequence[Sequence[Rule]]) -> None:
        super().__init__(rules)
        self._target = np.rint(self._each("target_cpu").astype(np.float64) * 100)  # per cent

    def recommended(self, shown: Shown, replicas: Integers) -> Integers:
        """By the pods that count; those that are not ready are taken for idle where more would be asked for."""
        first = self._ratio(shown, shown.counted)
        others = np.where(first > 1, shown.unready, 0)
        pods = shown.counted + others
        second = np.where(others > 0, self._ratio(shown, pods), first)
        wanted = np.ceil(second * pods)
        stays = self._within(second) | ((others > 0) & ((second < 1) | (wanted < replicas)))
        recommended: Integers = np.where(shown.counted > 0, np.where(stays, replicas, wanted), SILENT).astype(np.int64)
        return recommended

    def _ratio(self, shown: Shown, pods: Integers) -> Floats:
        ratio: Floats = np.floor(100 * shown.used_millicores / np.maximum(pods * shown.request_millicores, 1e-9)) / self._target
        return ratio


KINDS: dict[type[Rule], type[Rules]] = {Trend: TrendRules, Hpa: HpaRules}


def rules_of(rules: Sequence[Sequence[Rule]]) -> Rules:
    """Of meshes whose rules are of one kind."""
    return KINDS[type(rules[0][0])](rules)


def _window(rule: Rule) -> tuple[bool, int]:
    """Whether there is a `behavior`, and how many syncs back recommendations hold pods: with one, those younger than its window."""
    default_ns = getattr(rule, "downscale_stabilization", ControllerFlags().downscale_stabilization_ns)
    if rule.behavior is None:
        return False, default_ns // rule.sync_period
    down = rule.behavior.scaleDown
    seconds = None if down is None else down.stabilizationWindowSeconds
    return True, -(-(default_ns if seconds is None else seconds * NS_PER_S) // rule.sync_period) - 1
