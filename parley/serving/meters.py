"""What a scaler tells of itself in OpenMetrics: numbers by service, how it fares, and how strange its inputs have become."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest

from agents.learning.bundles.described import bins_of
from parley.serving import recipe
from parley.serving.deciding import Decision

LATENCIES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)  # seconds
DRIFT_READINGS = 500  # of each input, over all services
ROUNDING = 1e-6  # of numbers that training has in single precision
SHARE_LEAST = 1e-4  # a share of nothing would make the index infinite


class Meters:
    """All of them, in a registry of their own."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, usual: Mapping[str, recipe.Histogram], met: Mapping[str, tuple[float, float]]) -> None:
        self.registry = registry = CollectorRegistry()
        self.decided = Gauge("parley_decided_replicas", "Pods that policy and guard came to.", ["service"], registry=registry)
        self.rule = Gauge("parley_rule_replicas", "Pods that the calibrated rule asks for.", ["service"], registry=registry)
        self.published = Gauge("parley_published_replicas", "Pods that KEDA is told.", ["service"], registry=registry)
        self.known = Gauge("parley_last_known_timestamp_seconds", "When something was last known.", ["service"], registry=registry)
        self.decisions = Counter("parley_decisions", "Decisions by what was chosen.", ["service", "action"], registry=registry)
        self.guarded = Counter("parley_guarded_decisions", "Decisions that the guard changed.", ["service"], registry=registry)
        self.fallbacks = Counter("parley_fallback_decisions", "Decisions that the policy did not make.", ["service"], registry=registry)
        self.failures = Counter("parley_source_failures", "Questions that Prometheus did not answer.", registry=registry)
        self.ticks = Histogram("parley_tick_seconds", "From the first question to the decisions.", buckets=LATENCIES, registry=registry)
        self.answered = Histogram("parley_get_metrics_seconds", "Of answers to KEDA.", buckets=LATENCIES, registry=registry)
        self.refused = Counter("parley_refused_requests", "Requests that could not be answered.", ["code"], registry=registry)
        self.dry = Gauge("parley_dry_run", "1 where only the rule is published.", registry=registry)
        self.drift = Gauge("parley_input_psi", "Population stability index of an input: above 0.25 it is unlike in training.", ["feature"],
                           registry=registry)  # fmt: skip
        self.unmet = Counter("parley_unmet_readings", "Readings beyond all that was met in training, where a policy extrapolates.",
                             ["feature"], registry=registry)  # fmt: skip
        self._usual, self._met = usual, met
        self._recent = {name: deque[float](maxlen=DRIFT_READINGS) for name in usual}

    def tell(self, decision: Decision, published: int, known_s: float) -> None:
        """Of one decision."""
        name = decision.service
        self.decided.labels(name).set(decision.pods)
        self.rule.labels(name).set(decision.rule)
        self.published.labels(name).set(published)
        self.known.labels(name).set(known_s)
        self.decisions.labels(name, decision.action or "none").inc()
        if decision.guard:
            self.guarded.labels(name).inc()
        if decision.fallback:
            self.fallbacks.labels(name).inc()
        for feature, reading in (decision.readings or {}).items():
            low, high = self._met.get(feature, (-math.inf, math.inf))
            if not low - ROUNDING <= reading <= high + ROUNDING:
                self.unmet.labels(feature).inc()
            if (recent := self._recent.get(feature)) is not None:
                recent.append(reading)
                self.drift.labels(feature).set(stability_index(self._usual[feature], recent))

    def exposition(self) -> bytes:
        """OpenMetrics text."""
        return bytes(generate_latest(self.registry))


def stability_index(usual: recipe.Histogram, recent: deque[float]) -> float:
    """PSI: the sum of (share - usual share) ln(share / usual share) over the bins; what lies outside counts to the outermost."""
    counts = np.bincount(bins_of(usual.edges, np.array(recent, dtype=np.float64)), minlength=len(usual.shares))
    shares = np.maximum(SHARE_LEAST, counts / max(1, len(recent)))
    expected = np.maximum(SHARE_LEAST, np.array(usual.shares))
    return float(((shares - expected) * np.log(shares / expected)).sum())
