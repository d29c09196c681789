"""What weights of pods that a route has of its own do not go with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenarios.errors import Mistake
from scenarios.schema.calls import edges
from scenarios.schema.placed import Path
from scenarios.schema.routing import place_of, resolve

if TYPE_CHECKING:
    from scenarios.schema.scenario import Scenario

BESIDE_WEIGHTS = ("random", "round_robin", "least_request")  # balancers that are told of weights, or of some pods alone
KEY = "load_balancing_weights"


def weight_mistakes(world: Scenario) -> Iterator[Mistake]:
    """Weights that a balancer would not see, and those that leave nobody to be asked."""
    told: set[Path] = set()
    for edge in edges(world.services, world.workload):
        route = resolve(world.routes, edge)
        place = place_of(world.routes, edge, KEY)
        if not route.load_balancing_weights or place in told:
            continue
        told.add(place)
        said = f"({edge.caller} -> {edge.callee})"
        if route.lb_policy.kind not in BESIDE_WEIGHTS:
            yield Mistake(place, f"is not modelled with {route.lb_policy.kind}; it goes with {', '.join(BESIDE_WEIGHTS)} {said}")
        if not any(route.load_balancing_weights):
            yield Mistake(place, f"are all 0, so that nobody would be asked; give one pod some weight {said}")
