"""What a learned mind is shown of its own service: each number with its unit, its bounds and its query in Prometheus.

All of it is local and as late as the metrics are, so that whoever runs the policy can show it the same. In a query `$service`,
`$namespace` and `$workload` stand for names (the last for a regular expression), `$tick_seconds` for the time between two decisions,
`$before` for the GROWTH_TICKS before, `$window` for what rates are taken over, and `$objective_ms` for the strictest objective of its
own requests. Every query answers with one number, without labels. Readings are bounded; what is not known reads as `unknown`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.learning.sight import Sight

DAY_NS = 86_400_000_000_000
FRAMES = 4  # looks in an observation
Reading = Callable[[Sight], float | None]


@dataclass(frozen=True)
class Feature:
    """One number of an observation."""

    name: str
    says: str
    unit: str
    low: float
    high: float
    usual: tuple[float, float]  # where it mostly is: a network is shown this range as -1 to 1
    query: str  # in PromQL
    read: Reading
    unknown: float = 0.0

    def reading(self, sight: Sight) -> float:
        """The number, within its bounds."""
        value = self.read(sight)
        return self.unknown if value is None else min(self.high, max(self.low, value))


class Frames:
    """The last looks of one agent, for want of a memory: the newest first, the first one again where there are none yet."""

    def __init__(self) -> None:
        self._frames = deque[NDArray[np.float32]](maxlen=FRAMES)

    def take(self, sight: Sight) -> NDArray[np.float32]:
        """(FRAMES * features,) with one more look."""
        frame = np.array([feature.reading(sight) for feature in FEATURES], dtype=np.float32)
        self._frames.extendleft([frame] * (FRAMES - len(self._frames)) or [frame])
        return np.concatenate(self._frames)


def _utilization(sight: Sight) -> float | None:
    sampled = [pod for pod in sight.view.pods if pod.is_ready and pod.usage_millicores is not None and pod.request_millicores]
    requested = sum(pod.request_millicores or 0 for pod in sampled)
    return sum(pod.usage_millicores or 0 for pod in sampled) / requested if requested else None


def _ready(sight: Sight) -> float:
    return sum(pod.is_ready and not pod.is_terminating for pod in sight.view.pods) / sight.asked


def _starting(sight: Sight) -> float:
    return sum(not pod.is_ready and not pod.is_terminating for pod in sight.view.pods) / sight.asked


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


HERE = 'namespace="$namespace"'
PODS = f'pod=~"$service-[a-z0-9]+-[a-z0-9]+", {HERE}'  # those of a Deployment
DESIRED = f'max(kube_deployment_spec_replicas{{deployment="$service", {HERE}}})'
OWN = 'destination_service_name="$service", destination_service_namespace="$namespace"'
RATE = f'sum(rate(istio_requests_total{{reporter="source", {OWN}}}[$window]))'  # who sends them counts them: no pod need be ready
CPU = f'container_cpu_usage_seconds_total{{{PODS}, container!=""}}'

FEATURES: tuple[Feature, ...] = (
    Feature("utilization", "CPU in use over CPU requested, of ready pods", "share", 0, 4, (0.2, 0.8),
            f'sum(rate({CPU}[$window])) / sum(kube_pod_container_resource_requests{{resource="cpu", {PODS}}})', _utilization),
    Feature("asked", "pods asked for", "log2 of pods", 0, 16, (1, 5), f"log2({DESIRED})", lambda sight: math.log2(sight.asked)),
    Feature("ready", "ready pods over those asked for", "share", 0, 4, (0.7, 1),
            f'max(kube_deployment_status_replicas_ready{{deployment="$service", {HERE}}}) / {DESIRED}', _ready),
    Feature("starting", "pods that are not ready yet over those asked for", "share", 0, 4, (0, 0.3),
            f'max(kube_deployment_status_replicas_unavailable{{deployment="$service", {HERE}}}) / {DESIRED}', _starting),
    Feature("proposal", "what the rule asks for over what is asked for", "log2 of a ratio", -4, 4, (-0.5, 0.5),
            f'log2(max(kube_horizontalpodautoscaler_status_desired_replicas{{horizontalpodautoscaler="$service", {HERE}}}) / {DESIRED})',
            lambda sight: math.log2(max(1, sight.proposed) / sight.asked)),
    Feature("rate", "requests a second for each pod asked for", "log2 of 1 + 1/s", 0, 16, (2, 6), f"log2(1 + {RATE} / {DESIRED})",
            lambda sight: math.log2(1 + sight.rates[-1] / sight.asked)),
    Feature("growth", "requests a second over those four ticks ago", "log2 of a ratio", -4, 4, (-0.5, 0.5),
            f"log2((1 + {RATE}) / (1 + {RATE.replace(']', '] offset $before')}))",
            lambda sight: math.log2((1 + sight.rates[-1]) / (1 + sight.rates[0]))),
    Feature("concurrency", "requests inside for each pod asked for", "log2 of 1 + requests", 0, 16, (0, 3),
            f'log2(1 + sum(envoy_http_downstream_rq_active{{{PODS}}}) / {DESIRED})', _concurrency),
    Feature("latency", "95th percentile of its own visits over the strictest objective", "log2 of a ratio", -8, 4, (-4, 0),
            f'log2(histogram_quantile(0.95, sum by (le) (rate(istio_request_duration_milliseconds_bucket{{reporter="destination", {OWN}}}'
            "[$window]))) / $objective_ms)", _latency),
    Feature("objective", "99th percentile end to end over its objective, of the class that is worst off", "log2 of a ratio", -8, 4, (-2, 1),
            "log2(max(histogram_quantile(0.99, sum by (le, workload) (rate(gateway_request_duration_milliseconds_bucket"
            '{workload=~"$workload"}[$window]))) / on (workload) objective_ms))', _objective),
    Feature("age", "how old the newest sample is", "ticks", 0, 8, (0, 2),
            f"(time() - max(timestamp({CPU}))) / $tick_seconds", lambda sight: sight.age_ticks, 8),
    Feature("day_sine", "the time of the day", "sine", -1, 1, (-1, 1), "sin(2 * pi() * (vector(time()) % 86400) / 86400)",
            lambda sight: math.sin(_angle(sight))),
    Feature("day_cosine", "the time of the day", "cosine", -1, 1, (-1, 1), "cos(2 * pi() * (vector(time()) % 86400) / 86400)",
            lambda sight: math.cos(_angle(sight))),
)  # fmt: skip
LOW, HIGH = (np.tile(np.array([getattr(feature, side) for feature in FEATURES], dtype=np.float32), FRAMES) for side in ("low", "high"))
USUAL = np.tile(np.array([feature.usual for feature in FEATURES], dtype=np.float32), (FRAMES, 1))  # (FRAMES * features, 2)
