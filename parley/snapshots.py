"""Two looks at a running mesh, and what happened between them: rows of `windows/` and means of the summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scenarios.flow import cores
from scenarios.schema.topology import Service
from sim.layout import Layout
from sim.plane import Observation
from sim.platform.cluster import Cluster
from sim.platform.pods import PodEvent, PodPhase
from sim.telemetry import ServiceWindow, service_growth, window

SERVING = (PodPhase.READY, PodPhase.DRAINING)


@dataclass(frozen=True)
class PodTime:
    """Integrals over time of a service's pods, in pod-nanoseconds since the start."""

    ready: int = 0
    serving: int = 0  # ready or draining


@dataclass(frozen=True)
class Snapshot:
    """Everything counted up to an instant."""

    seen: Observation
    pod_time: dict[str, PodTime]  # by service


class PodTimes:
    """Adds up pod time from the cluster's log, to the nanosecond."""

    def __init__(self, services: Sequence[str]) -> None:
        self._phases: dict[tuple[str, int], PodPhase] = {}
        self._now: dict[str, Counter[PodPhase]] = {name: Counter() for name in services}
        self._areas = dict.fromkeys(services, PodTime())
        self._changed = dict.fromkeys(services, 0)

    def take(self, events: Sequence[PodEvent]) -> None:
        """The next entries of the log."""
        for event in events:
            if event.number is not None:
                self._pass_time(event.service, event.time_ns)
                key, now = (event.service, event.number), self._now[event.service]
                now[self._phases.get(key, PodPhase.GONE)] -= 1
                now[event.phase] += 1
                self._phases[key] = event.phase

    def at(self, now_ns: int) -> dict[str, PodTime]:
        """Pod time of each service up to now, which must not lie before the last entry taken."""
        for service in self._areas:
            self._pass_time(service, now_ns)
        return dict(self._areas)

    def _pass_time(self, service: str, now_ns: int) -> None:
        elapsed, now, area = now_ns - self._changed[service], self._now[service], self._areas[service]
        ready = area.ready + elapsed * now[PodPhase.READY]
        serving = area.serving + elapsed * sum(now[phase] for phase in SERVING)
        self._areas[service], self._changed[service] = PodTime(ready, serving), now_ns


@dataclass(frozen=True)
class ServiceMeans:
    """A service over a stretch of time. Means are over time, nan where no time passed or no pod served."""

    visits: int
    utilization: float  # busy cores over the cpu request, or busy workers over workers where there is none
    mean_replicas: float  # ready
    queue_mean: float  # waiting for a worker or a core, all pods together


def service_means(layout: Layout, before: Snapshot, after: Snapshot) -> list[ServiceMeans]:
    """What each service did between two snapshots, in the order of the file."""
    elapsed = after.seen.now_ns - before.seen.now_ns
    growth = service_growth(layout, before.seen, after.seen)
    return [
        _means({counter: int(grown[i]) for counter, grown in growth.items()}, layout.scenario.services[name], elapsed,
               before.pod_time[name], after.pod_time[name])
        for i, name in enumerate(layout.services)
    ]  # fmt: skip


def _means(changed: dict[str, int], spec: Service, elapsed_ns: int, before: PodTime, after: PodTime) -> ServiceMeans:
    return ServiceMeans(
        changed["visits"],
        _utilization(spec, changed, after.serving - before.serving),
        _over(after.ready - before.ready, elapsed_ns),
        _over(changed["waiting_area_ns"], elapsed_ns),
    )


def window_rows(layout: Layout, before: Snapshot, after: Snapshot, cluster: Cluster) -> Iterator[dict[str, Any]]:
    """Rows of `windows/`: the classes, then the services."""
    made = window(layout, before.seen, after.seen)
    span = {"start_ns": made.start_ns, "end_ns": made.end_ns}
    for one in made.classes:
        counts = {key: getattr(one, key) for key in ("offered", "succeeded", "good", "failed", "timed_out", "rejected", "in_flight")}
        times = {f"latency_{key}_ms": getattr(one, f"latency_{key}_ns") / 1e6 for key in ("mean", "p50", "p90", "p99")}
        yield {**span, "kind": "class", "name": one.name, **counts, **times}
    for service, means in zip(made.services, service_means(layout, before, after), strict=True):
        yield {**span, "kind": "service", "name": service.name, **_service_row(service, means),
               **_phase_counts(cluster, service.name)}  # fmt: skip


def _service_row(made: ServiceWindow, means: ServiceMeans) -> dict[str, Any]:
    return {
        "visits": made.visits, "failed": made.failed, "rejected": made.rejected, "lost": made.lost,
        "inside_p50_ms": made.inside_p50_ns / 1e6, "inside_p99_ms": made.inside_p99_ns / 1e6,
        "busy_cores": made.busy_cores, "waiting": made.waiting, "present": made.present,
        "utilization": means.utilization,
    }  # fmt: skip


def _phase_counts(cluster: Cluster, service: str) -> dict[str, int]:
    now = cluster.counts(service)
    return {key: getattr(now, key) for key in ("desired", "pending", "starting", "ready", "draining")}


def _utilization(spec: Service, changed: dict[str, int], serving_ns: int) -> float:
    request = spec.resources.requests.cpu
    if request is not None:
        return _over(changed["millicore_ns"], request * serving_ns)
    if spec.model == "thread":  # a worker is held from the door to the answer
        return _over(changed["present_area_ns"] - changed["waiting_area_ns"], spec.workers * serving_ns)
    return _over(changed["working_area_ns"], cores(spec) * serving_ns)


def _over(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
