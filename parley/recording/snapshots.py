"""How a running mesh stands, service by service, and what each did between two such snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.flow import cores
from scenarios.schema.topology import Service
from sim.laws.queueing import area_ns
from sim.layout import Layout
from sim.plane import Glance
from sim.platform.cluster import Cluster
from sim.platform.pods import PodEvent, PodPhase
from sim.records import REQUEST_TALLY
from sim.telemetry import TALLIED, Integers, ServiceTotals, millicores

PHASES = (PodPhase.PENDING, PodPhase.STARTING, PodPhase.READY, PodPhase.DRAINING)
COUNTED_AS = {PodPhase.UNREADY: PodPhase.DRAINING}  # it finishes what it has
SERVING = [PHASES.index(phase) for phase in (PodPhase.READY, PodPhase.DRAINING)]
OVER = [i for i, (name, _) in enumerate(REQUEST_TALLY.fields) if name in ("succeeded", "failed")]  # columns of a class
EXACT = 2**53  # up to here a float is any integer
Numbers = NDArray[Any]  # integers or floats; or Python's integers, where they may be large


class PodTimes:
    """Counts pods by phase from the cluster's log, and adds up their time, to the nanosecond."""

    def __init__(self, services: Sequence[str]) -> None:
        self._service = {name: i for i, name in enumerate(services)}
        self._phases: dict[tuple[str, int], PodPhase] = {}
        self._count = np.zeros((len(PHASES), len(services)), dtype=np.int64)
        self._moments = np.zeros_like(self._count)  # as Q2: the integral of a count, less count * now

    def take(self, events: Sequence[PodEvent]) -> None:
        """The next entries of the log."""
        for event in events:
            if event.number is None:
                was = PodPhase.PENDING if event.phase is PodPhase.GONE else PodPhase.GONE
            else:
                key = event.service, event.number
                was = self._phases.get(key, PodPhase.PENDING)  # a number is given on leaving that
                self._phases[key] = event.phase
            self._shift(was, -1, event)
            self._shift(event.phase, 1, event)

    def counts(self) -> Integers:
        """(PHASES, services) pods now."""
        return self._count.copy()

    def at(self, now_ns: int) -> Integers:
        """(PHASES, services) pod-nanoseconds up to now, which must not lie before the last entry taken."""
        found: Integers = area_ns(self._moments, self._count, now_ns)
        return found

    def _shift(self, phase: PodPhase, by: int, event: PodEvent) -> None:
        phase = COUNTED_AS.get(phase, phase)
        if phase in PHASES:
            place = PHASES.index(phase), self._service[event.service]
            self._count[place] += by
            self._moments[place] -= by * event.time_ns


@dataclass(frozen=True)
class Snapshot:
    """What was counted up to an instant; services and classes in the order of the file."""

    now_ns: int
    services: Integers  # (services, fields of PodTally)
    classes: Integers  # (classes, fields of RequestTally)
    pod_time: Integers  # (PHASES, services)
    pods: Integers  # (PHASES, services) pods at the instant
    desired: Sequence[int]  # pods of each service

    @property
    def offered(self) -> int:
        """Requests so far."""
        return int(self.classes[:, 0].sum())

    @property
    def in_flight(self) -> int:
        """Requests that have come and are not over."""
        return self.offered - int(self.classes[:, OVER].sum())

    @property
    def visits(self) -> int:
        """Visits to pods so far."""
        return int(self.services[:, TALLIED["visits"]].sum())


class Lookout:
    """Takes snapshots."""

    def __init__(self, layout: Layout, cluster: Cluster) -> None:
        self._cluster, self._totals, self._pod_times = cluster, ServiceTotals(len(layout.services)), PodTimes(layout.services)
        self._logged = 0  # entries of the cluster's log that were taken
        self.busyness = Busyness(layout, self._totals.slow_core)
        self.events: Sequence[PodEvent] = ()  # of the cluster's log between the last two snapshots

    def snapshot(self, seen: Glance) -> Snapshot:
        """How things stand."""
        self.events = self._cluster.log[self._logged :]
        self._logged += len(self.events)
        self._pod_times.take(self.events)
        classes = seen.workloads.view(np.int64).reshape(len(seen.workloads), len(REQUEST_TALLY.fields))
        return Snapshot(seen.now_ns, self._totals.of(seen), classes, self._pod_times.at(seen.now_ns), self._pod_times.counts(),
                        self._cluster.desired())  # fmt: skip


