"""Many meshes as fluids, tick by tick: pods start and end, work comes, waits and is done, and callers give up.

Arrays are (meshes, services) or (meshes, classes). Work that a service cannot do holds back what comes to those it calls. What is seen of
so many requests is as uncertain as if they had been there: a policy that learned from smooth figures would believe in them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agents.learning.fluid.latency import Courses, Moments, beyond, quantile_s, waiting_s
from agents.learning.fluid.worlds import PARTS, Floats, FluidWorld
from scenarios.flow import Flow
from scenarios.schema.units import NS_PER_S
from sim.telemetry import Integers

GUMBEL = math.pi / math.sqrt(6)  # its standard deviation


@dataclass(frozen=True)
class FluidTick:
    """What a tick came to."""

    offered: Floats  # (meshes, classes) requests
    failed: Floats
    lateness: Floats  # (meshes, classes) as Traffic has it
    waiting_s: Floats  # (meshes, services) all visits' together
    utilization: Floats  # (meshes, services) of ready pods
    concurrency: Floats  # (meshes, services) requests inside, on average
    visits: Floats  # (meshes, services) that came
    visit_p95_s: Floats  # (meshes, services)
    class_p99_s: Floats  # (meshes, classes)


class FluidMeshes:
    """Some episodes side by side."""

    def __init__(self, worlds: Sequence[FluidWorld]) -> None:
        first = worlds[0]
        self.worlds, self.tick = list(worlds), 0
        self.part_s = first.tick_ns / PARTS / NS_PER_S
        self.visits, self.work_s, self.cores, self.timeout_s = (
            np.stack([getattr(world, name) for world in worlds]) for name in ("visits", "work_s", "cores", "timeout_s"))  # fmt: skip
        self._counts, self._starts, self._of_work, self._of_classes, self._of_visits = (
            np.stack([getattr(world, name) for world in worlds])
            for name in ("counts", "start_parts", "of_work", "of_classes", "of_visits"))  # fmt: skip
        self.objective, self.strictest_s, self.comes_to = (
            np.stack([getattr(world, name) for world in worlds]) for name in ("objective", "strictest_s", "comes_to"))  # fmt: skip
        self.asked = np.stack([world.replicas for world in worlds]).astype(np.int64)
        self.ready = self.asked.copy()
        self._due = np.zeros((*self.asked.shape, 1 + int(self._starts.max())), dtype=np.int64)  # pods, by parts until they are ready
        self._started = np.zeros_like(self.asked)
        self._fastest_s = np.minimum.accumulate(self._starts, axis=2) * self.part_s
        self._backlog = np.zeros(self.asked.shape)  # core-seconds
        self._courses = Courses([world.scenario for world in worlds], first.services)
        self._callers = _callers(first)

    @property
    def starting(self) -> Integers:
        """Pods that are not ready yet."""
        pods: Integers = self._due.sum(axis=2)
        return pods

    @property
    def startup_s(self) -> Floats:
        """The fastest start so far; nan where nothing was started."""
        latest = np.clip(self._started - 1, 0, self._fastest_s.shape[2] - 1)
        fastest_s = np.take_along_axis(self._fastest_s, latest[:, :, None], axis=2)[:, :, 0]
        return np.where(self._started > 0, fastest_s, np.nan)

    def scale(self, pods: Integers) -> None:
        """Ask for so many: more begin to start, fewer end, those that are not ready first."""
        more, fewer = np.maximum(pods - self.asked, 0), np.maximum(self.asked - pods, 0)
        for mesh, service in np.argwhere(more):
            numbers = (self._started[mesh, service] + np.arange(more[mesh, service])) % self._starts.shape[2]
            np.add.at(self._due[mesh, service], self._starts[mesh, service, numbers], 1)
        self._started += more
        latest_first = self._due[:, :, ::-1]
        before = np.cumsum(latest_first, axis=2) - latest_first
        ended = np.clip(fewer[:, :, None] - before, 0, latest_first)
        self._due = np.ascontiguousarray((latest_first - ended)[:, :, ::-1])
        self.ready = self.ready - (fewer - ended.sum(axis=2))
        self.asked = pods

    def go_on(self) -> FluidTick:
        """One tick."""
        parts = [self._part(self.tick * PARTS + part) for part in range(PARTS)]
        unusual, unusual_visits = self._of_classes[:, self.tick], self._of_visits[:, self.tick]
        self.tick += 1
        counts, visits, done_s, wait_s, variance = (np.stack([part[nth] for part in parts]) for nth in range(5))
        came, tick_s = visits.sum(axis=0), self.part_s * PARTS
        of_classes, of_visits = self._courses.moments((wait_s, variance))
        offered, failed = counts.sum(axis=0), (counts * beyond(of_classes, self.timeout_s)).sum(axis=0)
        share, under_s = self.objective[:, :, 0], self.objective[:, :, 1]
        is_lost = failed > (1 - share) * offered
        late = np.where(is_lost, np.inf, _seen(of_classes, np.where(share > 0, share, 0.5), offered, unusual) / under_s)
        return FluidTick(
            offered, failed, np.where((offered > 0) & (share > 0), late, 0.0), (visits * wait_s).sum(axis=0),
            done_s.sum(axis=0) / (np.maximum(self.ready * self.cores, 1e-9) * tick_s), (visits * of_visits[0]).sum(axis=0) / tick_s,
            came, _seen(of_visits, 0.95, came, unusual_visits), _seen(of_classes, 0.99, offered, unusual),
        )  # fmt: skip

    def _part(self, part: int) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """(requests, visits, core-seconds done, mean and variance of the wait of a visit). Works of n visits are n exponentials."""
        counts = self._counts[:, part]
        visits = np.einsum("mc,mcs->ms", counts, self.visits)
        more = np.maximum(1 + self._of_work[:, part] / np.sqrt(np.maximum(visits, 1.0)), 0.0)
        nominal_s = np.einsum("mc,mcs->ms", counts, self.work_s) * more
        rate = np.maximum(self.ready * self.cores, 1e-3)
        can_s, before, come_s, done_s = rate * self.part_s, self._backlog, np.zeros_like(visits), np.zeros_like(visits)
        flowing = np.ones_like(visits)  # of what would come, the share that callers let through
        for place, callers in self._callers:
            through = flowing[:, callers].min(axis=1) if callers else np.ones(len(visits))
            come_s[:, place] = nominal_s[:, place] * through
            done_s[:, place] = np.minimum(before[:, place] + come_s[:, place], can_s[:, place])
            flowing[:, place] = through * np.clip(done_s[:, place] / np.maximum(come_s[:, place], 1e-9), 0.0, 4.0)
        patience_s = self.timeout_s.max(axis=1, keepdims=True)
        self._backlog = np.minimum(before + come_s - done_s, patience_s * rate)  # who waited longer has been called off
        wait, variance = waiting_s(nominal_s / np.maximum(visits, 1e-9), rate, come_s / can_s)
        behind_s = (before + self._backlog) / 2 / rate
        self._start()
        return counts, visits, done_s, wait + behind_s, variance + (behind_s / 2) ** 2

    def _start(self) -> None:
        """Pods that are ready by the end of a part."""
        self.ready = self.ready + self._due[:, :, 1]
        self._due = np.roll(self._due, -1, axis=2)
        self._due[:, :, 0] = 0


def _seen(parts: Moments, q: Floats | float, n: Floats, unusual: Floats) -> Floats:
    """The quantile as n requests show it: that of their law and, by so many standard deviations, what is particular to them.

    A sample's quantile varies by sqrt(q (1 - q) / n) over the density there, which is (1 - q) over the standard deviation in a tail
    that is exponential; that of few is their largest, and varies as a Gumbel variable does.
    """
    wide = np.minimum(np.sqrt(np.asarray(q) / (1 - np.asarray(q)) / np.maximum(n, 1.0)), GUMBEL)
    found: Floats = np.maximum(_mixed(parts, q) + unusual * wide * np.sqrt(parts[1].mean(axis=0)), parts[0].mean(axis=0))
    return found


def _mixed(parts: Moments, q: Floats | float) -> Floats:
    """About the quantile over a tick, of (parts, ...): that of its mean course, or of its worst part as far as that part is to blame."""
    worst = np.argmax(parts[0], axis=0)[None]
    mean, variance = (np.take_along_axis(one, worst, axis=0)[0] for one in parts)
    own = 1 - np.minimum((1 - np.asarray(q)) * PARTS, 0.5)
    higher: Floats = np.maximum(quantile_s((parts[0].mean(axis=0), parts[1].mean(axis=0)), q), quantile_s((mean, variance), own))
    return higher


def _callers(world: FluidWorld) -> list[tuple[int, list[int]]]:
    """Places of services, callers before whom they call, and of those that call each."""
    calls = Flow(world.scenario).calls
    place = {name: nth for nth, name in enumerate(world.services)}
    called: dict[int, set[int]] = {nth: set() for nth in range(len(place))}
    for caller, callees in calls.items():
        for callee in callees:
            called[place[callee.split(".")[0]]].add(place[caller.split(".")[0]])
    order: list[int] = []
    while left := [nth for nth in called if nth not in order]:
        free = [nth for nth in left if called[nth] <= {*order, nth}]
        order += free or left[:1]
    return [(nth, sorted(called[nth] - {nth})) for nth in order]
