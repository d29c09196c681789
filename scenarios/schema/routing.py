"""Which route an edge takes: patterns from most to least specific, merged field by field.

Patterns, most specific first: `a.x -> b.y`, `a.x -> b`, `a -> b.y`, `a -> b`, `* -> b.y`, `* -> b`, `defaults`.
The caller is a service (with an endpoint) or a workload (without). Every default of a route is decided here.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scenarios.schema.balancing import LbPolicy, LeastRequest
from scenarios.schema.breaking import CircuitBreaker, CircuitBreakers
from scenarios.schema.ejecting import OutlierDetection
from scenarios.schema.hashing import HashPolicy
from scenarios.schema.hedging import HedgePolicy
from scenarios.schema.injecting import RouteFault
from scenarios.schema.limiting import AdaptiveThrottling, AdmissionControl, LocalRateLimit
from scenarios.schema.localities import LocalityLbSetting, ZoneAwareLbConfig
from scenarios.schema.placed import Path
from scenarios.schema.pooling import Bulkhead, ConnectionPool
from scenarios.schema.presets import PRESETS
from scenarios.schema.resilience import Route
from scenarios.schema.retrying import Retries
from scenarios.schema.subsetting import Subset

DEFAULTS = "defaults"
PANIC_THRESHOLD = 0.5


@dataclass(frozen=True)
class Edge:
    """From a caller to a callee. `caller_endpoint` is empty where a workload calls."""

    caller: str
    caller_endpoint: str
    callee: str
    callee_endpoint: str


@dataclass(frozen=True)
class ResolvedRoute:
    """A route with nothing left open. Calls with the same `name` share balancer memory, budgets and tallies."""

    name: str  # "a -> b", or with endpoints where a pattern names them
    caller: str
    callee: str
    lb_policy: LbPolicy
    view: str  # caller | zone | service
    outlier_detection: OutlierDetection | None
    healthy_panic_threshold: float
    timeout_ns: int  # 0 means none
    per_try_timeout_ns: int  # 0 means none
    retries: Retries | None
    cancel: bool
    propagate_deadline: bool
    request_bytes: int
    response_bytes: int
    local_rate_limit: LocalRateLimit | None = None
    adaptive_throttling: AdaptiveThrottling | None = None
    admission_control: AdmissionControl | None = None
    circuit_breaker: CircuitBreaker | None = None
    circuit_breakers: CircuitBreakers | None = None
    connection_pool: ConnectionPool | None = None
    bulkhead: Bulkhead | None = None
    fault: RouteFault | None = None
    hedge_policy: HedgePolicy | None = None
    target_session_attrs: str = "primary"  # meant where the callee has primary and standbys
    hash_policy: HashPolicy | None = None
    subset: Subset | None = None
    locality_lb_setting: LocalityLbSetting | None = None  # where it is enabled
    zone_aware_lb_config: ZoneAwareLbConfig | None = None
    load_balancing_weights: tuple[int, ...] = ()  # none: the service's

    @property
    def is_located(self) -> bool:
        """Whether it matters in which zones pods are."""
        return self.locality_lb_setting is not None or self.zone_aware_lb_config is not None

    @property
    def is_pooled(self) -> bool:
        """Whether a try needs a connection, or a place, before it leaves."""
        return self.connection_pool is not None or self.bulkhead is not None

    @property
    def is_gated(self) -> bool:
        """Whether something may refuse a try before it leaves, or let it wait."""
        gates = (self.local_rate_limit, self.adaptive_throttling, self.circuit_breaker, self.circuit_breakers,
                 self.connection_pool, self.bulkhead, self.admission_control)  # fmt: skip
        return any(gate is not None for gate in gates)

    @property
    def attempts_max(self) -> int:
        """How many tries a call may make."""
        if self.hedge_policy is not None and self.hedge_policy.hedging_delay is not None:
            return self.hedge_policy.max_attempts
        return 1 + (self.retries.num_retries if self.retries else 0)

    @property
    def patience_ns(self) -> int:
        """For how long a try is waited for at most; 0: for ever. One of a route that hedges stays open to the call's end."""
        limits = (self.timeout_ns, 0 if self.hedge_policy else self.per_try_timeout_ns)
        return min((limit for limit in limits if limit), default=0)


def patterns(edge: Edge) -> list[str]:
    """The patterns that fit an edge, most specific first."""
    callers = [f"{edge.caller}.{edge.caller_endpoint}"] if edge.caller_endpoint else []
    callees = [f"{edge.callee}.{edge.callee_endpoint}", edge.callee]
    sided = [f"{caller} -> {callee}" for caller in [*callers, edge.caller, "*"] for callee in callees]
    return [*sided, DEFAULTS]


