"""Istio's YAML as routes of a scenario: what a scenario cannot simulate is refused, with its place; what is absent is a sidecar's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parley.manifests.documents import Document, duration_ns, one_of, only
from parley.manifests.routes import Data
from scenarios.errors import ScenarioError
from scenarios.schema.presets import PRESETS
from scenarios.schema.routing import Edge
from scenarios.schema.units import format_duration

RULE = ("name", "match", "route", "timeout", "retries", "fault")
SUBSET = ("name", "labels", "trafficPolicy")
POLICY = ("loadBalancer", "connectionPool", "outlierDetection", "retryBudget")
SIMPLE = {"RANDOM": "random", "ROUND_ROBIN": "round_robin", "LEAST_REQUEST": "least_request", "LEAST_CONN": "least_request",
          "UNSPECIFIED": "least_request"}  # fmt: skip
OF_RETRIES = ("attempts", "perTryTimeout", "retryOn", "backoff", "retryIgnorePreviousHosts")
OF_HTTP = ("http1MaxPendingRequests", "http2MaxRequests", "maxRetries", "idleTimeout", "maxRequestsPerConnection")
OF_OUTLIERS = ("consecutive5xxErrors", "consecutiveGatewayErrors", "consecutiveLocalOriginFailures", "splitExternalLocalOriginErrors",
               "interval", "baseEjectionTime", "maxEjectionPercent", "minHealthPercent")  # fmt: skip
UNLIMITED = 2**32 - 1


@dataclass(frozen=True)
class Files:
    """Documents with their places."""

    documents: Sequence[tuple[str, Document]]

    def said(self, edge: Edge) -> Data | None:
        """What they say of an edge, as a scenario spells it; None where they say nothing of its callee."""
        rule, policy = self._rule(edge), self._policy(edge)
        if rule is None and policy is None:
            return None
        place, found = rule or ("", {})
        said: Data = _of_rule(found, place)
        return _with_policy(said, *(policy or ("", {})))

    def _rule(self, edge: Edge) -> tuple[str, Mapping[str, Any]] | None:
        """The first that fits, as a sidecar takes it."""
        for place, one in self._of("VirtualService", "hosts", edge.callee):
            spec = only(one["spec"], f"{place}: spec", ("hosts", "http"))
            for number, rule in enumerate(spec.get("http") or ()):
                at = f"{place}: spec.http.{number}"
                only(rule, at, RULE)
                if _fits(rule, at, edge):
                    destination = only(one_of(rule.get("route"), f"{at}.route"), f"{at}.route.0", ("destination", "weight"))["destination"]
                    if only(destination, f"{at}.route.0.destination", ("host", "subset", "port")).get("host") != edge.callee:
                        raise ScenarioError(f"{at}.route.0.destination.host: is another service than the VirtualService is of")
                    return at, rule
        return None

    def _policy(self, edge: Edge) -> tuple[str, Mapping[str, Any]] | None:
        """That of the caller before that of everybody; of the endpoint's subset before that of the host."""
        found = [(place, one["spec"]) for place, one in self._of("DestinationRule", "host", edge.callee)]
        for mine in (True, False):
            for place, spec in found:
                only(spec, f"{place}: spec", ("host", "workloadSelector", "trafficPolicy", "subsets"))
                labels = (spec.get("workloadSelector") or {}).get("matchLabels") or {}
                if labels != ({"app": edge.caller} if mine else {}):
                    continue
                for number, subset in enumerate(spec.get("subsets") or ()):
                    at = f"{place}: spec.subsets.{number}"
                    if only(subset, at, SUBSET).get("name") == edge.callee_endpoint:
                        return f"{at}.trafficPolicy", subset.get("trafficPolicy") or {}
                return f"{place}: spec.trafficPolicy", spec.get("trafficPolicy") or {}
        return None

    def _of(self, kind: str, key: str, host: str) -> list[tuple[str, Document]]:
        return [(place, one) for place, one in self.documents
                if one["kind"] == kind and host in ([one["spec"].get(key)] if key == "host" else one["spec"].get(key) or [])]  # fmt: skip


