"""The metrics server: what the control plane learns of pods' CPU, one scrape late at best."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scenarios.schema.scenario import Scenario
from sim.clock import ControlClock, ControlPhase
from sim.plane import DataPlane, Glance
from sim.platform.cluster import Cluster
from sim.platform.pods import Pod
from sim.telemetry import millicore_ns


@dataclass(frozen=True)
class CpuSample:
    """Mean CPU of one pod over [sample_ns - window_ns, sample_ns)."""

    number: int
    usage_millicores: int  # rounded up, as Kubernetes reads a quantity in thousandths
    sample_ns: int
    window_ns: int  # shorter than the scrape interval in a pod's first sample


@dataclass(frozen=True)
class _Scrape:
    """All that samples are made of; they are made when somebody asks."""

    seen: Glance
    pods: dict[str, tuple[Pod, ...]]  # of each service

    def areas(self, service: int) -> dict[int, int]:
        """By number, the CPU time so far of a service's pods, in milli-core nanoseconds."""
        mine = np.flatnonzero(self.seen.pod_service == service)
        return dict(zip(self.seen.pod_number[mine].tolist(), millicore_ns(self.seen, mine), strict=True))


class MetricsServer:
    """Scrapes every pod once per interval and keeps the newest sample of each."""

    def __init__(self, scenario: Scenario, clock: ControlClock, plane: DataPlane, cluster: Cluster) -> None:
        self._clock, self._plane, self._cluster = clock, plane, cluster
        self._services = list(scenario.services)
        self._interval_ns = scenario.telemetry.scrape_interval
        self._began_ns = 0
        self._last: _Scrape | None = None
        self._before: _Scrape | None = None  # the one before the last
        self._samples: dict[str, tuple[CpuSample, ...]] = {}  # those of the last scrape that were asked for

    def begin(self) -> None:
        """The first scrape is one interval from now."""
        self._began_ns = self._clock.now_ns
        self._clock.after(self._interval_ns, ControlPhase.SCRAPE, "metrics", self._scrape)

    def samples(self, service: str) -> tuple[CpuSample, ...]:
        """The samples of the last scrape, by the pods' order of creation; pods that were not running then have none.

        A pod that is starting runs, and is scraped: its start-up uses no CPU here, so its sample says 0.
        """
        if service not in self._samples:
            self._samples[service] = tuple(self._sampled(service, self._last)) if self._last else ()
        return self._samples[service]

    def _scrape(self) -> None:
        pods = {name: self._cluster.pods(name) for name in self._services}
        self._before, self._last = self._last, _Scrape(self._plane.glance(), pods)
        self._samples = {}
        self._clock.after(self._interval_ns, ControlPhase.SCRAPE, "metrics", self._scrape)

    def _sampled(self, service: str, last: _Scrape) -> Iterator[CpuSample]:
        now_ns, index = last.seen.now_ns, self._services.index(service)
        since_ns = self._before.seen.now_ns if self._before else self._began_ns
        areas, before = last.areas(index), self._before.areas(index) if self._before else {}
        for pod in last.pods[service]:
            if pod.number is None or pod.scheduled_ns is None or pod.scheduled_ns >= now_ns:
                continue  # it was not running then, though it may now
            window_ns = now_ns - max(since_ns, pod.scheduled_ns)
            area = areas.get(pod.number, 0) - before.get(pod.number, 0)
            yield CpuSample(pod.number, -(-area // window_ns), now_ns, window_ns)