@dataclass(frozen=True)
class ServiceMeans:
    """A service since the warm-up. Means are over time, nan where no time passed or no pod served."""

    visits: int  # of the whole run
    utilization: float
    mean_replicas: float  # ready
    queue_mean: float  # waiting for a worker or a core, all pods together
    inside_mean: float  # visits from the door to the answer, those who wait included: L of Little's law


def service_means(busyness: Busyness, warm: Snapshot, end: Snapshot) -> list[ServiceMeans]:
    """What each service did since the warm-up, in the order of the file."""
    elapsed, grown, pod_time = np.array(end.now_ns - warm.now_ns), end.services - warm.services, end.pod_time - warm.pod_time
    columns = (
        end.services[:, TALLIED["visits"]],
        busyness.utilization(grown, pod_time[SERVING].sum(axis=0)),
        quotients(pod_time[PHASES.index(PodPhase.READY)], elapsed),
        quotients(grown[:, TALLIED["waiting_area_ns"]], elapsed),
        quotients(grown[:, TALLIED["present_area_ns"]], elapsed),
    )
    return [ServiceMeans(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


class Busyness:
    """How busy services were, from what grew: (..., services, fields of PodTally), and (..., services) pods' serving time."""

    def __init__(self, layout: Layout, slow_core: Integers) -> None:
        specs = [layout.scenario.services[name] for name in layout.services]
        self._slow_core = slow_core
        self._meter = np.array([0 if spec.resources.requests.cpu is not None else 1 if spec.model == "thread" else 2 for spec in specs])
        self._capacity = np.array([_capacity(spec) for spec in specs], dtype=object)

    def millicore_ns(self, grown: Integers) -> Numbers:
        """CPU time in milli-core nanoseconds."""
        running, slow = (_exact(area, 1000) for area in (_running_ns(grown), grown[..., TALLIED["slow_area_ns"]]))
        found: Numbers = millicores(running, slow, self._slow_core)
        return found

    def utilization(self, grown: Integers, serving_ns: Integers) -> NDArray[np.float64]:
        """Busy cores over the cpu request, or busy workers over workers where there is none; nan where no pod served."""
        waiting, present = (grown[..., TALLIED[f"{what}_area_ns"]] for what in ("waiting", "present"))
        busy = np.choose(self._meter, [self.millicore_ns(grown), _exact(present - waiting), _exact(_running_ns(grown))])
        serving = _exact(serving_ns, int(self._capacity.max()) + 1)
        if busy.dtype == object or serving.dtype == object:
            return quotients(busy.astype(object), self._capacity * serving.astype(object))
        return quotients(busy, self._capacity.astype(np.float64) * serving)


def _running_ns(grown: Integers) -> Integers:
    """Time of cores in use."""
    found: Integers = grown[..., TALLIED["working_area_ns"]] - grown[..., TALLIED["stalled_area_ns"]]
    return found


def _exact(values: Integers, factor: int = 1) -> Numbers:
    """The same, as Python's integers where so many times as much is no exact float."""
    return values if int(values.max(initial=0)) <= EXACT // factor else values.astype(object)


def _capacity(spec: Service) -> float:
    """What a pod's busy time is compared with, by the meter."""
    if spec.resources.requests.cpu is not None:
        return spec.resources.requests.cpu
    return spec.workers if spec.model == "thread" else cores(spec)  # a worker is held from the door to the answer


def quotients(parts: Numbers, wholes: Numbers) -> NDArray[np.float64]:
    """Each part by its whole, rounded once, however large; nan where the whole is 0."""
    parts, wholes = np.broadcast_arrays(parts, wholes)
    if parts.dtype == object or wholes.dtype == object or max(int(parts.max(initial=0)), int(wholes.max(initial=0))) > EXACT:
        pairs = zip(parts.reshape(-1).tolist(), wholes.reshape(-1).tolist(), strict=True)
        return np.array([part / whole if whole else np.nan for part, whole in pairs]).reshape(parts.shape)
    found = np.full(parts.shape, np.nan)
    np.divide(parts, wholes, out=found, where=wholes != 0)
    return found
