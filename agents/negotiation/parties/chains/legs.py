"""Legs of a chain: the routes into services that grant credits, and what is known of each before anything is seen."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from scenarios.flow import Flow
from scenarios.rates import mean_rate
from scenarios.saturation import capacity_per_pod
from scenarios.schema.negotiating import Credits
from scenarios.schema.routing import ResolvedRoute
from scenarios.schema.scenario import Scenario

MICRO = 1_000_000  # credits are of whole millionths of a pod
IMPORTANCE = ("critical", "degraded", "best_effort", "bulk")  # the most important first
Edges = dict[tuple[str, str], float]  # calls a second, or for one request, by caller (service.endpoint, or a workload) and target


@dataclass(frozen=True)
class Leg:
    """A route to a service that grants credits."""

    name: str  # the route's
    caller: str  # a service or a workload
    callee: str
    route: ResolvedRoute
    per_pod: float  # tries a second that a pod of the callee can finish
    mean: float  # first tries a second that the file comes to on average
    worth: float  # currency for a thousand tries: what the answers they are part of are worth
    rank: int  # by the most important class that comes by it; 0 is the most important
    floor: int  # credits that need no lease: no more than lead to what needs none further on
    feeds: dict[str, float]  # first tries that the callee sends on by further legs, for one try that comes by this one
    flows: dict[str, float]  # first tries by it for one request, by workload

    @property
    def earning(self) -> float:
        """Currency that a thousandth of a pod-second earns with it, where all is answered."""
        return self.worth * self.per_pod

    @property
    def retries(self) -> float:
        """Retries for a first try at most, once everything fails, under the file's own budget.

        In flight they are at most a share b of all tries, so they are at most b / (1 - b) of the first ones (where all take
        as long as each other, and waits are short; scenarios/README.md derives it), and never more than `num_retries`.
        """
        if self.route.retries is None or self.route.retries.retry_budget is None:
            return 0.0
        share = self.route.retries.retry_budget.budget_percent
        return min(float(self.route.retries.num_retries), share / (1 - share) if share < 1 else math.inf)

    def credits(self, rate: float) -> int:
        """What so many tries a second take, in millionths of a pod."""
        return math.ceil(rate / self.per_pod * MICRO - 1e-6)

    def rate(self, amount: float) -> float:
        """Tries a second that so many credits are for."""
        return amount / MICRO * self.per_pod

    def budget(self, retries: float) -> float:
        """The share of tries in flight that keeps to so many retries for a first try."""
        assert self.route.retries is not None and self.route.retries.retry_budget is not None, "only legs with retries have a budget"
        share = self.route.retries.retry_budget.budget_percent
        return share if retries >= self.retries - 1e-9 else retries / (1 + retries)


def granted_pods(terms: Credits, ready: int) -> int:
    """Credits for so many pods of a service."""
    return math.floor(ready * terms.target_utilization * MICRO)


def legs(world: Scenario, terms: Credits) -> dict[str, Leg]:
    """Every leg by its route's name, in the order of the file."""
    flow = Flow(world)
    on_average, of_one = _calls(flow, flow.visits()), {name: _calls(flow, flow.visits_of_one(name)) for name in world.workload}
    means = {name: mean_rate(flow.arrivals[name]) for name in world.workload}
    for name in world.workload:
        of_one[name] |= _entries(flow, name)
        on_average |= {edge: means[name] * share for edge, share in _entries(flow, name).items()}
    grouped: dict[str, list[tuple[str, str]]] = {}
    for edge, route in flow.routes.items():
        if route.callee in terms.services:
            grouped.setdefault(route.name, []).append(edge)
    found: dict[str, Leg] = {}
    for name, edges in grouped.items():
        route = flow.routes[edges[0]]
        asked = {target: sum(on_average.get(edge, 0.0) for edge in edges if edge[1] == target) for _, target in edges}
        flows = {one: sum(calls.get(edge, 0.0) for edge in edges) for one, calls in of_one.items()}
        mean = sum(asked.values())
        found[name] = Leg(
            name, route.caller, route.callee, route, _per_pod(flow, route.callee, asked), mean,
            _worth(terms, means, flows), _rank(world, flows), _floor(world, terms, route.callee, grouped, flow),
            _feeds(flow, route.callee, asked, grouped), {one: count for one, count in flows.items() if count})  # fmt: skip
    return {name: _lowered(leg, found) for name, leg in found.items()}


def _calls(flow: Flow, visits: dict[str, float]) -> Edges:
    """Calls over each edge inside the mesh, for so many visits."""
    return {(caller, target): visits.get(caller, 0.0) * count for caller, row in flow.calls.items() for target, count in row.items()}


def _entries(flow: Flow, workload: str) -> Edges:
    entries = flow.world.workload[workload].entries
    return {(workload, target): weight / sum(entries.values()) for target, weight in entries.items()}


def _per_pod(flow: Flow, callee: str, asked: dict[str, float]) -> float:
    even = asked if sum(asked.values()) > 0 else dict.fromkeys(asked, 1.0)
    return capacity_per_pod(flow, callee, even)


def _worth(terms: Credits, means: dict[str, float], flows: dict[str, float]) -> float:
    """A try takes the answer it is part of for its own merit, shared with the other tries of the request by this leg."""
    coming = [name for name, count in flows.items() if count]
    tries = sum(means[name] * flows[name] for name in coming)
    return sum(means[name] * terms.worth.get(name, 1.0) for name in coming) / tries if tries else 0.0


def _rank(world: Scenario, flows: dict[str, float]) -> int:
    ranks = [IMPORTANCE.index(world.workload[name].priority) for name, count in flows.items() if count]
    return min(ranks, default=len(IMPORTANCE))


def _floor(world: Scenario, terms: Credits, callee: str, grouped: dict[str, list[tuple[str, str]]], flow: Flow) -> int:
    """The same for every route to a service."""
    others = sum(flow.routes[edges[0]].callee == callee for edges in grouped.values())
    return math.floor(terms.floor * granted_pods(terms, world.services[callee].replicas) / others)


def _lowered(leg: Leg, found: dict[str, Leg]) -> Leg:
    """With a floor that may be sent on without a lease, too: its part of what all who lead to a further leg may send."""
    rate = leg.rate(leg.floor)
    for name in leg.feeds:
        onward = _lowered(found[name], found)
        coming = sum(one.rate(one.floor) * one.feeds[name] for one in found.values() if name in one.feeds)
        rate = min(rate, leg.rate(leg.floor) * min(1.0, onward.rate(onward.floor) / coming) if coming else rate)
    return replace(leg, floor=min(leg.floor, math.floor(rate / leg.per_pod * MICRO)))


def _feeds(flow: Flow, callee: str, asked: dict[str, float], grouped: dict[str, list[tuple[str, str]]]) -> dict[str, float]:
    total = sum(asked.values())
    share = {target: rate / total if total else 1 / len(asked) for target, rate in asked.items()}
    found = {}
    for name, edges in grouped.items():
        sent = sum(share.get(caller, 0.0) * flow.calls.get(caller, {}).get(target, 0.0) for caller, target in edges)
        if sent and flow.routes[edges[0]].caller == callee:
            found[name] = sent
    return found
