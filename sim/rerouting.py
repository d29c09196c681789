"""What a command makes of a route: another policy, as if the file had said so, from now on (Z13, W11, R10, R11, X9, B26)."""

from __future__ import annotations

from dataclasses import replace

from scenarios.schema.breaking import REQUESTS_MAX
from scenarios.schema.cluster import Cluster
from scenarios.schema.limiting import BUCKET_MAX, CREDIT_MAX
from scenarios.schema.localities import Distribute
from scenarios.schema.routing import ResolvedRoute
from scenarios.schema.words import WEIGHT_MAX
from sim.commands import (
    HostsWeighted,
    RateLimited,
    RequestsBounded,
    RetriesBudgeted,
    RouteCommand,
    TimeoutChanged,
    WeightsShifted,
)
from sim.layout import Layout


def rerouted(layout: Layout, command: RouteCommand) -> ResolvedRoute:
    """The route that is meant, as it is from now on. Raises ValueError for a command that it cannot obey."""
    route = layout.routes[layout.route_named(command.route)]
    match command:
        case WeightsShifted():
            return _spread(route, layout.scenario.cluster, command)
        case RateLimited():
            return _limited(route, command)
        case RetriesBudgeted():
            return _budgeted(route, command)
        case RequestsBounded():
            return _bounded(route, command)
        case TimeoutChanged():
            return _timed(route, command)
        case HostsWeighted():
            return _weighted(route, command)


def _spread(route: ResolvedRoute, cluster: Cluster, command: WeightsShifted) -> ResolvedRoute:
    """Z13 A rule for that zone alone stands before all others, in place of the last such."""
    setting = route.locality_lb_setting
    if setting is None or not setting.distribute:
        raise ValueError(f"{route.name} has no locality_lb_setting.distribute, so its calls are not spread by weights")
    weights = dict(command.weights)
    for zone in (command.source, *weights):
        if zone not in cluster.zones:
            raise ValueError(f"there is no zone {zone}")
    percents = [percent for _, percent in command.weights]
    if len(weights) < len(percents) or any(not isinstance(percent, int) or percent < 0 for percent in percents) or sum(percents) != 100:
        raise ValueError(f"{command.weights} is not percents by zone that make 100")
    rule = Distribute.model_validate({
        "from": _locality(cluster, command.source),
        "to": {_locality(cluster, zone): percent for zone, percent in weights.items() if percent > 0}})  # fmt: skip
    others = tuple(one for one in setting.distribute if one.source != rule.source)
    return replace(route, locality_lb_setting=setting.model_copy(update={"distribute": (rule, *others)}))


def _locality(cluster: Cluster, zone: str) -> str:
    return f"{cluster.region_of(zone)}/{zone}/*"


def _limited(route: ResolvedRoute, command: RateLimited) -> ResolvedRoute:
    limit = route.local_rate_limit
    if limit is None:
        raise ValueError(f"{route.name} has no local_rate_limit, so there is no bucket to fill")
    rate, most, bucket = command.tokens_per_fill, command.max_tokens, limit.token_bucket
    if not (0 <= rate <= BUCKET_MAX and 0 <= most <= BUCKET_MAX and most * bucket.fill_interval <= CREDIT_MAX):
        raise ValueError(f"{rate} tokens a fill and {most} at most are not what a bucket can have")
    changed = bucket.model_copy(update={"tokens_per_fill": rate, "max_tokens": most})
    return replace(route, local_rate_limit=limit.model_copy(update={"token_bucket": changed}))


def _budgeted(route: ResolvedRoute, command: RetriesBudgeted) -> ResolvedRoute:
    retries = route.retries
    if retries is None or retries.retry_budget is None:
        raise ValueError(f"{route.name} has no retries.retry_budget")
    if not 0.0 <= command.budget_percent <= 1.0:
        raise ValueError(f"{command.budget_percent} is not a share of the tries in flight, 0 to 1")
    budget = retries.retry_budget.model_copy(update={"budget_percent": float(command.budget_percent)})
    return replace(route, retries=retries.model_copy(update={"retry_budget": budget}))


def _bounded(route: ResolvedRoute, command: RequestsBounded) -> ResolvedRoute:
    if route.circuit_breakers is None:
        raise ValueError(f"{route.name} has no circuit_breakers, so nothing bounds what is under way")
    if not 0 <= command.max_requests <= REQUESTS_MAX:
        raise ValueError(f"{command.max_requests} is not a number of tries under way, 0 to {REQUESTS_MAX}")
    return replace(route, circuit_breakers=route.circuit_breakers.model_copy(update={"max_requests": command.max_requests}))


def _timed(route: ResolvedRoute, command: TimeoutChanged) -> ResolvedRoute:
    if not route.timeout_ns:
        raise ValueError(f"{route.name} has no timeout")
    if command.timeout_ns <= 0:
        raise ValueError(f"{command.timeout_ns} ns is no time to wait")
    return replace(route, timeout_ns=command.timeout_ns)


def _weighted(route: ResolvedRoute, command: HostsWeighted) -> ResolvedRoute:
    """B26 As many as before, so that a pod number keeps its place."""
    if not route.load_balancing_weights:
        raise ValueError(f"{route.name} has no load_balancing_weights, so its pods have those of their service")
    many = len(route.load_balancing_weights)
    if len(command.weights) != many or any(not isinstance(one, int) or not 0 <= one <= WEIGHT_MAX for one in command.weights):
        raise ValueError(f"{command.weights} is not {many} whole weights from 0 to {WEIGHT_MAX}")
    return replace(route, load_balancing_weights=tuple(command.weights))
