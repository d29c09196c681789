"""The expected course of requests through a world before any queueing: exact means from the file's own figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from scenarios.hit_ratio import miss_share
from scenarios.rates import Piece, mean_rate, peak_rate, pieces, timestamped
from scenarios.schema.calls import Misses, edges, programs, sites, walk
from scenarios.schema.cycles import Weights, weights
from scenarios.schema.placed import Path
from scenarios.schema.programs import Branch, Cache, Call, Lock, LockSettings, Parallel, Step, Wait, Work
from scenarios.schema.routing import Edge, ResolvedRoute, resolve
from scenarios.schema.scenario import Scenario
from scenarios.schema.topology import Service
from scenarios.schema.units import NS_PER_S
from scenarios.schema.workload import Users, Workload
from scenarios.series import timestamps

ROUNDS_MAX = 100_000  # of calls that go in a circle; what is left by then is too little to show
ROUNDS_OF_MISSES = 8  # of rates and misses that follow from each other


class Hold(NamedTuple):
    """A lock step, how often it is done on average, and how long it holds its key; retries and waits apart."""

    service: str
    spec: LockSettings
    path: Path
    per_s: float
    hold_ns: float


class Flow:
    """Rates, means and routes of one world. Reading a rate raises ScenarioError where its file is at fault.

    `misses` are shares of look-ups by cache step; caches it does not name are cold, and miss always.
    """

    def __init__(self, world: Scenario, misses: Misses | None = None) -> None:
        self.world, self._misses = world, misses or {}
        self.calls: Weights = weights([site for site in sites(world.services, self._misses) if not site.only_on_failure])

    @cached_property
    def routes(self) -> dict[tuple[str, str], ResolvedRoute]:
        """The route of each edge, by caller (service.endpoint, or a workload's name) and callee."""
        found = edges(self.world.services, self.world.workload)
        return {(_caller(edge), f"{edge.callee}.{edge.callee_endpoint}"): resolve(self.world.routes, edge) for edge in found}

    @cached_property
    def arrivals(self) -> dict[str, list[Piece]]:
        """Requests of each workload as pieces of rate, in its own right: users are those of an idle mesh."""
        return {name: self._pieces(workload) for name, workload in self.world.workload.items()}

    @cached_property
    def mean_ns(self) -> dict[str, float]:
        """Mean time of one visit of each endpoint without queueing or failures, in nanoseconds."""
        times: dict[str, float] = {}
        for target in leaves_first(self.calls, self._endpoints()):
            name, endpoint = target.split(".")
            times[target] = self._steps_ns(self.world.services[name].endpoints[endpoint], name, times)
        return times

    @cached_property
    def work_ns(self) -> dict[str, float]:
        """Mean CPU time of one visit of each endpoint, in nanoseconds of one core."""
        return {target: self._work_ns(self._program(target)) for target in self._endpoints()}

    def visits(self, peak: bool = False) -> dict[str, float]:
        """Visits per second of each endpoint, on average or when every workload is at its peak; retries apart."""
        asked: dict[str, float] = {}
        for name, workload in self.world.workload.items():
            rate = peak_rate(self.arrivals[name]) if peak else mean_rate(self.arrivals[name])
            for target, share in _mix(workload).items():
                asked[target] = asked.get(target, 0.0) + rate * share
        return _spread(self.calls, asked)

    def visits_of_one(self, name: str) -> dict[str, float]:
        """Visits of each endpoint that one request of a workload makes, over its mix; retries apart."""
        return _spread(self.calls, _mix(self.world.workload[name]))

    def asked(self, caller: str, target: str) -> float:
        """Calls per second that a caller (service.endpoint, or a workload's name) makes to an endpoint on average; retries apart."""
        if caller in self.world.workload:
            return mean_rate(self.arrivals[caller]) * _mix(self.world.workload[caller]).get(target, 0.0)
        return self.visits().get(caller, 0.0) * self.calls.get(caller, {}).get(target, 0.0)

    def holds(self) -> Iterator[Hold]:
        """Every lock step in the order of the file, but for those that only failures lead to."""
        visits = self.visits()
        for target, steps, path in programs(self.world.services):
            service = target.split(".", maxsplit=1)[0]
            for found in walk(steps, path, misses=self._misses):
                if isinstance(found.step, Lock) and not found.in_fallback:
                    spec = found.step.lock
                    yield Hold(service, spec, found.path, visits.get(target, 0.0) * found.probability,
                               self._steps_ns(spec.steps, service, self.mean_ns))  # fmt: skip

    def entry_ns(self, workload: Workload) -> float:
        """Mean time of a request without queueing, over the workload's mix."""
        weighted = sum(self.mean_ns[target] * weight for target, weight in workload.entries.items())
        return weighted / sum(workload.entries.values())

    def _pieces(self, workload: Workload) -> list[Piece]:
        arrivals, duration = workload.arrivals, self.world.duration
        if arrivals.timestamps is not None:
            return timestamped(timestamps(arrivals.timestamps), duration)
        if arrivals.users is not None:
            rate = arrivals.users.count * workload.load * NS_PER_S / max(1.0, self._round_ns(arrivals.users, workload))
            return [Piece(0, duration, rate, rate)]
        shape = arrivals.poisson or arrivals.constant
        assert shape is not None
        return pieces(shape, workload.load, duration)

    def _round_ns(self, users: Users, workload: Workload) -> float:
        """From one request of a user to the next."""
        think = users.think.mean_ns
        if users.session is not None:
            think += (users.session.pause.mean_ns - think) / users.session.requests
        return think + self.entry_ns(workload)

    def _endpoints(self) -> list[str]:
        return [f"{name}.{endpoint}" for name, service in self.world.services.items() for endpoint in service.endpoints]

    def _program(self, target: str) -> tuple[Step, ...]:
        name, endpoint = target.split(".")
        return self.world.services[name].endpoints[endpoint]

    def _steps_ns(self, steps: tuple[Step, ...], service: str, times: Mapping[str, float]) -> float:
        return sum(self._step_ns(step, service, times) for step in steps)

    def _step_ns(self, step: Step, service: str, times: Mapping[str, float]) -> float:
        if isinstance(step, Work):
            return step.work.mean_ns * slowness(self.world.services[service])
        if isinstance(step, Wait):
            return step.wait.mean_ns
        if isinstance(step, Call):
            return step.repeat * (times.get(step.call, 0.0) + 2 * self.world.network.same_zone.mean_ns)
        if isinstance(step, Branch):
            return sum(way.probability * self._steps_ns(way.steps, service, times) for way in step.branch)
        if isinstance(step, Cache):
            on_miss, hit = (self._steps_ns(steps, service, times) for steps in (step.cache.on_miss, step.cache.hit))
            return hit + self._missed(step) * (on_miss - hit)
        if isinstance(step, Lock):
            return self._steps_ns(step.lock.steps, service, times)
        branches = sorted(self._steps_ns(branch, service, times) for branch in step.parallel)
        needed = {"all": len(branches), "first": 1}.get(str(step.join))
        return branches[(needed or int(step.join)) - 1]


    def _missed(self, step: Cache) -> float:
        return self._misses.get(id(step), 1.0)

    def _work_ns(self, steps: tuple[Step, ...]) -> float:
        total = 0.0
        for step in steps:
            if isinstance(step, Work):
                total += step.work.mean_ns
            elif isinstance(step, Branch):
                total += sum(way.probability * self._work_ns(way.steps) for way in step.branch)
            elif isinstance(step, Cache):
                on_miss, hit = self._work_ns(step.cache.on_miss), self._work_ns(step.cache.hit)
                total += hit + self._missed(step) * (on_miss - hit)
            elif isinstance(step, Lock):
                total += self._work_ns(step.lock.steps)
            elif isinstance(step, Parallel):
                total += sum(self._work_ns(branch) for branch in step.parallel)
        return total


def settled(world: Scenario) -> Flow:
    """The flow when caches have filled: how often they miss follows from how often they are asked, and the other way."""
    flow = Flow(world)
    asked = [(target, found.step, found.probability) for target, steps, path in programs(world.services)
             for found in walk(steps, path) if isinstance(found.step, Cache)]  # fmt: skip
    for _ in range(ROUNDS_OF_MISSES if asked else 0):
        visits = flow.visits()
        flow = Flow(world, {id(step): miss_share(step.cache, visits.get(target, 0.0) * share / _stores(world, target, step))
                            for target, step, share in asked})  # fmt: skip
    return flow


def _stores(world: Scenario, target: str, step: Cache) -> int:
    """Among how many stores look-ups divide."""
    return max(1, world.services[target.split(".", maxsplit=1)[0]].replicas) if step.cache.scope == "pod" else 1


def cores(service: Service) -> float:
    """Cores that one pod can keep busy: one a worker, up to the limit."""
    limit = service.resources.limits.cpu
    return float(service.workers) if limit is None else min(float(service.workers), limit / 1000)


def slowness(service: Service) -> float:
    """How many times longer work takes on an idle pod than on a whole core; a quota that is left slows nobody."""
    return 1.0 if service.resources.cpu_model == "cfs" else max(1.0, 1.0 / cores(service))


def leaves_first(calls: Weights, names: list[str]) -> Iterator[str]:
    """Endpoints, each after those it calls; of a circle, the first met comes last."""
    seen: set[str] = set()
    for root in names:
        stack = [(root, iter(calls.get(root, ())))] if root not in seen else []
        seen.add(root)
        while stack:
            callee = next((c for c in stack[-1][1] if c not in seen), None)
            if callee is None:
                yield stack.pop()[0]
            else:
                seen.add(callee)
                stack.append((callee, iter(calls.get(callee, ()))))


def _mix(workload: Workload) -> dict[str, float]:
    """The share of each entry."""
    total = sum(workload.entries.values())
    return {target: weight / total for target, weight in workload.entries.items()}


def _spread(calls: Weights, wave: dict[str, float]) -> dict[str, float]:
    """Visits from entries and, wave by wave, from the calls that visits make."""
    visits: dict[str, float] = {}
    least = sum(wave.values()) * 1e-12
    for _ in range(ROUNDS_MAX):
        following: dict[str, float] = {}
        for caller, rate in wave.items():
            visits[caller] = visits.get(caller, 0.0) + rate
            for callee, weight in calls.get(caller, {}).items():
                following[callee] = following.get(callee, 0.0) + rate * weight
        wave = following
        if sum(wave.values()) <= least:
            break
    return visits


def _caller(edge: Edge) -> str:
    return f"{edge.caller}.{edge.caller_endpoint}" if edge.caller_endpoint else edge.caller
