"""What a learned mind is shown of a guarded route: the precursors of failure as its callers' proxies and its callee report them.

`$caller` and `$callee` stand for the services of the route, `$tick` for the time between two decisions. In the queries the proxies are
Envoy's, and what no proxy knows, how many wait in the callee, is a gauge of its own.
"""

from __future__ import annotations

import math
from functools import partial

from agents.learning.breaking.sight import Sight
from agents.learning.observing import Feature, Features
from scenarios.schema.units import NS_PER_S

QUEUE_LEAST = 1.0  # requests: growth below is none


def _latency(metric: str, sight: Sight) -> float | None:
    seconds = sight.figures[metric]
    return math.log2(seconds * NS_PER_S / sight.route.timeout_ns) if seconds else None


def _growth(sight: Sight, metric: str, least: float) -> float | None:
    times = sight.grown(metric, least)
    return None if times is None else math.log2(times)


def _log(value: float | None) -> float | None:
    return None if value is None else math.log2(1 + value)


TRIES = 'envoy_cluster_upstream_rq_total{service="$caller", envoy_cluster_name="$callee"}'
DURATIONS = 'sum by (le) (rate(istio_request_duration_milliseconds_bucket{destination_service_name="$callee"}[$tick]))'
QUEUE = 'sum(worker_queue_length{service="$callee"})'


def _share(metric: str) -> str:
    return f'sum(rate(envoy_cluster_{metric}{{service="$caller", envoy_cluster_name="$callee"}}[$tick])) / sum(rate({TRIES}[$tick]))'


def _quantile(q: float) -> str:
    return f"histogram_quantile({q}, {DURATIONS})"


FEATURES: tuple[Feature, ...] = (
    *(Feature(f"p{nth}", f"{nth}th percentile of the callee's visits over the route's timeout", "log2 of a ratio", -12, 4, (-6, 0),
              f"log2({_quantile(nth / 100)} / $timeout_ms)", partial(_latency, f"latency_p{nth}"), -12)
      for nth in (50, 95, 99)),
    Feature("p50_growth", "median over that of four ticks ago", "log2 of a ratio", -6, 6, (-1, 1),
            f"log2({_quantile(0.5)} / ({_quantile(0.5)} offset 4 * $tick))", lambda sight: _growth(sight, "latency_p50", 0.001)),
    Feature("p95_growth", "95th percentile over that of four ticks ago", "log2 of a ratio", -6, 6, (-1, 1),
            f"log2({_quantile(0.95)} / ({_quantile(0.95)} offset 4 * $tick))", lambda sight: _growth(sight, "latency_p95", 0.001)),
    Feature("queue", "requests that wait in the callee's pods", "log2 of 1 + requests", 0, 16, (0, 6), f"log2(1 + {QUEUE})",
            lambda sight: _log(sight.figures["queue_length"])),
    Feature("queue_growth", "requests that wait there over those of four ticks ago, one at least", "log2 of a ratio", -8, 8, (-2, 2),
            f"log2(clamp_min({QUEUE}, 1) / clamp_min({QUEUE} offset 4 * $tick, 1))",
            lambda sight: _growth(sight, "queue_length", QUEUE_LEAST)),
    Feature("rate", "tries a second", "log2 of 1 + 1/s", 0, 16, (3, 9), f"log2(1 + sum(rate({TRIES}[$tick])))",
            lambda sight: _log(sight.figures["requests_per_second"])),
    Feature("in_flight", "tries whose callers wait", "log2 of 1 + tries", 0, 16, (0, 6),
            'log2(1 + sum(envoy_cluster_upstream_rq_active{service="$caller", envoy_cluster_name="$callee"}))',
            lambda sight: _log(sight.figures["in_flight"])),
    Feature("failures", "share of tries that ended without a good answer", "share", 0, 1, (0, 0.5), f"1 - {_share('upstream_rq_2xx')}",
            lambda sight: sight.per_call("failures_per_second")),
    Feature("retries", "share of tries that are made after a failure", "share", 0, 1, (0, 0.5), _share("upstream_rq_retry"),
            lambda sight: sight.per_call("retries_per_second")),
    Feature("refusals", "share of tries that the callers' own breaker refused", "share", 0, 1, (0, 0.5),
            _share("upstream_rq_pending_overflow"),
            lambda sight: sight.per_call("refusals_per_second")),
    Feature("timeout", "the timeout that is set over the file's", "log2 of a ratio", -8, 0, (-2, 0),
            'log2(route_timeout_seconds{route="$route"} / $timeout_s)', lambda sight: math.log2(sight.setting.timeout)),
    Feature("bound", "calls that may be under way over the file's bound", "share", 0, 1, (0, 1),
            'envoy_cluster_circuit_breakers_default_max_requests{envoy_cluster_name="$callee"} / $max_requests',
            lambda sight: sight.setting.bound),
    Feature("age", "how old the newest scrape is", "ticks", 0, 8, (0, 2),
            '(time() - max(timestamp(envoy_cluster_upstream_rq_total{service="$caller"}))) / $tick', lambda sight: sight.age_ticks, 8),
)  # fmt: skip
BREAKING = Features(FEATURES)
