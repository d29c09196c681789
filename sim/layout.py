"""Names and numbers of everything in a scenario, in the order of the file: what both engines' rows refer to."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scenarios.naming import suggestion
from scenarios.schema.programs import (
    Branch,
    Cache,
    CacheSettings,
    Call,
    Fallback,
    Ladder,
    Lock,
    LockSettings,
    Parallel,
    Step,
    Wait,
    Work,
)
from scenarios.schema.routing import Edge, ResolvedRoute, resolve
from scenarios.schema.scenario import Expect, Scenario

ALWAYS_GOOD_NS = (1 << 62) - 1  # the bound of a class without a latency objective
WEIGHTED = ("round_robin", "least_request")  # policies that go by a schedule where weights differ
REPORTED = ("weighted_round_robin", "prequal", "c3")  # policies that go by what pods tell
SIMPLE = ("random", *WEIGHTED)  # policies that may do with tries in flight
ANY, ROLES = "any", ("primary", "standby", "prefer-standby")  # what a route may ask for of a database


def by_role(listed: Sequence[int], primary: int) -> list[list[int]]:
    """U2: of the listed pods of a database those that each of ROLES may be sent to."""
    leading, standbys = [pod for pod in listed if pod == primary], [pod for pod in listed if pod != primary]
    return [leading, standbys, standbys or leading]


@dataclass(frozen=True)
class Interval:
    """A stretch of time whose arriving requests are measured apart."""

    workload: int
    start_ns: int
    end_ns: int
    good_ns: int


@dataclass(frozen=True)
class CachePlace:
    """A cache step, and where it stands."""

    service: int
    endpoint: int
    number: int  # its address within the endpoint (D3)
    spec: CacheSettings
    nth: int  # of the cache steps of its endpoint: 1, 2, ...


@dataclass(frozen=True)
class KeySpace:
    """Keys that some lock steps of a service lock."""

    service: int
    scope: str
    name: str | tuple[int, int]  # that of its steps, or the endpoint and address of the only one


@dataclass(frozen=True)
class LockPlace:
    """A lock step, and where it stands."""

    space: int  # index of its key space
    endpoint: int
    number: int  # its address within the endpoint (D3)
    spec: LockSettings
    nth: int  # of the lock steps of its endpoint: 1, 2, ...


class Layout:
    """The scenario's services, endpoints, routes, classes and intervals, each with its index."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.zones = list(scenario.cluster.zones)
        self.services = list(scenario.services)
        self.endpoints = [(s, e) for s, service in scenario.services.items() for e in service.endpoints]
        self.workloads = list(scenario.workload)
        self.databases = [name for name, service in scenario.services.items() if service.replication is not None]
        self.lists = [(name, ANY) for name in self.services] + [(name, role) for name in self.databases for role in ROLES]
        self._list_index = {of: i for i, of in enumerate(self.lists)}
        self.service_index = {name: i for i, name in enumerate(self.services)}
        self.endpoint_index = {pair: i for i, pair in enumerate(self.endpoints)}
        self.routes: list[ResolvedRoute] = []
        self.route_index: dict[Edge, int] = {}
        self.own_routes: dict[str, list[int]] = {name: [] for name in self.services}  # what each pod remembers itself
        self._by_name: dict[str, int] = {}
        for edge in _edges(scenario):
            self._add_route(edge)
        self.intervals = [self._whole_run(i) for i in range(len(self.workloads))]
        self.caches = self._found_caches()
        self.spaces: list[KeySpace] = []
        self.locks = self._found_locks()
        self.lock_index = {(place.endpoint, place.number): i for i, place in enumerate(self.locks)}
        self.cache_index = {(place.endpoint, place.number): i for i, place in enumerate(self.caches)}
        self.is_graded = any(_lowers_quality(step) for _, _, step in self._addressed()) or any(
            service.replication is not None and service.replication.stale_quality < 1.0 for service in scenario.services.values())
        self._expected = [self._expected_intervals(expect) for expect in scenario.expect]

    def _add_route(self, edge: Edge) -> None:
        if edge in self.route_index:
            return
        route = resolve(self.scenario.routes, edge)
        index = self._by_name.setdefault(route.name, len(self.routes))
        if index == len(self.routes):
            self.routes.append(route)
            self.own_routes.setdefault(route.caller, [])
            if route.view == "caller":
                self.own_routes[route.caller].append(index)
        self.route_index[edge] = index

    def route_named(self, name: str) -> int:
        """Index of a route. Raises ValueError where there is none of that name."""
        if name not in self._by_name:
            raise ValueError(f"there is no route {name!r}{suggestion(name, self._by_name)}")
        return self._by_name[name]

    def with_route(self, policy: ResolvedRoute) -> Layout:
        """The same, but for the policy of the route of that name."""
        changed = copy.copy(self)
        changed.routes = list(self.routes)
        changed.routes[self.route_named(policy.name)] = policy
        return changed

    def _addressed(self) -> Iterator[tuple[int, int, Step]]:
        """Every step, after the index of its endpoint and its address there."""
        for index, (service, endpoint) in enumerate(self.endpoints):
            program = self.scenario.services[service].endpoints[endpoint]
            for number, step in zip(numbers(program), in_document_order(program), strict=True):
                yield index, number, step

    def _found_caches(self) -> list[CachePlace]:
        found: list[CachePlace] = []
        for index, number, step in self._addressed():
            if isinstance(step, Cache):
                nth = 1 + sum(place.endpoint == index for place in found)
                found.append(CachePlace(self.service_index[self.endpoints[index][0]], index, number, step.cache, nth))
        return found

    def _found_locks(self) -> list[LockPlace]:
        found: list[LockPlace] = []
        for index, number, step in self._addressed():
            if isinstance(step, Lock):
                space = KeySpace(self.service_index[self.endpoints[index][0]], step.lock.scope, step.lock.name or (index, number))
                if space not in self.spaces:
                    self.spaces.append(space)
                nth = 1 + sum(place.endpoint == index for place in found)
                found.append(LockPlace(self.spaces.index(space), index, number, step.lock, nth))
        return found

    def keeps_hosts(self, route: ResolvedRoute) -> bool:
        """B6: whether every view of a route remembers more of its pods than tries in flight."""
        weights = self.scenario.services[route.callee].load_balancing_weights
        policy = route.lb_policy
        is_weighted = policy.kind in WEIGHTED and (len(set(weights)) > 1 or policy.slow_start is not None)
        is_limited = route.subset is not None or route.outlier_detection is not None or route.is_located or route.load_balancing_weights
        return bool(is_weighted or is_limited or policy.kind not in SIMPLE)

    def reports(self, service: str) -> bool:
        """B16, B19, B22: whether a service's pods tell of themselves, because some caller goes by that."""
        return any(route.callee == service and route.lb_policy.kind in REPORTED for route in self.routes)

    def list_of(self, route: ResolvedRoute) -> int:
        """Index of the list of pods that a route's tries choose from: all of the callee's, or those of a role (U2)."""
        role = route.target_session_attrs if route.callee in self.databases else ANY
        return self._list_index[route.callee, role]

    def role_lists(self, service: int) -> range:
        """Indices of a service's lists by role, in the order of ROLES; none where all pods are alike."""
        first = self._list_index.get((self.services[service], ROLES[0]))
        return range(0) if first is None else range(first, first + len(ROLES))

    def weight(self, service: str, number: int) -> int:
        """B7: the weight of a service's pod of that number."""
        weights = self.scenario.services[service].load_balancing_weights
        return weights[number % len(weights)]

    def target(self, caller: str, endpoint: str, target: str) -> tuple[int, int]:
        """Route and endpoint of a call to `service.endpoint`; a workload calls from no endpoint of its own."""
        callee, called = target.split(".")
        return self.route_index[Edge(caller, endpoint, callee, called)], self.endpoint_index[callee, called]

    def good_ns(self, workload: int) -> int:
        """Latency up to which an answer to this class is good."""
        goal = self.scenario.workload[self.workloads[workload]].slo.latency
        return goal.under if goal else ALWAYS_GOOD_NS

    def _whole_run(self, workload: int) -> Interval:
        return Interval(workload, self.scenario.warmup, self.scenario.duration, self.good_ns(workload))

    def _expected_intervals(self, expect: Expect) -> list[int]:
        start = self.scenario.warmup if expect.start is None else expect.start
        end = self.scenario.duration if expect.until is None else expect.until
        classes = [i for i, name in enumerate(self.workloads) if expect.workload in (None, name)]
        return [self._interval(Interval(i, start, end, self.good_ns(i))) for i in classes]

    def _interval(self, wanted: Interval) -> int:
        """The index of an interval; every stretch of time is measured once, whoever asks."""
        if wanted not in self.intervals:
            self.intervals.append(wanted)
        return self.intervals.index(wanted)

    def expected_intervals(self, index: int) -> list[int]:
        """Indices of the intervals that measure an expectation, one for each class it speaks of."""
        return self._expected[index]


