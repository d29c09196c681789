"""Routes as Istio has them: a VirtualService of each callee, and a DestinationRule of each caller of it.

A caller is known by the label `app` of its pods, an endpoint by its path. What a sidecar does where a file says nothing (two retries,
locality load balancing) is said explicitly, so that the mesh's own defaults change nothing.
"""

from __future__ import annotations

from typing import Any

from parley.manifests.documents import Document, Leaving, document, percent, placed, read_documents, spelled
from parley.manifests.istio_reading import Files
from parley.manifests.routes import callee_endpoint, imported, leaving, told_apart
from scenarios.schema.ejecting import OutlierDetection
from scenarios.schema.injecting import RouteFault
from scenarios.schema.routing import ResolvedRoute
from scenarios.schema.scenario import Scenario

API = "networking.istio.io/v1"
KINDS = {"VirtualService": API, "DestinationRule": API}
SIMPLE = {"random": "RANDOM", "round_robin": "ROUND_ROBIN", "least_request": "LEAST_REQUEST"}
REASONS = {
    "outlier_detection.enforcing_success_rate": "Istio turns success rates off; an EnvoyFilter can turn them on",
    "outlier_detection": "Istio has no word for it; an EnvoyFilter can set Envoy's",
    "per_try_timeout": "Istio has one only where there are retries, in whole milliseconds",
    "timeout": "Istio counts whole milliseconds",
    "retries.retry_back_off.max_interval": "Istio's is ten times the first wait",
    "retries.retry_back_off.base_interval": "Istio's is a millisecond at least",
    "retries.host_selection_retry_max_attempts": "Istio's is 5",
    "retries": "Istio has no word for it",
    "circuit_breaker": "resilience4j's stands in the caller's own code",
    "bulkhead": "resilience4j's stands in the caller's own code",
    "cancel": "is what the caller's own code does",
    "propagate_deadline": "is what the caller's own code does",
    "request_bytes": "is what the traffic is, not what a mesh does with it",
    "response_bytes": "is what the traffic is, not what a mesh does with it",
    "local_rate_limit": "Istio has it in an EnvoyFilter only",
    "admission_control": "Istio has it in an EnvoyFilter only",
    "subset": "Istio's subsets are of labels, not of numbers",
    "lb_policy": "Istio has random, round robin, least request of two, and hashing",
}  # fmt: skip
OTHERWISE = "Istio has no word for it"


def manifest(world: Scenario, namespace: str | None = None) -> Leaving:
    """All routes of a world. What cannot be said is listed above the documents, with the reason."""
    rules: dict[str, list[dict[str, Any]]] = {}
    policies: dict[tuple[str, str], dict[str, Any]] = {}
    for name, route in told_apart(world).items():
        endpoint = callee_endpoint(name)
        rules.setdefault(route.callee, []).append(_rule(route, endpoint))
        _put(policies.setdefault((route.caller, route.callee), {}), endpoint, _policy(route))
    documents = [document(API, "VirtualService", callee, namespace, {"hosts": [callee], "http": rules[callee]}) for callee in sorted(rules)]
    documents += [_destination_rule(caller, callee, namespace, of) for (caller, callee), of in sorted(policies.items())]
    return leaving(world, documents, Files(placed(documents)).said, REASONS, OTHERWISE)


def import_istio(text: str, world: Scenario, source: str = "istio.yaml") -> Scenario:
    """A world with the routes of a file. Raises ScenarioError for what a scenario does not simulate."""
    was, says = placed(manifest(world).documents), read_documents(text, source, KINDS)
    return imported(world, Files(was).said, Files(says).said)


def _rule(route: ResolvedRoute, endpoint: str) -> dict[str, Any]:
    match: dict[str, Any] = {"sourceLabels": {"app": route.caller}}
    destination = {"host": route.callee}
    if endpoint:
        match["uri"] = {"exact": f"/{endpoint}"}
        destination["subset"] = endpoint
    rule: dict[str, Any] = {"match": [match], "route": [{"destination": destination}], "retries": _retries(route)}
    if (timeout := spelled(route.timeout_ns)) is not None:
        rule["timeout"] = timeout
    if route.fault is not None:
        rule["fault"] = _fault(route.fault)
    return rule


def _retries(route: ResolvedRoute) -> dict[str, Any]:
    """Istio retries twice unless it is told not to."""
    if route.retries is None:
        return {"attempts": 0}
    made: dict[str, Any] = {"attempts": route.retries.num_retries, "retryOn": ",".join(route.retries.retry_on),
                            "retryIgnorePreviousHosts": route.retries.retry_host_predicate == "previous_hosts"}  # fmt: skip
    if (wait := spelled(route.retries.retry_back_off.base_interval)) is not None:
        made["backoff"] = wait
    if (patience := spelled(route.per_try_timeout_ns)) is not None:
        made["perTryTimeout"] = patience
    return made


