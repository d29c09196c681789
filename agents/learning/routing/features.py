"""What a learned mind is shown of a way from a zone to a zone: each number with its unit, its bounds and its query in Prometheus.

`$zone` is where calls come from, `$target` where they may go, `$service` whom they call, `$workload` who does, `$tick` the time between two
decisions. All of it is as late as the metrics are.
"""

from __future__ import annotations

import math

from agents.learning.observing import Feature, Features
from agents.learning.routing.sight import WaySight

_HERE = 'service="$service", zone="$target"'
_READY = f"sum(kube_pod_status_ready{{{_HERE}}})"
_CAME = f"sum(rate(istio_requests_total{{{_HERE}}}[$tick]))"


def _inside_s(sight: WaySight) -> float | None:
    """Little's law: the mean time inside of who comes."""
    return sight.target.inside / sight.target.rate if sight.target.rate > 0 else None


def _work_s(sight: WaySight) -> float | None:
    """The utilization law: cores in use over requests a second."""
    return sight.target.cores / sight.target.rate if sight.target.rate > 0 else None


def _log2(value: float | None) -> float | None:
    return None if value is None or value <= 0 else math.log2(value)


FEATURES = (
    Feature("share", "of the zone's calls that go there", "share", 0, 1, (0, 1),
            'sum(rate(istio_requests_total{source_zone="$zone", zone="$target"}[$tick]))'
            ' / sum(rate(istio_requests_total{source_zone="$zone"}[$tick]))', lambda sight: sight.percent / 100),
    Feature("home", "whether it is the zone itself", "0 or 1", 0, 1, (0, 1), 'vector("$zone" == "$target")',
            lambda sight: float(sight.is_home)),
    Feature("calls", "of the zone, wherever they go", "log2 of 1 + 1/s", 0, 16, (5, 9),
            'log2(1 + sum(rate(istio_requests_total{source_zone="$zone", service="$service"}[$tick])))',
            lambda sight: math.log2(1 + sight.rate)),
    Feature("lateness", "99th percentile of the zone's requests over their objective", "log2 of a ratio", -8, 4, (-2, 1),
            "log2(max(histogram_quantile(0.99, sum by (le, workload) (rate(gateway_request_duration_milliseconds_bucket"
            '{workload=~"$workload"}[$tick]))) / on (workload) objective_ms))', lambda sight: _log2(sight.lateness)),
    Feature("pods", "ready there", "log2 of 1 + pods", 0, 12, (0, 4), f"log2(1 + {_READY})",
            lambda sight: math.log2(1 + sight.target.pods)),
    Feature("came", "requests a second there for each ready pod", "log2 of 1 + 1/s", 0, 16, (3, 7), f"log2(1 + {_CAME} / {_READY})",
            lambda sight: math.log2(1 + sight.target.rate / max(1, sight.target.pods))),
    Feature("queued", "requests that wait there for each ready pod", "log2 of 1 + requests", 0, 12, (0, 4),
            f"log2(1 + sum(envoy_cluster_upstream_rq_pending_active{{{_HERE}}}) / {_READY})",
            lambda sight: math.log2(1 + sight.target.queued / max(1, sight.target.pods))),
    Feature("inside", "mean time of a request in a pod there", "log2 of ms", -4, 16, (4, 9),
            f"log2(1000 * sum(envoy_http_downstream_rq_active{{{_HERE}}}) / {_CAME})", lambda sight: _log2(_ms(_inside_s(sight))), 4),
    Feature("work", "mean CPU time of a request there", "log2 of ms", -4, 16, (3, 7),
            f"log2(1000 * sum(rate(container_cpu_usage_seconds_total{{{_HERE}}}[$tick])) / {_CAME})",
            lambda sight: _log2(_ms(_work_s(sight))), 4),
    Feature("busy", "cores in use there for each ready pod", "cores", 0, 16, (0, 1),
            f"sum(rate(container_cpu_usage_seconds_total{{{_HERE}}}[$tick])) / {_READY}",
            lambda sight: sight.target.cores / max(1, sight.target.pods)),
    Feature("age", "how old the newest sample is", "ticks", 0, 8, (0, 2),
            '(time() - max(timestamp(container_cpu_usage_seconds_total{pod=~"$service-.*"}))) / $tick', lambda sight: sight.age_ticks, 8),
)  # fmt: skip
ROUTING = Features(FEATURES)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else 1000 * seconds