def _lowers_quality(step: Step) -> bool:
    """Whether answers may be of a lower quality on account of this step."""
    if isinstance(step, Cache):
        return step.cache.stale_if_error is not None
    return isinstance(step, Call) and isinstance(step.on_failure, Ladder)


def _edges(scenario: Scenario) -> Iterator[Edge]:
    for name, workload in scenario.workload.items():
        session = workload.arrivals.users.session if workload.arrivals.users else None
        starts = [session.start] if session and session.start else []
        for target in [*workload.entries, *starts]:
            yield Edge(name, "", *target.split("."))
    for service, spec in scenario.services.items():
        for endpoint, steps in spec.endpoints.items():
            for target in targets(steps):
                yield Edge(service, endpoint, *target.split("."))


def targets(steps: tuple[Step, ...]) -> Iterator[str]:
    """Every service.endpoint that some step may call, in document order."""
    for step in steps:
        if isinstance(step, Call):
            yield step.call
        for inner in inner_steps(step):
            yield from targets(inner)


KINDS = (Work, Wait, Call, Parallel, Branch)
LATER_KINDS = (Cache, Lock)  # a kind that comes to them later takes nobody's addresses
LATER, LATER_ROOM = 1 << 19, 16  # where these have theirs, and how many kinds there may be of them


