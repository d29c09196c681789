"""Names and numbers of everything in a scenario, in the order of the file: what both engines' rows refer to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scenarios.schema.programs import Branch, Call, Fallback, Parallel, Step, Wait, Work
from scenarios.schema.routing import Edge, ResolvedRoute, resolve
from scenarios.schema.scenario import Expect, Scenario

ALWAYS_GOOD_NS = (1 << 62) - 1  # the bound of a class without a latency objective


@dataclass(frozen=True)
class Interval:
    """A stretch of time whose arriving requests are measured apart."""

    workload: int
    start_ns: int
    end_ns: int
    good_ns: int


class Layout:
    """The scenario's services, endpoints, routes, classes and intervals, each with its index."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.zones = list(scenario.cluster.zones)
        self.services = list(scenario.services)
        self.endpoints = [(s, e) for s, service in scenario.services.items() for e in service.endpoints]
        self.workloads = list(scenario.workload)
        self.service_index = {name: i for i, name in enumerate(self.services)}
        self.endpoint_index = {pair: i for i, pair in enumerate(self.endpoints)}
        self.routes: list[ResolvedRoute] = []
        self.route_index: dict[Edge, int] = {}
        self.own_routes: dict[str, list[int]] = {name: [] for name in self.services}  # what each pod remembers itself
        self._by_name: dict[str, int] = {}
        for edge in _edges(scenario):
            self._add_route(edge)
        self.intervals = [self._whole_run(i) for i in range(len(self.workloads))]
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


def numbers(steps: tuple[Step, ...]) -> Iterator[int]:
    """The address of every step in document order, depth first (D3): its place among the steps of its kind, and the kind.

    So a step that is added, or wrapped in a parallel one, leaves the draws of steps of other kinds as they were.
    """
    seen = [0] * len(KINDS)
    for step in _in_document_order(steps):
        kind = KINDS.index(type(step))
        yield seen[kind] * len(KINDS) + kind
        seen[kind] += 1


def _in_document_order(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        for inner in inner_steps(step):
            yield from _in_document_order(inner)


def inner_steps(step: Step) -> list[tuple[Step, ...]]:
    """The programs inside a step: branches, options or a fallback."""
    if isinstance(step, Parallel):
        return list(step.parallel)
    if isinstance(step, Branch):
        return [option.steps for option in step.branch]
    if isinstance(step, Call) and isinstance(step.on_failure, Fallback):
        return [step.on_failure.fallback]
    return []