def _fault(fault: RouteFault) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if fault.delay is not None:
        made["delay"] = {"percentage": {"value": percent(fault.delay.percentage)}, "fixedDelay": spelled(fault.delay.fixed_delay)}
    if fault.abort is not None:
        made["abort"] = {"percentage": {"value": percent(fault.abort.percentage)}, "httpStatus": fault.abort.http_status}
    return {kind: one for kind, one in made.items() if None not in one.values()}


def _put(policy: dict[str, Any], endpoint: str, said: dict[str, Any]) -> None:
    """A policy of one endpoint is that of a subset with its name: a cluster of its own in Envoy, as it is a route of its own here."""
    if endpoint:
        policy.setdefault("subsets", []).append({"name": endpoint, "trafficPolicy": said})
    else:
        policy["trafficPolicy"] = said


def _destination_rule(caller: str, callee: str, namespace: str | None, policy: dict[str, Any]) -> Document:
    spec = {"host": callee, "workloadSelector": {"matchLabels": {"app": caller}}, **policy}
    return document(API, "DestinationRule", f"{caller}-to-{callee}", namespace, spec)


def _policy(route: ResolvedRoute) -> dict[str, Any]:
    http: dict[str, Any] = {}
    tcp: dict[str, Any] = {}
    if route.circuit_breakers is not None:
        http["http2MaxRequests"] = route.circuit_breakers.max_requests
    if route.retries is not None and route.retries.max_retries is not None:
        http["maxRetries"] = route.retries.max_retries
    if (pool := route.connection_pool) is not None:
        tcp = {"maxConnections": pool.max_connections, "maxConnectionDuration": spelled(pool.max_connection_duration or 0)}
        http |= {"http1MaxPendingRequests": pool.max_pending_requests, "idleTimeout": spelled(pool.idle_timeout or 0),
                 "maxRequestsPerConnection": pool.max_requests_per_connection}  # fmt: skip
    made: dict[str, Any] = {"loadBalancer": _balancer(route)}
    if pools := {kind: _known(of) for kind, of in (("tcp", tcp), ("http", http)) if of}:
        made["connectionPool"] = pools
    if route.outlier_detection is not None and not route.outlier_detection.is_grpc:
        made["outlierDetection"] = _known(_ejection(route.outlier_detection, route.healthy_panic_threshold))
    if route.retries is not None and (budget := route.retries.retry_budget) is not None:
        made["retryBudget"] = {"percent": percent(budget.budget_percent), "minRetryConcurrency": budget.min_retry_concurrency}
    return made


def _balancer(route: ResolvedRoute) -> dict[str, Any]:
    policy, made = route.lb_policy, dict[str, Any]()
    by = route.hash_policy
    if policy.is_hashing and by is not None:
        keys: dict[str, dict[str, Any]] = {
            "header": {"httpHeaderName": by.header.header_name if by.header else ""}, "cookie": {"httpCookie": {"name": "user"}},
            "source_ip": {"useSourceIp": True},
        }  # fmt: skip
        key = keys[by.kind]
        if policy.ring_hash is not None:
            key["ringHash"] = {"minimumRingSize": policy.ring_hash.minimum_ring_size}
        if policy.maglev is not None:
            key["maglev"] = {"tableSize": policy.maglev.table_size}
        made["consistentHash"] = key
    else:
        made["simple"] = SIMPLE.get(policy.kind, "LEAST_REQUEST")
    if (warm := policy.slow_start) is not None:
        made["warmup"] = {"duration": spelled(warm.slow_start_window), "aggression": warm.aggression,
                          "minimumPercent": percent(warm.min_weight_percent)}  # fmt: skip
    zones = route.locality_lb_setting
    made["localityLbSetting"] = {"enabled": False} if zones is None else _known({
        "enabled": True, "failover": [{"from": one.source, "to": one.target} for one in zones.failover] or None,
        "distribute": [{"from": one.source, "to": dict(one.target)} for one in zones.distribute] or None})  # fmt: skip
    return made


def _ejection(one: OutlierDetection, panic: float) -> dict[str, Any]:
    has_gateway = one.enforcing_consecutive_gateway_failure == 1
    return {
        "consecutive5xxErrors": one.consecutive_5xx if one.enforcing_consecutive_5xx else 0,
        "consecutiveGatewayErrors": one.consecutive_gateway_failure if has_gateway else 0,
        "splitExternalLocalOriginErrors": True if one.split_external_local_origin_errors else None,
        "consecutiveLocalOriginFailures": one.consecutive_local_origin_failure if one.split_external_local_origin_errors else None,
        "interval": spelled(one.interval), "baseEjectionTime": spelled(one.base_ejection_time),
        "maxEjectionPercent": round(100 * one.max_ejection_percent), "minHealthPercent": round(100 * panic),
    }  # fmt: skip


def _known(made: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in made.items() if value is not None}