def numbers(steps: tuple[Step, ...]) -> Iterator[int]:
    """The address of every step in document order, depth first (D3): its place among the steps of its kind, and the kind.

    So a step that is added, or wrapped in a parallel one, leaves the draws of steps of other kinds as they were.
    """
    seen = Counter[type]()
    for step in in_document_order(steps):
        kind = type(step)
        if kind in KINDS:
            yield seen[kind] * len(KINDS) + KINDS.index(kind)
        else:
            yield LATER + seen[kind] * LATER_ROOM + LATER_KINDS.index(kind)
        seen[kind] += 1


def in_document_order(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Every step of a program, depth first, a step before those inside it."""
    for step in steps:
        yield step
        for inner in inner_steps(step):
            yield from in_document_order(inner)


def inner_steps(step: Step) -> list[tuple[Step, ...]]:
    """The programs inside a step: branches, options, a fallback, rungs, what a miss and a hit take, or what a key is held for."""
    if isinstance(step, Parallel):
        return list(step.parallel)
    if isinstance(step, Branch):
        return [option.steps for option in step.branch]
    if isinstance(step, Call) and isinstance(step.on_failure, Fallback):
        return [step.on_failure.fallback]
    if isinstance(step, Call) and isinstance(step.on_failure, Ladder):
        return [rung.steps for rung in step.on_failure.ladder]
    if isinstance(step, Cache):
        return [step.cache.on_miss, step.cache.hit]
    if isinstance(step, Lock):
        return [step.lock.steps]
    return []