def _fits(rule: Mapping[str, Any], at: str, edge: Edge) -> bool:
    if not rule.get("match"):
        return True
    match = only(one_of(rule["match"], f"{at}.match"), f"{at}.match.0", ("sourceLabels", "uri"))
    labels = only(match.get("sourceLabels"), f"{at}.match.0.sourceLabels", ("app",))
    uri = only(match.get("uri"), f"{at}.match.0.uri", ("exact",))
    path = f"/{edge.callee_endpoint}"
    return bool(labels.get("app", edge.caller) == edge.caller and uri.get("exact", path) == path)


def _of_rule(rule: Mapping[str, Any], at: str) -> Data:
    said: Data = {}
    if rule.get("timeout") is not None:
        said["timeout"] = _duration(rule["timeout"], f"{at}.timeout")
    if rule.get("retries") is None:
        said["retries"] = dict(PRESETS["istio"]["retries"])
    else:
        retries = only(rule["retries"], f"{at}.retries", OF_RETRIES)
        if attempts := retries.get("attempts", 2):
            said["retries"] = _retries(retries, attempts, f"{at}.retries")
            if retries.get("perTryTimeout") is not None:
                said["per_try_timeout"] = _duration(retries["perTryTimeout"], f"{at}.retries.perTryTimeout")
    if rule.get("fault") is not None:
        said["fault"] = _fault(only(rule["fault"], f"{at}.fault", ("delay", "abort")), f"{at}.fault")
    return said


def _retries(retries: Mapping[str, Any], attempts: int, at: str) -> Data:
    usual = PRESETS["istio"]["retries"]
    given = str(retries["retryOn"]).split(",") if retries.get("retryOn") else usual["retry_on"]
    wait = _duration(retries["backoff"], f"{at}.backoff") if retries.get("backoff") is not None else "25ms"
    said: Data = {"num_retries": attempts, "retry_on": given, "retry_back_off": {"base_interval": wait}}
    if retries.get("retryIgnorePreviousHosts", True):
        said |= {"retry_host_predicate": "previous_hosts", "host_selection_retry_max_attempts": usual["host_selection_retry_max_attempts"]}
    return said


def _fault(fault: Mapping[str, Any], at: str) -> Data:
    said: Data = {}
    if fault.get("delay") is not None:
        delay = only(fault["delay"], f"{at}.delay", ("percentage", "fixedDelay"))
        said["delay"] = {"percentage": _share(delay.get("percentage")),
                         "fixed_delay": _duration(delay["fixedDelay"], f"{at}.delay.fixedDelay")}  # fmt: skip
    if fault.get("abort") is not None:
        abort = only(fault["abort"], f"{at}.abort", ("percentage", "httpStatus"))
        said["abort"] = {"percentage": _share(abort.get("percentage")), "http_status": abort["httpStatus"]}
    return said


def _with_policy(said: Data, at: str, policy: Mapping[str, Any]) -> Data:
    only(policy, at, POLICY)
    said |= _balancer(only(policy.get("loadBalancer"), f"{at}.loadBalancer", ("simple", "consistentHash", "warmup", "localityLbSetting")),
                      f"{at}.loadBalancer")  # fmt: skip
    pools = only(policy.get("connectionPool"), f"{at}.connectionPool", ("tcp", "http"))
    tcp = only(pools.get("tcp"), f"{at}.connectionPool.tcp", ("maxConnections", "maxConnectionDuration"))
    http = only(pools.get("http"), f"{at}.connectionPool.http", OF_HTTP)
    if http.get("http2MaxRequests") is not None:
        said["circuit_breakers"] = {"max_requests": http["http2MaxRequests"]}
    if tcp.get("maxConnections") is not None:
        said["connection_pool"] = _pool(tcp, http, f"{at}.connectionPool")
    if "retries" in said and http.get("maxRetries") is not None:
        said["retries"]["max_retries"] = http["maxRetries"]
    if policy.get("outlierDetection") is not None:
        said |= _ejection(only(policy["outlierDetection"], f"{at}.outlierDetection", OF_OUTLIERS), f"{at}.outlierDetection")
    if "retries" in said and policy.get("retryBudget") is not None:
        budget = only(policy["retryBudget"], f"{at}.retryBudget", ("percent", "minRetryConcurrency"))
        said["retries"]["retry_budget"] = {"budget_percent": _share({"value": budget.get("percent", 20)}),
                                           "min_retry_concurrency": budget.get("minRetryConcurrency", 3)}  # fmt: skip
    return said


