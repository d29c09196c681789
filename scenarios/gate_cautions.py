"""Warnings about breakers and limits: what can never act, and what refuses a steady load."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.flow import Flow
from scenarios.schema.routing import ResolvedRoute
from scenarios.schema.units import NS_PER_S, format_duration


def gate_cautions(flow: Flow) -> Iterator[str]:
    """Slow calls that cannot be, and bounds below what is offered."""
    offered: dict[str, float] = {}
    busy: dict[str, float] = {}
    routes: dict[str, ResolvedRoute] = {}
    for (caller, callee), route in flow.routes.items():
        rate = flow.asked(caller, callee)
        routes[route.name] = route
        offered[route.name] = offered.get(route.name, 0.0) + rate
        busy[route.name] = busy.get(route.name, 0.0) + rate * flow.mean_ns[callee] / NS_PER_S
    for name, route in routes.items():
        views = _views(flow, route)
        yield from _never_slow(route)
        yield from _too_few_tokens(route, offered[name] / views)
        yield from _too_few_at_once(route, busy[name] / views)


def _views(flow: Flow, route: ResolvedRoute) -> int:
    """How many views share a route's load: those of a service's pods at the start, or one."""
    caller = flow.world.services.get(route.caller)
    return max(1, caller.replicas) if caller is not None and route.view == "caller" else 1


def _never_slow(route: ResolvedRoute) -> Iterator[str]:
    patience, breaker = route.patience_ns, route.circuit_breaker
    if breaker is not None and 0 < patience <= breaker.slowCallDurationThreshold and breaker.slowCallRateThreshold < 1:
        yield (f"routes.{route.name}.circuit_breaker.slowCallDurationThreshold: {format_duration(breaker.slowCallDurationThreshold)} "
               f"is not below the timeout of {format_duration(patience)}, so no call is ever slow")  # fmt: skip


def _too_few_tokens(route: ResolvedRoute, per_second: float) -> Iterator[str]:
    if route.local_rate_limit is not None:
        bucket = route.local_rate_limit.token_bucket
        refill = bucket.tokens_per_fill * NS_PER_S / bucket.fill_interval
        if refill < per_second:
            yield (f"routes.{route.name}.local_rate_limit: refills {refill:.4g}/s, and a view is asked for {per_second:.4g}/s: "
                   "the rest is limited all the time")  # fmt: skip


def _too_few_at_once(route: ResolvedRoute, busy: float) -> Iterator[str]:
    bounds: dict[str, int] = {}
    if route.circuit_breakers is not None:
        bounds["circuit_breakers.max_requests"] = route.circuit_breakers.max_requests
    if route.connection_pool is not None:
        bounds["connection_pool.max_connections"] = route.connection_pool.max_connections
    if route.bulkhead is not None:
        bounds["bulkhead.maxConcurrentCalls"] = route.bulkhead.maxConcurrentCalls
    for key, most in bounds.items():
        if most < busy:
            yield (f"routes.{route.name}.{key}: {most} at once is less than the {busy:.3g} that a view has under way without queueing, "
                   "by Little's law")  # fmt: skip
