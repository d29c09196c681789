"""Routes: how a caller picks a pod, how long it waits, and when it tries again. Names as Envoy spells them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from scenarios.schema.balancing import LbPolicy
from scenarios.schema.breaking import CircuitBreaker, CircuitBreakers
from scenarios.schema.ejecting import OutlierDetection
from scenarios.schema.hashing import HashPolicy
from scenarios.schema.hedging import HedgePolicy
from scenarios.schema.injecting import RouteFault
from scenarios.schema.limiting import AdaptiveThrottling, AdmissionControl, LocalRateLimit
from scenarios.schema.localities import LocalityLbSetting, ZoneAwareLbConfig
from scenarios.schema.model import Part, Witness, field
from scenarios.schema.pooling import Bulkhead, ConnectionPool
from scenarios.schema.presets import PresetName
from scenarios.schema.replicating import SessionAttrs
from scenarios.schema.retrying import Retries
from scenarios.schema.subsetting import Subset
from scenarios.schema.units import Bytes, Duration, Share
from scenarios.schema.words import HostWeight


class Route(Part):
    """The edge from a caller to a callee; what is absent comes from the next less specific pattern."""

    preset: PresetName | None = field(
        None, says="a system whose settings hold where nothing is written, instead of the defaults given here",
        seen=Witness("presets", "routes.users -> front.preset", ("envoy", "linkerd")))
    lb_policy: LbPolicy | None = field(
        None, says="least_request by default",
        seen=Witness("mesh", "routes.front -> stock.lb_policy", ("round_robin", "random")))
    load_balancing_weights: Annotated[tuple[HostWeight, ...], Field(min_length=1)] | None = field(
        None, says="of the callee's pods on this route, dealt to pod numbers in turn, in place of the service's; 0: it is not told of them",
        seen=Witness("hosts", "routes.users -> told.load_balancing_weights", ([1, 3, 2], [1, 0, 9])))
    hash_policy: HashPolicy | None = field(
        None, says="by what ring_hash and maglev hash a call; without it they pick at random",
        seen=Witness("hashing", "routes.users -> ring.hash_policy", (
            "cookie", {"header": {"header_name": "x-item", "values": {"uniform": 40}}})))
    subset: Subset | None = field(
        None, says="how many of the pods each view knows; all by default",
        seen=Witness("warming", "routes.front -> many.subset", (2, None)))
    view: Literal["caller", "zone", "service"] | None = field(
        None, says="who shares a balancer's memory: each caller pod (default), each zone, or the whole service",
        seen=Witness("mesh", "routes.front -> stock.view", ("caller", "service")))
    outlier_detection: OutlierDetection | None = field(
        None, says="pods that fail more than others get no calls for a while; none by default",
        seen=Witness("hosts", "routes.users -> runs.outlier_detection", ({}, {"max_ejection_percent": "100%", "interval": "100ms"})))
    healthy_panic_threshold: Share | None = field(
        None, says="with fewer pods in service than this all get calls again, ejected or not; 50% by default, 0 under gRPC's rules",
        seen=Witness("hosts", "routes.users -> runs.healthy_panic_threshold", ("0%", "70%")))
    locality_lb_setting: LocalityLbSetting | None = field(
        None, says="Istio's: zones that are asked first, or weights of zones; none by default: all zones alike",
        seen=Witness("zones", "routes.users -> near.locality_lb_setting", ({}, {"enabled": False})))
    zone_aware_lb_config: ZoneAwareLbConfig | None = field(
        None, says="Envoy's: calls stay in their zone as far as that leaves pods the same share; of a service's calls; none by default",
        seen=Witness("zones", "routes.front -> even.zone_aware_lb_config", ({"min_cluster_size": 4}, {"min_cluster_size": 40})))
    timeout: Duration | None = field(
        None, says="for all attempts and waits together; none by default", gt=0,
        seen=Witness("mesh", "routes.users -> front.timeout", ("300ms", "30ms")))
    per_try_timeout: Duration | None = field(
        None, says="for one attempt; none by default", gt=0,
        seen=Witness("mesh", "routes.front -> stock.per_try_timeout", ("60ms", "6ms")))
    retries: Retries | None = field(
        None, says="none by default",
        seen=Witness("mesh", "routes.front -> stock.retries", ({"num_retries": 0}, {"num_retries": 2})))
    local_rate_limit: LocalRateLimit | None = field(
        None, says="how often a caller may call; one bucket for each view; none by default",
        seen=Witness("gates", "routes.users -> front.local_rate_limit", (
            {"token_bucket": {"max_tokens": 40, "tokens_per_fill": 20, "fill_interval": "50ms"}},
            {"token_bucket": {"max_tokens": 1, "fill_interval": "50ms"}})))
    adaptive_throttling: AdaptiveThrottling | None = field(
        None, says="holds back what the callee would refuse; none by default",
        seen=Witness("gates", "routes.users -> front.adaptive_throttling", ({"k": 1.1}, {"k": 1000})))
    admission_control: AdmissionControl | None = field(
        None, says="Envoy's, which turns calls away once too few succeed; none by default",
        seen=Witness("admission", "routes.users -> front.admission_control", ({"sampling_window": "1s"}, None)))
    circuit_breaker: CircuitBreaker | None = field(
        None, says="resilience4j's, which opens when calls fail or are slow; none by default",
        seen=Witness("gates", "routes.front -> price.circuit_breaker", (
            {"slidingWindowSize": 4},
            {"minimumNumberOfCalls": 10_000})))
    circuit_breakers: CircuitBreakers | None = field(
        None, says="Envoy's, which bound what is under way; none by default, as in Istio",
        seen=Witness("gates", "routes.front -> stock.circuit_breakers", ({"max_requests": 3}, {"max_requests": 1})))
    cancel: bool | None = field(
        None, says="whether a caller that gives up tells the pod to stop; no by default",
        seen=Witness("calls", "routes.front -> stock.cancel", (True, False)))
    propagate_deadline: bool | None = field(
        None, says="whether a call has at most the time its caller has left, and takes what is left along; no by default",
        seen=Witness("calls", "routes.front -> stock.propagate_deadline", (True, False)))
    connection_pool: ConnectionPool | None = field(
        None, says="connections to the service, one for each try under way; none by default: no try waits for one",
        seen=Witness("pools", "routes.front -> store.connection_pool", ({"max_connections": 3}, {"max_connections": 1})))
    bulkhead: Bulkhead | None = field(
        None, says="resilience4j's, which lets so many calls go at once and others wait; none by default",
        seen=Witness("pools", "routes.front -> mail.bulkhead", ({"maxConcurrentCalls": 2}, {"maxConcurrentCalls": 1})))
    fault: RouteFault | None = field(
        None, says="delays and aborts that the caller's own proxy injects; none by default",
        seen=Witness("calls", "routes.front -> offers.fault", (
            {"abort": {"percentage": "1%", "http_status": 503}},
            {"delay": {"percentage": "50%", "fixed_delay": "50ms"}})))
    hedge_policy: HedgePolicy | None = field(
        None, says="further tries while one is under way; the first good answer wins; none by default",
        seen=Witness("calls", "routes.front -> maps.hedge_policy", ({"hedging_delay": "3ms"}, {"hedging_delay": "1s"})))
    target_session_attrs: SessionAttrs | None = field(
        None, says="which pods of a service with `replication` calls go to, as libpq has it; primary by default",
        seen=Witness("database", "routes.'shop.page -> store.get'.target_session_attrs", ("standby", "primary")))
    request_bytes: Bytes | None = field(
        None, says="size of a request, for the egress bill", le=10**12,
        seen=Witness("mesh", "routes.front -> stock.request_bytes", ("2KB", "2MB"), moves="summary"))
    response_bytes: Bytes | None = field(
        None, says="size of an answer, for the egress bill", le=10**12,
        seen=Witness("mesh", "routes.front -> stock.response_bytes", ("20KB", "20MB"), moves="summary"))
