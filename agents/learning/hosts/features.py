"""What a learned mind is shown of a host: each number with its unit, its bounds and its query, where Envoy tells Prometheus of endpoints.

`$host` is the endpoint, `$cluster` all of them, `$tick` the time between two decisions. What came of calls is as a host's own sidecar tells
it (`envoy_cluster_endpoint_*` of its inbound listener), at once and of all callers together: a call that its caller has given up is still
inside until it is done. What is remembered fades by a fifth each tick.
"""

from __future__ import annotations

import math

from agents.learning.hosts.sight import HostSight, log2
from agents.learning.observing import Feature, Features

_ENDED = 'rate(envoy_cluster_endpoint_rq_total{endpoint="$host"}[$tick])'
_ALL = 'sum(rate(envoy_cluster_endpoint_rq_total{cluster="$cluster"}[$tick]))'
_FAILED = 'rate(envoy_cluster_endpoint_rq_error{endpoint="$host"}[$tick])'
_TIME = 'rate(envoy_cluster_endpoint_rq_time_sum{endpoint="$host"}[W]) / rate(envoy_cluster_endpoint_rq_time_count{endpoint="$host"}[W])'
_MEDIAN = ('quantile(0.5, rate(envoy_cluster_endpoint_rq_time_sum{cluster="$cluster"}[W])'
           ' / rate(envoy_cluster_endpoint_rq_time_count{cluster="$cluster"}[W]))')  # fmt: skip


def _now_ns(sight: HostSight) -> float | None:
    tick = None if sight.history is None else sight.history.tick
    return tick.inside_ns / (tick.ended - tick.failed) if tick is not None and tick.ended > tick.failed else None


def _over(value: float | None, other: float | None) -> float | None:
    return None if value is None or not other else value / other


def _failing_now(sight: HostSight) -> float | None:
    return None if sight.history is None or not sight.history.tick.ended else sight.history.tick.failed / sight.history.tick.ended


def _memory(sight: HostSight) -> float | None:
    return None if sight.history is None else sight.history.mean_ns


FEATURES = (
    Feature("listed", "whether a pod stands in this row", "0 or 1", 0, 1, (0, 1),
            'count(envoy_cluster_endpoint_rq_total{endpoint="$host"})',
            lambda sight: float(sight.history is not None)),
    Feature("weight", "times its usual one", "log2 of 1 + a ratio", 0, 4, (0, 2),
            'log2(1 + envoy_cluster_endpoint_weight{endpoint="$host"})',
            lambda sight: math.log2(1 + sight.weight)),
    Feature("share", "of all calls that ended", "share", 0, 1, (0, 0.5), f"{_ENDED} / {_ALL}",
            lambda sight: None if sight.history is None else _over(float(sight.history.tick.ended), float(sight.calls))),
    Feature("in_flight", "calls inside", "log2 of 1 + calls", 0, 12, (0, 5), 'log2(1 + envoy_cluster_endpoint_rq_active{endpoint="$host"})',
            lambda sight: None if sight.history is None else math.log2(1 + sight.history.tick.in_flight)),
    Feature("latency", "mean time of the last tick's over the objective", "log2 of a ratio", -10, 4, (-6, 0),
            f"log2(({_TIME.replace('W', '$tick')}) / $objective_ms)", lambda sight: log2(_over(_now_ns(sight), sight.objective_ns)), -4),
    Feature("relative", "remembered mean time over the median of all hosts", "log2 of a ratio", -6, 6, (-1, 2),
            f"log2(({_TIME.replace('W', '5 * $tick')}) / ({_MEDIAN.replace('W', '5 * $tick')}))",
            lambda sight: log2(_over(_memory(sight), sight.usual_ns))),
    Feature("failing", "of the last tick's calls", "share", 0, 1, (0, 0.5), f"{_FAILED} / ({_ENDED})", _failing_now),
    Feature("failed", "of the calls that are remembered", "share", 0, 1, (0, 0.5), f"{_FAILED} / ({_ENDED})".replace("$tick", "5 * $tick"),
            lambda sight: None if sight.history is None else sight.history.failing),
    Feature("quiet", "since any call ended", "log2 of 1 + ticks", 0, 8, (0, 4),
            'log2(1 + (time() - timestamp(changes(envoy_cluster_endpoint_rq_total{endpoint="$host"}[$tick]) > 0)) / $tick)',
            lambda sight: None if sight.history is None else math.log2(1 + sight.history.quiet_ticks)),
    Feature("known", "since it was first listed", "log2 of 1 + ticks", 0, 8, (0, 6),
            'log2(1 + (time() - envoy_cluster_endpoint_first_seen{endpoint="$host"}) / $tick)',
            lambda sight: None if sight.history is None else math.log2(1 + sight.history.ticks)),
)  # fmt: skip
HOSTS = Features(FEATURES)
