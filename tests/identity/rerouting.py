"""Draws of what control does to routes of generated worlds: weights, rates, budgets, bounds and timeouts, where their files have such."""

from __future__ import annotations

from hypothesis import strategies as st

from scenarios.schema.calls import edges
from scenarios.schema.routing import ResolvedRoute, resolve
from scenarios.schema.scenario import Scenario
from sim import commands as c

SPLITS = [(100,), (70, 30), (50, 50), (1, 99), (40, 0, 60), (25, 25, 25, 25)]


@st.composite
def commands(draw: st.DrawFn, scenario: Scenario) -> list[c.RouteCommand]:
    """Up to six commands to routes that can obey; none where there is no such route."""
    routes = {route.name: route for route in (resolve(scenario.routes, edge) for edge in edges(scenario.services, scenario.workload))}
    kinds = [(route, kind) for _, route in sorted(routes.items()) for kind in levers(route)]
    if not kinds:
        return []
    return [draw(command(route, kind, scenario.cluster.zones)) for route, kind in draw(st.lists(st.sampled_from(kinds), max_size=6))]


def levers(route: ResolvedRoute) -> list[str]:
    """What may be changed of a route."""
    setting, retries = route.locality_lb_setting, route.retries
    return [kind for kind, holds in (
        ("weights", setting is not None and setting.distribute), ("rate", route.local_rate_limit is not None),
        ("budget", retries is not None and retries.retry_budget is not None),
        ("bound", route.circuit_breakers is not None), ("timeout", route.timeout_ns > 0),
        ("hosts", route.load_balancing_weights)) if holds]  # fmt: skip


@st.composite
def command(draw: st.DrawFn, route: ResolvedRoute, kind: str, zones: tuple[str, ...]) -> c.RouteCommand:
    """One of a kind."""
    if kind == "rate":
        return c.RateLimited(route.name, draw(st.sampled_from([0, 1, 3, 20])), draw(st.sampled_from([0, 1, 2, 8])))
    if kind == "budget":
        return c.RetriesBudgeted(route.name, draw(st.sampled_from([0.0, 0.2, 0.5, 1.0])))
    if kind == "bound":
        return c.RequestsBounded(route.name, draw(st.sampled_from([0, 1, 2, 5])))
    if kind == "timeout":
        return c.TimeoutChanged(route.name, draw(st.sampled_from([1, 4, 9, 30])) * 1_000_000)
    if kind == "hosts":
        many = len(route.load_balancing_weights)
        return c.HostsWeighted(route.name, tuple(draw(st.lists(st.sampled_from([0, 1, 1, 2, 5]), min_size=many, max_size=many))))
    split = draw(st.sampled_from([split for split in SPLITS if len(split) <= len(zones)]))
    return c.WeightsShifted(route.name, draw(st.sampled_from(zones)), tuple(zip(draw(st.permutations(zones)), split, strict=False)))
