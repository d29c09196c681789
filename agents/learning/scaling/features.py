"""What a learned mind is shown of its own service: each number with its unit, its bounds and its query in Prometheus.

All of it is local and as late as the metrics are, so that whoever runs the policy can show it the same. `$service` and `$workload`
stand for names, `$tick` for the time between two decisions. Readings are bounded; what is not known reads as `unknown`.
"""

from __future__ import annotations

import math

from agents.learning.observing import Feature, Features
from agents.learning.scaling.sight import Sight

DAY_NS = 86_400_000_000_000


def _utilization(sight: Sight) -> float | None:
    pods = sight.pods
    return pods.used_millicores / pods.requested_millicores if pods.requested_millicores else None


def _concurrency(sight: Sight) -> float | None:
    inside = sight.value(sight.watched.concurrency)
    return None if inside is None else math.log2(1 + inside / sight.asked)


def _least_objective(sight: Sight) -> float | None:
    return min(sight.watched.objectives.values(), default=None)


def _latency(sight: Sight) -> float | None:
    seconds, objective = sight.value(sight.watched.latency), _least_objective(sight)
    return math.log2(seconds / objective) if seconds and objective else None


def _objective(sight: Sight) -> float | None:
    shares = [seconds / under for series, under in sight.watched.objectives.items() if (seconds := sight.value(series))]
    return math.log2(max(shares)) if shares else None


def _angle(sight: Sight) -> float:
    return 2 * math.pi * (sight.view.now_ns % DAY_NS) / DAY_NS


OWN = 'destination_service_name="$service"'
DESIRED = 'kube_deployment_spec_replicas{deployment="$service"}'
RATE = f"sum(rate(istio_requests_total{{{OWN}}}[$tick]))"

FEATURES: tuple[Feature, ...] = (
    Feature("utilization", "CPU in use over CPU requested, of ready pods", "share", 0, 4, (0.2, 0.8),
            'sum(rate(container_cpu_usage_seconds_total{pod=~"$service-.*"}[$tick]))'
            ' / sum(kube_pod_container_resource_requests{resource="cpu", pod=~"$service-.*"})', _utilization),
    Feature("asked", "pods asked for", "log2 of pods", 0, 16, (1, 5), f"log2({DESIRED})", lambda sight: math.log2(sight.asked)),
    Feature("ready", "ready pods over those asked for", "share", 0, 4, (0.7, 1),
            f'kube_deployment_status_replicas_ready{{deployment="$service"}} / {DESIRED}', lambda sight: sight.pods.ready / sight.asked),
    Feature("starting", "pods that are not ready yet over those asked for", "share", 0, 4, (0, 0.3),
            f'kube_deployment_status_replicas_unavailable{{deployment="$service"}} / {DESIRED}', lambda sight: sight.pods.starting / sight.asked),
    Feature("proposal", "what the rule asks for over what is asked for", "log2 of a ratio", -4, 4, (-0.5, 0.5),
            f'log2(kube_horizontalpodautoscaler_status_desired_replicas{{horizontalpodautoscaler="$service"}} / {DESIRED})',
            lambda sight: math.log2(max(1, sight.proposed) / sight.asked)),
    Feature("rate", "requests a second for each pod asked for", "log2 of 1 + 1/s", 0, 16, (2, 6), f"log2(1 + {RATE} / {DESIRED})",
            lambda sight: math.log2(1 + sight.rates[-1] / sight.asked)),
    Feature("growth", "requests a second over those four ticks ago", "log2 of a ratio", -4, 4, (-0.5, 0.5),
            f"log2((1 + {RATE}) / (1 + {RATE} offset 4 * $tick))",
            lambda sight: math.log2((1 + sight.rates[-1]) / (1 + sight.rates[0]))),
    Feature("concurrency", "requests inside for each pod asked for", "log2 of 1 + requests", 0, 16, (0, 3),
            f'log2(1 + sum(envoy_http_downstream_rq_active{{service="$service"}}) / {DESIRED})', _concurrency),
    Feature("latency", "95th percentile of its own visits over the strictest objective", "log2 of a ratio", -8, 4, (-4, 0),
            f"log2(histogram_quantile(0.95, sum by (le) (rate(istio_request_duration_milliseconds_bucket{{{OWN}}}[$tick])))"
            " / $objective_ms)", _latency),
    Feature("objective", "99th percentile end to end over its objective, of the class that is worst off", "log2 of a ratio", -8, 4, (-2, 1),
            "log2(max(histogram_quantile(0.99, sum by (le, workload) (rate(gateway_request_duration_milliseconds_bucket"
            '{workload=~"$workload"}[$tick]))) / on (workload) objective_ms))', _objective),
    Feature("age", "how old the newest sample is", "ticks", 0, 8, (0, 2),
            '(time() - max(timestamp(container_cpu_usage_seconds_total{pod=~"$service-.*"}))) / $tick', lambda sight: sight.age_ticks, 8),
    Feature("day_sine", "the time of the day", "sine", -1, 1, (-1, 1), "sin(2 * pi() * (time() % 86400) / 86400)",
            lambda sight: math.sin(_angle(sight))),
    Feature("day_cosine", "the time of the day", "cosine", -1, 1, (-1, 1), "cos(2 * pi() * (time() % 86400) / 86400)",
            lambda sight: math.cos(_angle(sight))),
)  # fmt: skip
SCALING = Features(FEATURES)
