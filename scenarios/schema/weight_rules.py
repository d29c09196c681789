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

KEY = "load_balancing_weights"


def weight_mistakes(world: Scenario) -> Iterator[Mistake]:
    """Weights that a hash table would not have, and those that leave nobody to be asked."""
    told: set[Path] = set()
    for edge in edges(world.services, world.workload):
        route = resolve(world.routes, edge)
        place = place_of(world.routes, edge, KEY)
        if not route.load_balancing_weights or place in told:
            continue
        told.add(place)
        said = f"({edge.caller} -> {edge.callee})"
        if route.lb_policy.is_hashing:
            yield Mistake(place, f"are not modelled with {route.lb_policy.kind}, whose table has the service's; give those {said}")
        if not any(route.load_balancing_weights):
            yield Mistake(place, f"are all 0, so that nobody would be asked; give one pod some weight {said}")
