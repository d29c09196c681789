"""What a learned mind is shown of the pods of a service: how they use what they request, how often they are throttled, what comes.

`$service` and `$workload` stand for names, `$tick` for the time between two decisions.
"""

from __future__ import annotations

import math
from statistics import fmean

from agents.learning.observing import Feature, Features
from agents.learning.rightsizing.sight import Sight

PERIODS_PER_S = 10  # of Linux' bandwidth control


def _usage(sight: Sight, share: float) -> float | None:
    """Of the pods' use of their requests, the one that so many stay below."""
    used = sorted((pod.usage_millicores or 0) / (pod.request_millicores or 1) for pod in sight.sampled)
    return used[min(len(used) - 1, int(share * len(used)))] if used else None


def _throttled(sight: Sight) -> float | None:
    told = [pod.values_milli["throttled_per_second"] for pod in sight.view.pods if pod.values_milli]
    return fmean(told) / 1000 / PERIODS_PER_S if told else None


def _waiting(sight: Sight) -> float | None:
    told = [pod.values_milli["queue_length"] for pod in sight.view.pods if pod.values_milli]
    return math.log2(1 + fmean(told) / 1000) if told else None


def _ready(sight: Sight) -> float:
    return sum(pod.is_ready and not pod.is_terminating for pod in sight.view.pods) / max(1, sight.view.replicas)


def _off(sight: Sight) -> float:
    """Share of the pods that request something else than a new one would."""
    pods = [pod for pod in sight.view.pods if not pod.is_terminating]
    return sum(pod.request_millicores != sight.request for pod in pods) / max(1, len(pods))


def _bound(sight: Sight, side: str) -> float | None:
    return None if sight.advice is None else math.log2(max(1, getattr(sight.advice, side)) / sight.target)


def _latency(sight: Sight) -> float | None:
    shares = [seconds / under for series, under in sight.watched.objectives.items() if (seconds := sight.value(series))]
    return math.log2(max(shares)) if shares else None


OWN = 'pod=~"$service-.*"'
USED = f"rate(container_cpu_usage_seconds_total{{{OWN}}}[$tick])"
REQUESTED = f'kube_pod_container_resource_requests{{resource="cpu", {OWN}}}'
REPLICAS = 'kube_deployment_spec_replicas{deployment="$service"}'
RATE = 'sum(rate(istio_requests_total{destination_service_name="$service"}[$tick]))'
TARGET = 'kube_customresource_vpa_target_cpu{target_name="$service"}'

FEATURES: tuple[Feature, ...] = (
    Feature("usage", "CPU in use over CPU requested, median of ready pods", "share", 0, 8, (0.2, 1), f"quantile(0.5, {USED} / {REQUESTED})",
            lambda sight: _usage(sight, 0.5)),
    Feature("usage_most", "and of the busiest pod", "share", 0, 8, (0.2, 1.5), f"max({USED} / {REQUESTED})",
            lambda sight: _usage(sight, 1.0)),
    Feature("throttled", "share of the periods in which the quota was used up, mean of pods", "share", 0, 1, (0, 0.5),
            f"avg(rate(container_cpu_cfs_throttled_periods_total{{{OWN}}}[$tick]) / rate(container_cpu_cfs_periods_total{{{OWN}}}[$tick]))",
            _throttled),
    Feature("waiting", "requests that wait in a pod, mean of pods", "log2 of 1 + requests", 0, 16, (0, 4),
            'log2(1 + avg(worker_queue_length{service="$service"}))', _waiting),
    Feature("request", "what a pod created now requests", "log2 of milli-cores", 0, 20, (6, 12),
            f"log2(1000 * max({REQUESTED}))", lambda sight: math.log2(sight.request)),
    Feature("target", "what the VPA recommends over what pods request", "log2 of a ratio", -6, 6, (-1, 1),
            f"log2({TARGET} / max({REQUESTED}))",
            lambda sight: math.log2(max(1, sight.target) / sight.request)),
    Feature("lower", "the VPA's lower bound over its target", "log2 of a ratio", -8, 0, (-2, 0),
            f"log2(kube_customresource_vpa_lower_bound_cpu{{target_name=\"$service\"}} / {TARGET})", lambda sight: _bound(sight, "lower")),
    Feature("upper", "the VPA's upper bound over its target", "log2 of a ratio", 0, 8, (0, 2),
            f"log2(kube_customresource_vpa_upper_bound_cpu{{target_name=\"$service\"}} / {TARGET})", lambda sight: _bound(sight, "upper")),
    Feature("ready", "ready pods over those asked for", "share", 0, 4, (0.7, 1),
            f'kube_deployment_status_replicas_ready{{deployment="$service"}} / {REPLICAS}', _ready),
    Feature("off", "share of the pods that request something else than a new one would", "share", 0, 1, (0, 1),
            f"avg({REQUESTED} != bool scalar(max({REQUESTED})))", _off),
    Feature("rate", "requests a second for each pod asked for", "log2 of 1 + 1/s", 0, 16, (2, 6), f"log2(1 + {RATE} / {REPLICAS})",
            lambda sight: math.log2(1 + sight.rates[-1] / max(1, sight.view.replicas))),
    Feature("growth", "requests a second over those four ticks ago", "log2 of a ratio", -4, 4, (-0.5, 0.5),
            f"log2((1 + {RATE}) / (1 + {RATE} offset 4 * $tick))",
            lambda sight: math.log2((1 + sight.rates[-1]) / (1 + sight.rates[0]))),
    Feature("objective", "99th percentile end to end over its objective, of the class that is worst off", "log2 of a ratio", -8, 4, (-2, 1),
            "log2(max(histogram_quantile(0.99, sum by (le, workload) (rate(gateway_request_duration_milliseconds_bucket"
            '{workload=~"$workload"}[$tick]))) / on (workload) objective_ms))', _latency),
    Feature("age", "how old the newest sample is", "ticks", 0, 8, (0, 2),
            f"(time() - max(timestamp(container_cpu_usage_seconds_total{{{OWN}}}))) / $tick", lambda sight: sight.age_ticks, 8),
)  # fmt: skip
RIGHTSIZING = Features(FEATURES)
