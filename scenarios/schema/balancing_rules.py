"""What balancers need of their routes, which may come from different patterns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenarios.errors import Mistake
from scenarios.schema.calls import edges
from scenarios.schema.placed import Path
from scenarios.schema.routing import place_of, resolve

if TYPE_CHECKING:
    from scenarios.schema.scenario import Scenario


def balancing_mistakes(world: Scenario) -> Iterator[Mistake]:
    """Hashes that nobody looks at or that lead elsewhere, and work whose end nobody can know."""
    told: set[Path] = set()
    for edge in edges(world.services, world.workload):
        route = resolve(world.routes, edge)
        if route.lb_policy.least_work is not None and world.services[route.callee].resources.cpu_model != "fcfs":
            yield Mistake(place_of(world.routes, edge, "lb_policy"),
                          f"is least_work, and the works of {route.callee} share its cores, so what is left of one depends on the others; "
                          f"take join_shortest_queue, or cpu_model: fcfs")  # fmt: skip
            return
        if route.subset is not None and route.lb_policy.is_hashing:
            yield Mistake(place_of(world.routes, edge, "subset"),
                          f"shows each caller other pods of {route.callee}, so that {route.lb_policy.kind} would send one key to many; "
                          "take one of the two away")  # fmt: skip
            return
        if route.hash_policy is None or route.lb_policy.is_hashing:
            continue
        place = place_of(world.routes, edge, "hash_policy")
        if place not in told:
            told.add(place)
            yield Mistake(place,
                          f"is looked at by ring_hash and maglev only, and {route.name} goes by {route.lb_policy.kind}; "
                          "give it one of the two, or take the policy away there by hash_policy: null")  # fmt: skip
