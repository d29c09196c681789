"""What Knative's pod autoscaler decides. Times are seconds."""

from __future__ import annotations

from typing import Literal

from agents.autoscaling import kpa
from agents.autoscaling.buckets import Buckets, average, recorded, weighted_average
from parley.mechanisms.mechanism import Answer, Mechanism
from parley.mechanisms.times import ns, ns_if_any, seconds_if_any
from scenarios.schema.model import Part, field
from scenarios.schema.units import NS_PER_S, Number
from scenarios.schema.words import Whole


class DelayedCase(Part):
    """An entry of the delay window."""

    timestamp: Number = field(says="when")
    podCount: Whole = field(says="pods", ge=0)


class KpaCase(Part):
    """One tick of a decider."""

    targetValue: Number = field(says="of the metric, a pod", gt=0)
    totalValue: Number | None = field(None, says="what a pod could take; targetValue / 0.7 if absent", gt=0)
    targetBurstCapacity: Number = field(211.0, says="negative: unlimited")
    maxScaleUpRate: Number = field(1000.0, says="times the ready pods", gt=1)
    maxScaleDownRate: Number = field(2.0, says="the ready pods through this", gt=1)
    panicThreshold: Number = field(2.0, says="pods wanted over pods ready", gt=0)
    stableWindow: Number = field(60.0, says="its length", gt=0)
    scaleDownDelay: Number = field(0.0, says="how long a lower count must have been asked for", ge=0)
    activationScale: Whole = field(1, says="pods at least, whenever any are wanted", ge=0)
    reachable: bool = field(True, says="whether anybody routes to the revision")
    readyPods: Whole = field(says="ReadyCount", ge=0)
    stableValue: Number | None = field(says="the average over the stable window; null: no data", ge=0)
    panicValue: Number | None = field(says="the average over the panic window; null: no data", ge=0)
    now: Number = field(0.0, says="on the clock of all other times")
    panicTime: Number | None = field(None, says="when it last was over the threshold; null: no panic")
    maxPanicPods: Whole = field(0, says="the most it asked for in this panic", ge=0)
    delayWindow: tuple[DelayedCase, ...] = field((), says="counts asked for before")


class Sample(Part):
    """A value and its time."""

    time: Number = field(says="when", ge=0)
    value: Number = field(says="what")


class WindowCase(Part):
    """An average over a window of buckets of a second."""

    window: Whole = field(says="its length", ge=1, le=3600)
    algorithm: Literal["linear", "weighted-exponential"] = field("linear", says="metric-aggregation-algorithm")
    stats: tuple[Sample, ...] = field(says="in the order they came")
    now: Number = field(says="when it is asked", ge=0)


def _tick(case: KpaCase) -> Answer:
    spec = kpa.DeciderSpec(
        case.targetValue, case.targetValue / 0.7 if case.totalValue is None else case.totalValue, case.maxScaleUpRate,
        case.maxScaleDownRate, case.panicThreshold, ns(case.stableWindow), case.targetBurstCapacity, case.activationScale,
        ns(case.scaleDownDelay), case.reachable)  # fmt: skip
    state = kpa.KpaState(
        ns_if_any(case.panicTime), case.maxPanicPods,
        tuple((ns(one.timestamp) // kpa.TICK_NS, one.podCount) for one in case.delayWindow))  # fmt: skip
    if case.stableValue is None or case.panicValue is None:
        return {"desiredPodCount": None, "excessBurstCapacity": None, "scaleValid": False, "panicTime": case.panicTime,
                "maxPanicPods": case.maxPanicPods}  # fmt: skip
    result, after = kpa.decide(spec, state, case.readyPods, case.stableValue, case.panicValue, ns(case.now))
    return {
        "desiredPodCount": result.desired, "excessBurstCapacity": result.excess_burst_capacity, "scaleValid": True,
        "panicTime": seconds_if_any(after.panic_ns), "maxPanicPods": after.max_panic_pods,
    }  # fmt: skip


def _window(case: WindowCase) -> Answer:
    buckets = Buckets(case.window * NS_PER_S)
    for sample in case.stats:
        buckets = recorded(buckets, ns(sample.time), sample.value)
    mean = weighted_average if case.algorithm == "weighted-exponential" else average
    return {"windowAverage": mean(buckets, ns(case.now)), "isEmpty": buckets.is_empty(ns(case.now))}


KNATIVE = (
    Mechanism("kpa", "one tick of Knative's pod autoscaler (H11 to H13)", KpaCase, {
        "desiredPodCount": "pods, before min-scale and max-scale; null where there is no data",
        "excessBurstCapacity": "below 0 the activator stands in the path",
        "scaleValid": "whether there was data",
        "panicTime": "to remember; null: no panic",
        "maxPanicPods": "to remember",
    }, _tick, {"targetValue": 10, "readyPods": 1, "stableValue": 50, "panicValue": 100}),
    Mechanism("kpa-window", "the average over a window of buckets of one second (H10)", WindowCase, {
        "windowAverage": "of what is in the window",
        "isEmpty": "whether nothing came for longer than the window",
    }, _window, {"window": 5, "stats": [{"time": 100, "value": 1}, {"time": 103, "value": 5}], "now": 104}),
)  # fmt: skip
