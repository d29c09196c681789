"""Whose weights a policy sets, and which pod stands in which row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scenarios.errors import ScenarioError
from scenarios.schema.calls import edges
from scenarios.schema.routing import resolve
from scenarios.schema.scenario import Scenario


@dataclass(frozen=True)
class Weighed:
    """A route with weights of its own."""

    route: str
    service: str
    pods: int  # that the file asks for
    usual: tuple[int, ...]  # weights of pods by number, as the file has them

    @property
    def rows(self) -> tuple[str, ...]:
        """One for each weight."""
        return tuple(f"{self.service}-{row}" for row in range(len(self.usual)))


def weighed(world: Scenario) -> Weighed:
    """The one of a world. Raises ScenarioError where there is none, or several."""
    routes = {route.name: route for edge in edges(world.services, world.workload)
              if (route := resolve(world.routes, edge)).load_balancing_weights}  # fmt: skip
    if not routes:
        raise ScenarioError("routes: none has load_balancing_weights, so there are no hosts to weigh; give one, as "
                            "routes.<caller -> callee>.load_balancing_weights: [8]")  # fmt: skip
    if len(routes) > 1:
        raise ScenarioError(f"routes: {', '.join(sorted(routes))} have load_balancing_weights; a policy weighs the hosts of one")
    (route,) = routes.values()
    return Weighed(route.name, route.callee, world.services[route.callee].replicas, route.load_balancing_weights)


def in_rows(listed: Sequence[int], many: int) -> list[int | None]:
    """Which pod stands in each row: as weights are, pods are dealt to rows by their numbers in turn; of several the newest."""
    rows: list[int | None] = [None] * many
    for number in sorted(listed):
        rows[number % many] = number
    return rows
