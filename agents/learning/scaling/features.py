"""What a learned mind is shown of its own service: each number with its unit, its bounds and its query in Prometheus.

All of it is local and as late as the metrics are, so that whoever runs the policy can show it the same. In a query `$service`,
`$namespace` and `$workload` stand for names (the last for a regular expression), `$tick_seconds` for the time between two decisions,
`$before` for the GROWTH_TICKS before, `$window` for what rates are taken over, and `$objective_ms` for the strictest objective of its
own requests. Every query answers with one number, without labels. Readings are bounded; what is not known reads as `unknown`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from agents.learning.observing import Feature, Features
from agents.learning.scaling.sight import Sighted

DAY_NS = 86_400_000_000_000


TINY = 1e-12


def _log2(value: Any) -> Any:
    """Of a number or of many; what is nothing is as little as a feature may read."""
    if isinstance(value, float | int):  # numpy takes thirty times as long for one
        return math.log2(max(value, TINY))
    return np.log2(np.maximum(value, TINY))


def _angle(sight: Sighted) -> Any:
    return 2 * math.pi * (sight.now_ns % DAY_NS) / DAY_NS


HERE = 'namespace="$namespace"'
PODS = f'pod=~"$service-[a-z0-9]+-[a-z0-9]+", {HERE}'  # those of a Deployment
DESIRED = f'max(kube_deployment_spec_replicas{{deployment="$service", {HERE}}})'
OWN = 'destination_service_name="$service", destination_service_namespace="$namespace"'
RATE = f'sum(rate(istio_requests_total{{reporter="source", {OWN}}}[$window]))'  # who sends them counts them: no pod need be ready
CPU = f'container_cpu_usage_seconds_total{{{PODS}, container!=""}}'

FEATURES: tuple[Feature, ...] = (
    Feature("utilization", "CPU in use over CPU requested, of ready pods", "share", 0, 4, (0.2, 0.8),
            f'sum(rate({CPU}[$window])) / sum(kube_pod_container_resource_requests{{resource="cpu", {PODS}}})',
            lambda sight: sight.utilization),
    Feature("asked", "pods asked for", "log2 of pods", 0, 16, (1, 5), f"log2({DESIRED})", lambda sight: _log2(sight.asked)),
    Feature("ready", "ready pods over those asked for", "share", 0, 4, (0.7, 1),
            f'max(kube_deployment_status_replicas_ready{{deployment="$service", {HERE}}}) / {DESIRED}',
            lambda sight: sight.ready / sight.asked),
    Feature("starting", "pods that are not ready yet over those asked for", "share", 0, 4, (0, 0.3),
            f'max(kube_deployment_status_replicas_unavailable{{deployment="$service", {HERE}}}) / {DESIRED}',
            lambda sight: sight.starting / sight.asked),
    Feature("proposal", "what the rule asks for over what is asked for", "log2 of a ratio", -4, 4, (-0.5, 0.5),
            f'log2(max(kube_horizontalpodautoscaler_status_desired_replicas{{horizontalpodautoscaler="$service", {HERE}}}) / {DESIRED})',
            lambda sight: _log2(np.maximum(1, sight.proposed) / sight.asked)),
    Feature("rate", "requests a second for each pod asked for", "log2 of 1 + 1/s", 0, 16, (2, 6), f"log2(1 + {RATE} / {DESIRED})",
            lambda sight: _log2(1 + sight.rate / sight.asked)),
    Feature("growth", "requests a second over those four ticks ago", "log2 of a ratio", -4, 4, (-0.5, 0.5),
            f"log2((1 + {RATE}) / (1 + {RATE.replace(']', '] offset $before')}))",
            lambda sight: _log2((1 + sight.rate) / (1 + sight.rate_before))),
    Feature("concurrency", "requests inside for each pod asked for", "log2 of 1 + requests", 0, 16, (0, 3),
            f'log2(1 + sum(envoy_http_downstream_rq_active{{{PODS}}}) / {DESIRED})',
            lambda sight: _log2(1 + sight.concurrency / sight.asked)),
    Feature("latency", "95th percentile of its own visits over the strictest objective", "log2 of a ratio", -8, 4, (-4, 0),
            f'log2(histogram_quantile(0.95, sum by (le) (rate(istio_request_duration_milliseconds_bucket{{reporter="destination", {OWN}}}'
            "[$window]))) / $objective_ms)", lambda sight: _log2(sight.latency_s / sight.objective_s)),
    Feature("objective", "99th percentile end to end over its objective, of the class that is worst off", "log2 of a ratio", -8, 4, (-2, 1),
            "log2(max(histogram_quantile(0.99, sum by (le, workload) (rate(gateway_request_duration_milliseconds_bucket"
            '{workload=~"$workload"}[$window]))) / on (workload) objective_ms))', lambda sight: _log2(sight.lateness)),
    Feature("startup", "how long pods take to be ready, of those there are the one that was fastest", "log2 of 1 + s", 0, 16, (4, 7.5),
            f"log2(1 + min(kube_pod_status_ready_time{{{PODS}}} - on (namespace, pod) kube_pod_start_time{{{PODS}}} > 0))",
            lambda sight: _log2(1 + sight.startup_s), 5.5),
    Feature("age", "how old the newest sample is", "ticks", 0, 8, (0, 2),
            f"(time() - max(timestamp({CPU}))) / $tick_seconds", lambda sight: sight.age_ticks, 8),
    Feature("day_sine", "the time of the day", "sine", -1, 1, (-1, 1), "sin(2 * pi() * (vector(time()) % 86400) / 86400)",
            lambda sight: np.sin(_angle(sight))),
    Feature("day_cosine", "the time of the day", "cosine", -1, 1, (-1, 1), "cos(2 * pi() * (vector(time()) % 86400) / 86400)",
            lambda sight: np.cos(_angle(sight))),
)  # fmt: skip
SCALING = Features(FEATURES)
