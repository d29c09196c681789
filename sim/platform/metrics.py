"""The metrics server: what the control plane learns of pods' CPU, one scrape late at best."""

from __future__ import annotations

from dataclasses import dataclass

from scenarios.schema.scenario import Scenario
from sim.clock import ControlClock, ControlPhase
from sim.plane import DataPlane
from sim.platform.cluster import Cluster
from sim.telemetry import millicore_ns


@dataclass(frozen=True)
class CpuSample:
    """Mean CPU of one pod over [sample_ns - window_ns, sample_ns)."""

    number: int
    usage_millicores: int  # rounded up, as Kubernetes reads a quantity in thousandths
    sample_ns: int
    window_ns: int  # shorter than the scrape interval in a pod's first sample


class MetricsServer:
    """Scrapes every pod once per interval and keeps the newest sample of each."""

    def __init__(self, scenario: Scenario, clock: ControlClock, plane: DataPlane, cluster: Cluster) -> None:
        self._clock, self._plane, self._cluster = clock, plane, cluster
        self._services = list(scenario.services)
        self._interval_ns = scenario.telemetry.scrape_interval
        self._scraped_ns = 0
        self._cpu_areas: dict[tuple[int, int], int] = {}  # (service, number) -> milli-core ns at the last scrape
        self._samples: dict[str, tuple[CpuSample, ...]] = dict.fromkeys(self._services, ())

    def begin(self) -> None:
        """The first scrape is one interval from now."""
        self._scraped_ns = self._clock.now_ns
        self._clock.after(self._interval_ns, ControlPhase.SCRAPE, "metrics", self._scrape)

    def samples(self, service: str) -> tuple[CpuSample, ...]:
        """The samples of the last scrape, by the pods' order of creation; pods that were not running then have none.

        A pod that is starting runs, and is scraped: its start-up uses no CPU here, so its sample says 0.
        """
        return self._samples[service]

    def _scrape(self) -> None:
        seen = self._plane.observe(histograms=False)
        keys = zip(seen.pod_service.tolist(), seen.pod_number.tolist(), strict=True)
        areas = dict(zip(keys, millicore_ns(seen), strict=True))
        self._samples = {name: self._sampled(index, name, areas) for index, name in enumerate(self._services)}
        self._cpu_areas, self._scraped_ns = areas, self._clock.now_ns
        self._clock.after(self._interval_ns, ControlPhase.SCRAPE, "metrics", self._scrape)

    def _sampled(self, index: int, service: str, areas: dict[tuple[int, int], int]) -> tuple[CpuSample, ...]:
        now_ns, found = self._clock.now_ns, []
        for pod in self._cluster.pods(service):
            if pod.number is None or pod.scheduled_ns is None or pod.scheduled_ns == now_ns:
                continue
            window_ns = now_ns - max(self._scraped_ns, pod.scheduled_ns)
            area = areas.get((index, pod.number), 0) - self._cpu_areas.get((index, pod.number), 0)
            found.append(CpuSample(pod.number, -(-area // window_ns), now_ns, window_ns))
        return tuple(found)
