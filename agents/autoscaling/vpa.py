"""Kubernetes' Vertical Pod Autoscaler for CPU as pure functions: what it recommends, what new pods get, which pods it evicts.

Follows pkg/recommender/logic/{estimator,recommender}.go, pkg/updater/priority and pkg/updater/restriction, and the proportional limits
of pkg/utils/vpa. Times are integer ns, CPU is in milli-cores. A service's pods have one container.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from agents.autoscaling.decaying import Decaying, added, reaching

DAY_NS = 86_400_000_000_000
MINUTE_NS = 60_000_000_000
CPU_BUCKETS = reaching(1000.0, 0.01, 1.05)  # cores
SAMPLE_WEIGHT = 0.1
AMOUNT_MAX = 10**14  # milli-cores: MaxResourceAmount


@dataclass(frozen=True, slots=True)
class Recommender:
    """Its flags."""

    target_percentile: float = 0.9
    lower_percentile: float = 0.5
    upper_percentile: float = 0.95
    margin: float = 0.15  # --recommendation-margin-fraction
    least_millicores: int = 25  # --pod-recommendation-min-cpu-millicores
    confidence_interval_ns: int = DAY_NS
    min_allowed: int = 0  # of the container policy
    max_allowed: int = AMOUNT_MAX


@dataclass(frozen=True, slots=True)
class Usage:
    """What is remembered of all pods' CPU (AggregateContainerState); never mutated."""

    histogram: Decaying
    first_ns: int = 0
    last_ns: int = 0
    samples: int = 0


@dataclass(frozen=True, slots=True)
class Recommendation:
    """CPU requests: the one to have, and those between which a pod may stay as it is."""

    lower: int
    target: int
    upper: int

    def __str__(self) -> str:
        upper = "any" if self.upper == AMOUNT_MAX else f"{self.upper}m"
        return f"target {self.target}m of {self.lower}m … {upper}"


@dataclass(frozen=True, slots=True)
class Updater:
    """Its flags, and updatePolicy.minReplicas."""

    min_replicas: int = 2
    eviction_tolerance: float = 0.5
    update_threshold: float = 0.1  # --pod-update-threshold
    lifetime_ns: int = DAY_NS // 2  # --in-recommendation-bounds-eviction-lifetime-threshold


@dataclass(frozen=True, slots=True)
class SizedPod:
    """A pod that is not terminating."""

    order: int
    request: int
    start_ns: int | None  # when it was bound to a node; None while pending


def nothing_seen(half_life_ns: int = DAY_NS) -> Usage:
    """Before the first sample."""
    return Usage(Decaying(CPU_BUCKETS, half_life_ns))


def sampled(usage: Usage, millicores: int, at_ns: int) -> Usage:
    """With one more sample of a pod (addCPUSample, H29)."""
    histogram = added(usage.histogram, millicores / 1000, SAMPLE_WEIGHT, at_ns)
    first_ns = min(usage.first_ns, at_ns) if usage.samples else at_ns
    return Usage(histogram, first_ns, max(usage.last_ns, at_ns), usage.samples + 1)


def confidence(usage: Usage, interval_ns: int) -> float:
    """How many intervals of a sample a minute the history is worth (getConfidence, H30)."""
    return min((usage.last_ns - usage.first_ns) / interval_ns, usage.samples / (interval_ns / MINUTE_NS))


def recommended(flags: Recommender, usage: Usage) -> Recommendation | None:
    """Percentiles with the margin, bounds that are the wider the less is known, then the limits (H30); None without samples."""
    if usage.samples == 0:
        return None
    known = confidence(usage, flags.confidence_interval_ns)
    lower, target, upper = (
        _estimated(flags, usage, share, multiplier)
        for share, multiplier in (
            (flags.lower_percentile, _multiplier(0.001, -2.0, known)), (flags.target_percentile, 1.0),
            (flags.upper_percentile, _multiplier(1.0, 1.0, known)))
    )  # fmt: skip
    return Recommendation(lower, target, upper)


def limit_for(limit: int | None, request: int, target: int) -> int | None:
    """The limit of a pod that requests `target`, of which one that requests `request` has `limit`: in proportion (H32)."""
    return None if limit is None else limit * target // request


def due(flags: Updater, advice: Recommendation, pods: Sequence[SizedPod], now_ns: int) -> list[SizedPod]:
    """The pods that are to be replaced, the most urgent first: those that are to grow, then the furthest from the target (H31)."""
    found = [pod for pod in pods if _is_due(flags, advice, pod, now_ns)]
    return sorted(found, key=lambda pod: (pod.request >= advice.target, -_difference(advice, pod)))


def evicted(flags: Updater, wanted: Sequence[SizedPod], pods: Sequence[SizedPod], replicas: int) -> list[SizedPod]:
    """Of those that are due, in their order, as many as may go at once (CanEvict, H31)."""
    pending = sum(pod.start_ns is None for pod in pods)
    running, tolerated = len(pods) - pending, int(replicas * flags.eviction_tolerance)
    gone: list[SizedPod] = []
    going = 0  # of the running ones
    for pod in wanted:
        if pod.start_ns is None:
            gone.append(pod)
        elif len(pods) >= flags.min_replicas and (
                running - going > replicas - tolerated or (running == replicas and tolerated == 0 and going == 0)):  # fmt: skip
            gone.append(pod)
            going += 1
    return gone


def _estimated(flags: Recommender, usage: Usage, share: float, multiplier: float) -> int:
    """Amounts are cut off to whole milli-cores at each stage, as Kubernetes' are."""
    base = int(usage.histogram.percentile(share) * 1000)
    scaled = _amount((base + int(base * flags.margin)) * multiplier)
    return min(flags.max_allowed, max(flags.min_allowed, flags.least_millicores, scaled))


def _multiplier(multiplier: float, exponent: float, known: float) -> float:
    if known <= 0:
        return math.inf if exponent > 0 else 0.0
    return math.pow(1 + multiplier / known, exponent)


def _amount(value: float) -> int:
    return AMOUNT_MAX if not value <= AMOUNT_MAX else int(value)  # which also is what inf times nothing comes to


def _difference(advice: Recommendation, pod: SizedPod) -> float:
    return abs(pod.request - advice.target) / max(1, pod.request)


def _is_due(flags: Updater, advice: Recommendation, pod: SizedPod, now_ns: int) -> bool:
    if not advice.lower <= pod.request <= advice.upper:
        return True
    is_old = pod.start_ns is not None and now_ns >= pod.start_ns + flags.lifetime_ns
    return is_old and _difference(advice, pod) >= flags.update_threshold
