"""Whose calls can be spread over zones: the routes of a world whose file spreads them already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scenarios.errors import ScenarioError
from scenarios.schema.calls import edges
from scenarios.schema.routing import ResolvedRoute, resolve
from scenarios.schema.scenario import Scenario
from sim.commands import WeightsShifted

PERCENTS = 100


@dataclass(frozen=True)
class Split:
    """Calls from one zone to one service."""

    service: str
    zone: str
    routes: tuple[str, ...]
    callers: tuple[str, ...]  # workloads
    data: int  # bytes of a call, there and back

    def commands(self, percents: dict[str, int]) -> list[WeightsShifted]:
        """To spread them so."""
        weights = tuple((zone, percent) for zone, percent in percents.items() if percent)
        return [WeightsShifted(route, self.zone, weights) for route in self.routes]


def splits_of(world: Scenario) -> tuple[Split, ...]:
    """In order of services and zones. Raises ScenarioError where there is nothing to spread, or several services are."""
    found: dict[tuple[str, str], dict[str, ResolvedRoute]] = {}
    callers: dict[tuple[str, str], dict[str, None]] = {}
    for edge in edges(world.services, world.workload):
        route = resolve(world.routes, edge)
        zone = world.workload[edge.caller].zone if edge.caller in world.workload and not edge.caller_endpoint else None
        if zone is not None and route.locality_lb_setting is not None and route.locality_lb_setting.distribute:
            found.setdefault((edge.callee, zone), {})[route.name] = route
            callers.setdefault((edge.callee, zone), {})[edge.caller] = None
    if not found:
        raise ScenarioError("routes: no workload in a zone has calls that are spread over zones, so there is nothing to route; give "
                            "routes a locality_lb_setting: {distribute: [...]}, and workloads a zone")  # fmt: skip
    order = sorted(found, key=lambda one: (one[0], world.cluster.zones.index(one[1])))
    return tuple(Split(*one, tuple(found[one]), tuple(callers[one]), _data(found[one].values())) for one in order)


def _data(routes: Iterable[ResolvedRoute]) -> int:
    sizes = [route.request_bytes + route.response_bytes for route in routes]
    return sum(sizes) // len(sizes)


def in_percents(amounts: list[int]) -> list[int]:
    """Whole percents in proportion, 100 together, by largest remainder, the first of equals first; all nothing where all is."""
    total = sum(amounts)
    if total == 0:
        return [0] * len(amounts)
    floors = [PERCENTS * one // total for one in amounts]
    left = PERCENTS - sum(floors)
    latest = sorted(range(len(amounts)), key=lambda place: -(PERCENTS * amounts[place] % total))[:left]
    return [floor + (place in latest) for place, floor in enumerate(floors)]
