"""What the Vertical Pod Autoscaler recommends and evicts. Times are seconds; CPU is a quantity, in whole milli-cores."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from agents.autoscaling import vpa
from parley.mechanisms.mechanism import Answer, Mechanism
from parley.mechanisms.times import ns, ns_if_any
from scenarios.schema.model import Part, field
from scenarios.schema.units import Duration, MilliCores, Number, Percent, Share
from scenarios.schema.words import Whole


class UsageCase(Part):
    """One sample of one pod."""

    time: Number = field(says="when", ge=0)
    cpu: Number = field(says="cores in use", ge=0)


class AdviceCase(Part):
    """A history of samples, and the recommender's flags."""

    samples: Annotated[tuple[UsageCase, ...], Field(min_length=1)] = field(says="of all pods, in the order they came")
    targetCpuPercentile: Share = field(0.9, says="--target-cpu-percentile")
    lowerBoundCpuPercentile: Share = field(0.5, says="--recommendation-lower-bound-cpu-percentile")
    upperBoundCpuPercentile: Share = field(0.95, says="--recommendation-upper-bound-cpu-percentile")
    recommendationMarginFraction: Percent = field(0.15, says="--recommendation-margin-fraction")
    podRecommendationMinCpu: MilliCores = field(25, says="--pod-recommendation-min-cpu-millicores")
    cpuHistogramDecayHalfLife: Duration = field(vpa.DAY_NS, says="--cpu-histogram-decay-half-life", gt=0)
    confidenceIntervalCpu: Duration = field(vpa.DAY_NS, says="--confidence-interval-cpu", gt=0)
    minAllowed: MilliCores | None = field(None, says="of the container policy")
    maxAllowed: MilliCores | None = field(None, says="of the container policy")


class SizedCase(Part):
    """A pod that is not terminating."""

    request: MilliCores = field(says="cpu")
    startTime: Number | None = field(None, says="null: pending")


class EvictionCase(Part):
    """A recommendation, pods, and the updater's flags."""

    lowerBound: MilliCores = field(says="cpu")
    target: MilliCores = field(says="cpu")
    upperBound: MilliCores = field(says="cpu")
    pods: tuple[SizedCase, ...] = field(says="of one service")
    replicas: Whole = field(says="spec.replicas", ge=0)
    minReplicas: Whole = field(2, says="updatePolicy.minReplicas", ge=1)
    evictionTolerance: Share = field(0.5, says="--eviction-tolerance")
    podUpdateThreshold: Percent = field(0.1, says="--pod-update-threshold")
    lifetimeThreshold: Duration = field(vpa.DAY_NS // 2, says="--in-recommendation-bounds-eviction-lifetime-threshold")
    now: Number = field(0.0, says="on the clock of the other times")


class LimitCase(Part):
    """A container's request and limit, and what it is to request."""

    request: MilliCores = field(says="cpu, as the file has it")
    limit: MilliCores | None = field(None, says="cpu, as the file has it; null: none")
    target: MilliCores = field(says="cpu")


def _advice(case: AdviceCase) -> Answer:
    usage = vpa.nothing_seen(case.cpuHistogramDecayHalfLife)
    for sample in case.samples:
        usage = vpa.sampled(usage, round(sample.cpu * 1000), ns(sample.time))
    found = vpa.recommended(vpa.Recommender(
        case.targetCpuPercentile, case.lowerBoundCpuPercentile, case.upperBoundCpuPercentile, case.recommendationMarginFraction,
        case.podRecommendationMinCpu, case.confidenceIntervalCpu, case.minAllowed or 0,
        case.maxAllowed or vpa.AMOUNT_MAX), usage)  # fmt: skip
    assert found is not None
    upper = None if found.upper == vpa.AMOUNT_MAX else _cpu(found.upper)
    return {"lowerBound": _cpu(found.lower), "target": _cpu(found.target), "upperBound": upper}


def _evictions(case: EvictionCase) -> Answer:
    flags = vpa.Updater(case.minReplicas, case.evictionTolerance, case.podUpdateThreshold, case.lifetimeThreshold)
    pods = [vpa.SizedPod(order, pod.request, ns_if_any(pod.startTime)) for order, pod in enumerate(case.pods)]
    wanted = vpa.due(flags, vpa.Recommendation(case.lowerBound, case.target, case.upperBound), pods, ns(case.now))
    gone = vpa.evicted(flags, wanted, pods, case.replicas)
    return {"due": [pod.order for pod in wanted], "evicted": [pod.order for pod in gone]}


def _limit(case: LimitCase) -> Answer:
    limit = vpa.limit_for(case.limit, case.request, case.target)
    return {"limit": None if limit is None else _cpu(limit)}


def _cpu(millicores: int) -> str:
    return f"{millicores}m"


VPA = (
    Mechanism("vpa-recommendation", "the request that usage asks for, and its bounds (H29, H30)", AdviceCase, {
        "lowerBound": "pods that request less are evicted",
        "target": "what new pods request",
        "upperBound": "pods that request more are evicted; null: none",
    }, _advice, {"samples": [{"time": 0, "cpu": 0.2}, {"time": 60, "cpu": 0.3}]}),
    Mechanism("vpa-eviction", "which pods the updater replaces now (H31)", EvictionCase, {
        "due": "places of the pods that are to be replaced, the most urgent first",
        "evicted": "of them those that may go at once",
    }, _evictions, {"lowerBound": "150m", "target": "200m", "upperBound": "400m", "replicas": 2, "pods": [
        {"request": "100m", "startTime": 0}, {"request": "200m", "startTime": 0}]}),
    Mechanism("vpa-limit", "a limit in proportion to the request (H32)", LimitCase, {
        "limit": "null: none",
    }, _limit, {"request": "100m", "limit": "250m", "target": "300m"}),
)  # fmt: skip