def _balancer(one: Mapping[str, Any], at: str) -> Data:
    said: Data = {}
    warmup: Data = {}
    if one.get("warmup") is not None:
        warm = only(one["warmup"], f"{at}.warmup", ("duration", "aggression", "minimumPercent"))
        warmup = {"slow_start_config": {"slow_start_window": _duration(warm["duration"], f"{at}.warmup.duration"),
                  "aggression": warm.get("aggression", 1.0),
                  "min_weight_percent": _share({"value": warm.get("minimumPercent", 10)})}}  # fmt: skip
    if one.get("consistentHash") is not None:
        said |= _hash(only(one["consistentHash"], f"{at}.consistentHash",
                           ("httpHeaderName", "httpCookie", "useSourceIp", "ringHash", "maglev")))  # fmt: skip
    elif one.get("simple", "UNSPECIFIED") not in SIMPLE:
        raise ScenarioError(f"{at}.simple: {one['simple']!r} is not one of {', '.join(SIMPLE)}")
    else:
        kind = SIMPLE[one.get("simple", "UNSPECIFIED")]
        said["lb_policy"] = {kind: warmup} if warmup else kind
    zones = only(one.get("localityLbSetting"), f"{at}.localityLbSetting", ("enabled", "failover", "distribute"))
    if zones and zones.get("enabled", True):
        said["locality_lb_setting"] = {key: zones[key] for key in ("failover", "distribute") if zones.get(key)}
    return said


def _hash(one: Mapping[str, Any]) -> Data:
    ring, maglev = one.get("ringHash") or {}, one.get("maglev")
    said: Data = {"lb_policy": {"ring_hash": {"minimum_ring_size": ring.get("minimumRingSize", 1024)}} if maglev is None
                  else {"maglev": {"table_size": maglev.get("tableSize", 65537)}}}  # fmt: skip
    if one.get("httpHeaderName"):
        said["hash_policy"] = {"header": {"header_name": one["httpHeaderName"], "values": {"uniform": 1}}}
    else:
        said["hash_policy"] = "source_ip" if one.get("useSourceIp") else "cookie"
    return said


def _pool(tcp: Mapping[str, Any], http: Mapping[str, Any], at: str) -> Data:
    said: Data = {"max_connections": tcp["maxConnections"], "max_pending_requests": http.get("http1MaxPendingRequests", UNLIMITED)}
    for key, of, name in (("max_connection_duration", tcp, "maxConnectionDuration"), ("idle_timeout", http, "idleTimeout")):
        if of.get(name) is not None:
            said[key] = _duration(of[name], f"{at}.{name}")
    if http.get("maxRequestsPerConnection"):
        said["max_requests_per_connection"] = http["maxRequestsPerConnection"]
    return said


def _ejection(one: Mapping[str, Any], at: str) -> Data:
    runs, gateway = one.get("consecutive5xxErrors", 5), one.get("consecutiveGatewayErrors", 0)
    said: Data = {
        "consecutive_5xx": runs or 5, "enforcing_consecutive_5xx": 1.0 if runs else 0.0, "enforcing_success_rate": 0.0,
        "consecutive_gateway_failure": gateway or 5, "enforcing_consecutive_gateway_failure": 1.0 if gateway else 0.0,
        "interval": _duration(one.get("interval", "10s"), f"{at}.interval"),
        "base_ejection_time": _duration(one.get("baseEjectionTime", "30s"), f"{at}.baseEjectionTime"),
        "max_ejection_percent": _share({"value": one.get("maxEjectionPercent", 10)}),
    }  # fmt: skip
    if one.get("splitExternalLocalOriginErrors"):
        said |= {"split_external_local_origin_errors": True,
                 "consecutive_local_origin_failure": one.get("consecutiveLocalOriginFailures", 5)}  # fmt: skip
    return {"outlier_detection": said, "healthy_panic_threshold": _share({"value": one.get("minHealthPercent", 0)})}


def _share(percentage: Any) -> float:
    return round(float(only(percentage, "percentage", ("value",)).get("value", 0)) / 100, 11)


def _duration(text: Any, place: str) -> str:
    return format_duration(duration_ns(text, place))
