"""What connection pools and bulkheads do not go with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenarios.errors import Mistake
from scenarios.schema.calls import edges
from scenarios.schema.placed import Path
from scenarios.schema.routing import Edge, ResolvedRoute, place_of, resolve

if TYPE_CHECKING:
    from scenarios.schema.scenario import Scenario


def pooling_mistakes(world: Scenario) -> Iterator[Mistake]:
    """Pools of callers that share a view, pools that cannot pick, and bounds on connections that nobody opens."""
    told: set[tuple[Path, str]] = set()
    pooled: set[str] = set()
    for edge in edges(world.services, world.workload):
        route = resolve(world.routes, edge)
        if route.connection_pool is not None:
            pooled.add(route.callee)
        for key, rule in _broken(world, route):
            place = place_of(world.routes, edge, key)
            if (place, rule) not in told:
                told.add((place, rule))
                yield Mistake(place, _said(rule, edge))
    for name, service in world.services.items():
        if service.max_connections is not None and name not in pooled:
            yield Mistake(("services", name, "max_connections"),
                          f"bounds connections, and no caller of {name} opens any; give a route to it a connection_pool")  # fmt: skip


def _broken(world: Scenario, route: ResolvedRoute) -> Iterator[tuple[str, str]]:
    if not route.is_pooled:
        return
    key = "bulkhead" if route.bulkhead is not None else "connection_pool"
    if route.bulkhead is not None and route.connection_pool is not None:
        yield key, "stands beside a connection_pool, which bounds calls at once as well; give one of the two"
    if route.caller in world.services and route.view != "caller":
        yield key, f"belongs to a pod, and here callers share a view: set view: caller in place of {route.view}"
    if route.retries is not None and route.retries.retry_host_predicate:
        yield key, "decides which pod a try goes to, so retry_host_predicate could not pick another; leave one of them out"
    if route.connection_pool is not None and _judges_pods(world, route):
        yield key, (f"has one pod for each connection, so outlier_detection, weights, zones, a subset and "
                    f"{route.lb_policy.kind} could not steer its tries; use a bulkhead")  # fmt: skip


def _judges_pods(world: Scenario, route: ResolvedRoute) -> bool:
    weights = world.services[route.callee].load_balancing_weights
    policy = route.lb_policy
    steers = policy.kind not in ("random", "round_robin", "least_request") or policy.slow_start is not None or route.subset is not None
    return len(set(weights)) > 1 or bool(route.load_balancing_weights) or steers or route.outlier_detection is not None or route.is_located


def _said(rule: str, edge: Edge) -> str:
    return f"{rule} ({edge.caller} -> {edge.callee})"
