"""What is seen of a way from one zone to another: as scrapes tell it, and no truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agents.learning.routing.splits import Split
from scenarios.schema.scenario import Scenario
from sim.mesh import Mesh
from sim.platform.metrics import PodMetrics, Series


@dataclass(frozen=True, slots=True)
class ZoneSight:
    """Pods of a service in one zone at the last scrape. Rates are a second."""

    pods: int  # ready
    rate: float  # requests that came
    inside: float  # requests
    queued: float  # of them waiting
    cores: float  # in use


@dataclass(frozen=True, slots=True)
class WaySight:
    """A row: the calls of one zone, and the pods of the one that might serve them."""

    percent: int  # of the calls that go there
    is_home: bool
    rate: float  # calls a second of the zone, wherever they go
    lateness: float | None  # 99th percentile of its callers' requests over the objective, the worst of them
    target: ZoneSight
    age_ticks: float


class Watching:
    """Reads the metrics of a mesh."""

    def __init__(self, world: Scenario, mesh: Mesh, splits: tuple[Split, ...]) -> None:
        self._mesh, self.zones = mesh, world.cluster.zones
        self._rates = {split: [Series("requests_per_second", "route", name) for name in split.routes] for split in splits}
        self._latencies = {split: {Series("latency_p99", "workload", name): goal.under / 1e9 for name in split.callers
                                   if (goal := world.workload[name].slo.latency) is not None} for split in splits}  # fmt: skip
        for split in splits:
            for series in (*self._rates[split], *self._latencies[split]):
                mesh.metrics.watch(series)

    def rate(self, split: Split) -> float:
        """Calls a second of a zone; 0 before anything is known."""
        return sum(self._mesh.metrics.value(series) or 0 for series in self._rates[split]) / 1000

    def lateness(self, split: Split) -> float | None:
        """Of its callers who are worst off; None where nothing succeeded."""
        seen = [milli / 1000 / under for series, under in self._latencies[split].items()
                if (milli := self._mesh.metrics.value(series)) is not None]  # fmt: skip
        return max(seen, default=None)

    def targets(self, service: str) -> dict[str, ZoneSight]:
        """By zone."""
        cluster, metrics = self._mesh.cluster, self._mesh.metrics
        zones = {pod.number: pod.zone for pod in cluster.pods(service) if pod.looks_ready}
        said = {zone: [one for one in metrics.pod_metrics(service) if zones.get(one.number) == zone] for zone in self.zones}
        used = {zone: sum(one.usage_millicores for one in metrics.samples(service) if zones.get(one.number) == zone) for zone in self.zones}
        pods = {zone: sum(1 for other in zones.values() if other == zone) for zone in self.zones}
        return {zone: ZoneSight(pods[zone], _sum(said[zone], "requests_per_second"), _sum(said[zone], "concurrency"),
                                _sum(said[zone], "queue_length"), used[zone] / 1000) for zone in self.zones}  # fmt: skip

    def age_ns(self, service: str) -> int:
        """How old the newest sample is."""
        newest = max((one.sample_ns for one in self._mesh.metrics.pod_metrics(service)), default=0)
        return self._mesh.clock.now_ns - newest


def _sum(said: Sequence[PodMetrics], name: str) -> float:
    total: int = sum(getattr(one, name) for one in said)
    return total / 1000
