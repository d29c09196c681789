"""Which services saturate, and how far retries multiply: means without queueing, exact from the file."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scenarios.flow import Flow, cores, leaves_first
from scenarios.schema.cycles import Weights
from scenarios.schema.topology import Service
from scenarios.schema.units import NS_PER_S


@dataclass(frozen=True)
class ServiceLoad:
    """Offered load against capacity of one service at its starting replicas; retries are not counted."""

    service: str
    mean_visits_per_s: float
    peak_visits_per_s: float  # when every workload is at its peak at once
    work_ms: float  # mean CPU time of a visit at the mix of endpoints offered
    capacity_per_s: float  # visits that workers and cores can finish; inf where a visit takes neither
    utilization: float  # mean offered over capacity
    peak_utilization: float

    @property
    def saturates(self) -> bool:
        """Whether the peak is more than it can serve."""
        return self.peak_utilization >= 1.0


@dataclass(frozen=True)
class Amplification:
    """The path on which retries multiply most: attempts at its end for one request when every attempt fails."""

    factor: int
    path: tuple[str, ...]  # the workload, then service.endpoint by service.endpoint


def service_loads(flow: Flow) -> list[ServiceLoad]:
    """One entry a service, in the order of the file. Raises ScenarioError where a rate's file is at fault."""
    mean, peak = flow.visits(), flow.visits(peak=True)
    return [_load(flow, name, service, mean, peak) for name, service in flow.world.services.items()]


def capacity_per_pod(flow: Flow, name: str, visits: dict[str, float]) -> float:
    """Visits per second that one pod can finish at this mix of endpoints; inf where a visit takes no worker's time."""
    busy_ns = max(pod_ns(flow, name, _shares(name, flow.world.services[name], visits)))
    return NS_PER_S / busy_ns if busy_ns > 0 else math.inf


def pod_ns(flow: Flow, name: str, visits: dict[str, float]) -> tuple[float, float]:
    """What these visits of a service take of one pod, in nanoseconds: of its cores, and of its threads where a call holds one."""
    service = flow.world.services[name]
    mine = {target: visits.get(target, 0.0) for target in (f"{name}.{endpoint}" for endpoint in service.endpoints)}
    worked_ns = sum(count * flow.work_ns[target] for target, count in mine.items()) / cores(service)
    held_ns = sum(count * flow.mean_ns[target] for target, count in mine.items()) / service.workers
    return worked_ns, held_ns if service.model == "thread" else 0.0


def amplification(flow: Flow) -> Amplification:
    """The largest product of the tries that a call may make along any path of calls, fallbacks included."""
    calls: Weights = {}
    for caller, callee in flow.routes:
        calls.setdefault(caller, {})[callee] = 1.0
    factor: dict[str, int] = {}
    following: dict[str, str] = {}
    for name in leaves_first(calls, list(calls)):
        factor[name] = 1
        for callee in calls.get(name, ()):
            reached = flow.routes[name, callee].attempts_max * factor.get(callee, 1)
            if reached > factor[name]:
                factor[name], following[name] = reached, callee
    worst = max(flow.world.workload, key=lambda name: factor.get(name, 1))
    return Amplification(factor[worst], tuple(_path(worst, following)))


def _load(flow: Flow, name: str, service: Service, mean: dict[str, float], peak: dict[str, float]) -> ServiceLoad:
    offered, most = (sum(visits.get(f"{name}.{endpoint}", 0.0) for endpoint in service.endpoints) for visits in (mean, peak))
    capacity = service.replicas * capacity_per_pod(flow, name, mean) if service.replicas else 0.0
    work_ns = sum(part * flow.work_ns[target] for target, part in _shares(name, service, mean).items())
    return ServiceLoad(name, offered, most, work_ns / 1e6, capacity, _over(offered, capacity), _over(most, capacity))


def _shares(name: str, service: Service, visits: dict[str, float]) -> dict[str, float]:
    """How visits divide among endpoints; evenly where none is visited."""
    rates = {f"{name}.{endpoint}": visits.get(f"{name}.{endpoint}", 0.0) for endpoint in service.endpoints}
    total = sum(rates.values())
    return {target: rate / total if total else 1 / len(rates) for target, rate in rates.items()}


def _over(offered: float, capacity: float) -> float:
    return offered / capacity if capacity else math.inf if offered else 0.0


def _path(name: str, following: dict[str, str]) -> list[str]:
    path = [name]
    while path[-1] in following and following[path[-1]] not in path:
        path.append(following[path[-1]])
    return path
