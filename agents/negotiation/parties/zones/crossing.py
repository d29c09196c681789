"""What zones know of each other before anything is seen: from the file, as maps, bills and load tests would tell them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from agents.negotiation.mechanisms.shares import proportional
from scenarios.flow import Flow
from scenarios.rates import mean_rate
from scenarios.saturation import capacity_per_pod
from scenarios.schema.calls import edges
from scenarios.schema.routing import ResolvedRoute, resolve
from scenarios.schema.scenario import Scenario
from scenarios.schema.spilling import Spill
from scenarios.schema.units import NS_PER_S

PERCENTS = 100  # weights of zones are whole percents


@dataclass(frozen=True)
class Crossing:
    """One service's zones: who calls from where, what a pod serves, and what it costs to go elsewhere."""

    world: Scenario
    spill: Spill

    @property
    def service(self) -> str:
        """The service that is called."""
        return self.spill.service

    @property
    def zones(self) -> tuple[str, ...]:
        """All zones, in the order of the file."""
        return self.world.cluster.zones

    @cached_property
    def flow(self) -> Flow:
        """Means of the world."""
        return Flow(self.world)

    @cached_property
    def routes(self) -> dict[str, dict[str, ResolvedRoute]]:
        """By zone, the routes by which its workloads call, by name."""
        found: dict[str, dict[str, ResolvedRoute]] = {zone: {} for zone in self.zones}
        for edge in edges(self.world.services, self.world.workload):
            if edge.callee == self.service:
                route, zone = resolve(self.world.routes, edge), self.world.workload[edge.caller].zone
                assert zone is not None, "the schema wants callers to have a zone"
                found[zone][route.name] = route
        return found

    @cached_property
    def full_per_pod(self) -> float:
        """Requests a second that a pod can finish."""
        return capacity_per_pod(self.flow, self.service, self.flow.visits())

    @property
    def per_pod(self) -> float:
        """Requests a second that a pod is counted on for."""
        return self.full_per_pod * self.spill.target_utilization

    @cached_property
    def visit_s(self) -> float:
        """Seconds that a visit takes where nobody waits."""
        times = [self.flow.mean_ns[f"{self.service}.{endpoint}"] for endpoint in self.world.services[self.service].endpoints]
        return sum(times) / len(times) / NS_PER_S

    def worth(self, zone: str) -> float:
        """Currency for a thousand good answers to a zone's callers, on average over the file's load; 1 where nobody calls."""
        callers = {route.caller: mean_rate(self.flow.arrivals[route.caller]) for route in self.routes[zone].values()}
        total = sum(callers.values())
        return sum(rate * self.spill.worth.get(name, 1.0) for name, rate in callers.items()) / total if total else 1.0

    def prices(self, zone: str) -> dict[str, float]:
        """By zone that might serve them, what a thousand requests from `zone` cost there: data that leaves a zone, and distance."""
        return {other: self.egress(zone, other) + self.spill.latency_price * self.detour_s(zone, other) for other in self.zones}

    def egress(self, zone: str, other: str) -> float:
        """Currency for the data of a thousand requests: the mean of the zone's routes."""
        sizes = [route.request_bytes + route.response_bytes for route in self.routes[zone].values()]
        return 0.0 if zone == other or not sizes else sum(sizes) / len(sizes) / 1e9 * self.world.network.egress * 1000

    def detour_s(self, zone: str, other: str) -> float:
        """Seconds that a request takes longer, there and back, because it goes to the other zone.

        Faults of the links that are there from the beginning to the end are geography.
        """
        network = self.world.network
        near_ns = network.same_zone.mean_ns
        far_ns = (network.cross_zone or network.same_zone).mean_ns if zone != other else near_ns
        return 2 * (far_ns - near_ns + self._added_ns(zone, other) - self._added_ns(zone, zone)) / NS_PER_S

    def _added_ns(self, zone: str, other: str) -> int:
        lasting = [fault.latency for fault in self.world.faults.values() if fault.at == 0 and fault.duration is None]
        return sum(one.added for one in lasting if one is not None and sorted(one.between) == sorted((zone, other)))


def percents(flows: Mapping[str, float]) -> dict[str, int]:
    """Whole percents of flows, by largest remainder; all nothing where nothing flows."""
    flowing = {zone: flow for zone, flow in flows.items() if flow > 0}
    found = proportional(dict.fromkeys(flowing, PERCENTS), PERCENTS if flowing else 0, flowing).units
    return {zone: found.get(zone, 0) for zone in flows}