def written_at(routes: Mapping[str, Route], edge: Edge, key: str) -> str | None:
    """The most specific pattern of an edge that gives a key of a route; None where none does."""
    return next((one for one in patterns(edge) if one in routes and getattr(routes[one], key) is not None), None)


def place_of(routes: Mapping[str, Route], edge: Edge, key: str) -> Path:
    """Where a file says what a route has by that key: itself, or by a preset."""
    given = next((one for one in (key, "preset") if written_at(routes, edge, one)), key)
    return "routes", written_at(routes, edge, given) or DEFAULTS, given


def resolve(routes: Mapping[str, Route], edge: Edge) -> ResolvedRoute:
    """The route of an edge: each field from the most specific pattern that gives it, else from a preset, else the default."""
    fitting = [pattern for pattern in patterns(edge) if pattern in routes]
    given: dict[str, Any] = {}
    for pattern in reversed(fitting):
        given.update({key: getattr(routes[pattern], key) for key in routes[pattern].model_fields_set})
    merged = _started_from_preset({key: value for key, value in given.items() if value is not None})
    return ResolvedRoute(
        name=_identity(edge, fitting),
        caller=edge.caller,
        callee=edge.callee,
        lb_policy=merged.lb_policy or LbPolicy(least_request=LeastRequest()),
        view=merged.view or "caller",
        outlier_detection=merged.outlier_detection,
        healthy_panic_threshold=_panic_threshold(merged),
        timeout_ns=merged.timeout or 0,
        per_try_timeout_ns=merged.per_try_timeout or 0,
        retries=merged.retries if merged.retries is not None and merged.retries.num_retries > 0 else None,
        cancel=bool(merged.cancel),
        propagate_deadline=bool(merged.propagate_deadline),
        request_bytes=merged.request_bytes or 0,
        response_bytes=merged.response_bytes or 0,
        local_rate_limit=merged.local_rate_limit,
        adaptive_throttling=merged.adaptive_throttling,
        admission_control=merged.admission_control,
        circuit_breaker=merged.circuit_breaker,
        circuit_breakers=merged.circuit_breakers,
        connection_pool=merged.connection_pool,
        bulkhead=merged.bulkhead,
        fault=merged.fault,
        hedge_policy=merged.hedge_policy,
        target_session_attrs=merged.target_session_attrs or "primary",
        locality_lb_setting=_enabled(merged.locality_lb_setting),
        zone_aware_lb_config=merged.zone_aware_lb_config if edge.caller_endpoint else None,  # a workload has no pods
        hash_policy=merged.hash_policy,
        subset=merged.subset,
        load_balancing_weights=merged.load_balancing_weights or (),
    )


@functools.cache
def preset(name: str) -> Route:
    """The route that a preset stands for."""
    return Route.model_validate(PRESETS[name])


def _started_from_preset(given: dict[str, Any]) -> Route:
    """What is written, over the preset it names; retries field by field, everything else as a whole."""
    base = preset(given["preset"]) if "preset" in given else Route()
    fields = {key: getattr(base, key) for key in base.model_fields_set} | given
    if base.retries is not None and "retries" in given:
        fields["retries"] = given["retries"].over(base.retries)
    return Route.model_construct(**fields)


def _panic_threshold(route: Route) -> float:
    """Envoy's, where it is left open; gRPC does not panic."""
    if route.healthy_panic_threshold is not None:
        return route.healthy_panic_threshold
    return 0.0 if route.outlier_detection is not None and route.outlier_detection.is_grpc else PANIC_THRESHOLD


def _enabled(setting: LocalityLbSetting | None) -> LocalityLbSetting | None:
    return setting if setting is not None and setting.enabled else None


def _identity(edge: Edge, fitting: list[str]) -> str:
    """`a -> b`, unless a fitting pattern names endpoints: then those endpoints are part of the name."""
    callers = any(p.startswith(f"{edge.caller}.{edge.caller_endpoint} ") for p in fitting if edge.caller_endpoint)
    callees = any(p.endswith(f" {edge.callee}.{edge.callee_endpoint}") for p in fitting)
    caller = f"{edge.caller}.{edge.caller_endpoint}" if callers else edge.caller
    return f"{caller} -> {f'{edge.callee}.{edge.callee_endpoint}' if callees else edge.callee}"
