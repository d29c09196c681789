"""The hand-made table of the HPA: worlds built in a line, and rows of (law, world, recommended, desired)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from agents.autoscaling.hpa import (
    Behavior,
    ControllerFlags,
    CpuUtilization,
    HpaSpec,
    HpaState,
    Observation,
    PodSample,
    PodsAverageValue,
    Policy,
    Recommendation,
    ScaleDown,
    ScaleEvent,
    ScaleUp,
    SourceAverageValue,
    SourceValue,
)
from agents.autoscaling.manifest import SECOND_NS as S
from agents.autoscaling.manifest import MetricSpec

NOW = 100_000 * S
INT32_MAX = 2_147_483_647
FRESH = HpaState()
AGED = HpaState(recommendations=(Recommendation(1, NOW - 10_000 * S),))


def pod(usage: int | None = 50, **changes: Any) -> PodSample:
    """A pod that has been Running and Ready for an hour, with a 15 s sample that ended 10 s ago."""
    settled = PodSample(
        name="web-0",
        request_millicores=100,
        usage_millicores=usage,
        sample_ns=NOW - 10 * S,
        window_ns=15 * S,
        start_ns=NOW - 3600 * S,
        ready=True,
        ready_transition_ns=NOW - 3590 * S,
    )
    return settled._replace(**changes)


def seen(replicas: int, *pods: PodSample, **values_milli: int) -> Observation:
    """An observation of these pods and these values from elsewhere."""
    return Observation(replicas, pods, values_milli)


def load(replicas: int, usage: int) -> Observation:
    """As many settled pods as spec.replicas, all at the same usage in percent."""
    return seen(replicas, *[pod(usage)] * replicas)


def valued(value_milli: int, **changes: Any) -> PodSample:
    """A settled pod with a custom metric `rps` in thousandths."""
    return pod(values_milli={"rps": value_milli}, **changes)


def spec(*metrics: MetricSpec, max_replicas: int = 100, min_replicas: int = 1, **others: Any) -> HpaSpec:
    """An HPA on 50 % CPU, 1 to 100 replicas, without behavior, unless told otherwise."""
    return HpaSpec(max_replicas, min_replicas, metrics or (CpuUtilization(50),), **others)


CPU = spec()


def ups(*policies: Policy, **rules: Any) -> HpaSpec:
    """An HPA whose behavior.scaleUp has these policies (the defaults if none) and rules."""
    return spec(behavior=Behavior(scale_up=ScaleUp(policies or ScaleUp().policies, **rules)))


def downs(*policies: Policy, **rules: Any) -> HpaSpec:
    """An HPA whose behavior.scaleDown has these policies (the defaults if none) and rules."""
    return spec(behavior=Behavior(scale_down=ScaleDown(policies or ScaleDown().policies, **rules)))


def recalling(*entries: tuple[int, int]) -> HpaState:
    """A history of (replicas, age in ns)."""
    return HpaState(recommendations=tuple(Recommendation(replicas, NOW - age) for replicas, age in entries))


def after_events(up: tuple[int, int] | None = None, down: tuple[int, int] | None = None) -> HpaState:
    """A history of scale events as (pods, age in ns), with nothing in the stabilisation window."""
    return AGED._replace(
        scale_up_events=() if up is None else (ScaleEvent(up[0], NOW - up[1]),),
        scale_down_events=() if down is None else (ScaleEvent(down[0], NOW - down[1]),),
    )


@dataclass(frozen=True)
class Row:
    """One line of the table: the law, the world, and the figures worked out on paper."""

    law: str
    seen: Observation
    recommended: int | None  # before windows, limits and bounds
    desired: int
    spec: HpaSpec = CPU
    state: HpaState = AGED
    because: str = ""  # a reason that must be among the conditions


RPS = PodsAverageValue("rps", 1000)
LAG = SourceValue("lag", 10_000)
LAG_EACH = SourceAverageValue("lag", 1000)
DEFAULT = spec(behavior=Behavior())
HALF_STARTED = {"start_ns": NOW - 60 * S}
FOUR, TENTH = Policy("Pods", 4, 15 * S), Policy("Percent", 10, 60 * S)
TWO_A_MINUTE, HALF_A_MINUTE = Policy("Pods", 2, 60 * S), Policy("Percent", 50, 60 * S)

# In "one more at 110" rows one settled pod is at 110 % and a doubtful one too: if the doubtful pod counts as ready the
# answer is ceil(2.2 * 2) = 5; as unready or missing it is taken for 0, so 55 % is inside tolerance and 2 stay; if it is
# ignored the answer is ceil(2.2 * 1) = 3.
CLASSES = [
    Row("1.1 a settled pod counts as ready: one more at 110", seen(2, pod(110), pod(110)), 5, 4),
    Row("1.1 a terminating pod is ignored", seen(2, pod(110), pod(110, deleted=True)), 3, 3),
    Row("1.1 a failed pod is ignored", seen(2, pod(110), pod(110, phase="Failed")), 3, 3),
    Row(
        "1.1 a terminating pod is ignored before it is pending",
        seen(2, pod(110), pod(110, deleted=True, phase="Pending")), 3, 3,
    ),
    Row("1.1 a pending pod is unready even with a sample (!)", seen(2, pod(110), pod(110, phase="Pending")), 2, 2),
    Row("1.1 a pod without a sample is missing", seen(2, pod(110), pod(None)), 2, 2),
    Row("1.1 without a Ready condition a pod is unready", seen(2, pod(110), pod(110, ready_transition_ns=None)), 2, 2),
    Row("1.1 without a start time a pod is unready", seen(2, pod(110), pod(110, start_ns=None)), 2, 2),
    Row(
        "1.1 within cpuInitializationPeriod a pod that is not Ready now is unready",
        seen(2, pod(110), pod(110, **HALF_STARTED, ready=False, ready_transition_ns=NOW - 50 * S)), 2, 2,
    ),
    Row(
        "1.1 within cpuInitializationPeriod a sample whose window opened before Ready does not count (!)",
        seen(2, pod(110), pod(110, **HALF_STARTED, ready_transition_ns=NOW - 20 * S)), 2, 2,
    ),
    Row(
        "1.1 a window that opened just as the pod turned Ready counts",
        seen(2, pod(110), pod(110, **HALF_STARTED, ready_transition_ns=NOW - 25 * S)), 5, 4,
    ),
    Row(
        "1.1 cpuInitializationPeriod is over at start + 300 s exactly, then the window is not asked",
        seen(2, pod(110), pod(110, start_ns=NOW - 300 * S, ready_transition_ns=NOW - 20 * S)), 5, 4,
    ),
    Row(
        "1.1 one nanosecond earlier it is still asked",
        seen(2, pod(110), pod(110, start_ns=NOW - 300 * S + 1, ready_transition_ns=NOW - 20 * S)), 2, 2,
    ),
    Row(
        "1.1 later, a pod that was ready once and is unready now counts as ready (!)",
        seen(2, pod(110), pod(110, ready=False, ready_transition_ns=NOW - 100 * S)), 5, 4,
    ),
    Row(
        "1.1 later, a pod that never was ready is unready",
        seen(2, pod(110), pod(110, ready=False, ready_transition_ns=NOW - 3600 * S + 30 * S - 1)), 2, 2,
    ),
    Row(
        "1.1 a transition at start + initialReadinessDelay exactly means it was ready",
        seen(2, pod(110), pod(110, ready=False, ready_transition_ns=NOW - 3600 * S + 30 * S)), 5, 4,
    ),
]
UTILISATION = [
    Row(
        "1.2 utilisation is a ratio of sums (180/1000 = 18 %), not the mean of 90 % and 10 %",
        seen(2, pod(90), pod(90, request_millicores=900)), 1, 1,
    ),
    Row(
        "1.2 utilisation is truncated before the ratio: 55.9 % is 55 %, inside tolerance (!)",
        seen(1, pod(559, request_millicores=1000)), 1, 1,
    ),
    Row("1.2 replicas are rounded up: 1.2 * 3 = 3.6 -> 4", load(3, 60), 4, 4),
    Row("1.2 the ratio multiplies the ready pods (4), not spec.replicas (10) (!)", seen(10, *[pod(100)] * 4), 8, 8),
    Row(
        "1.2 the product is float64: 1.12 * 25 = 28.000000000000004 -> 29",
        load(25, 112), 29, 29, spec(CpuUtilization(100)),
    ),
    Row(
        "1.2 missing pods use 100 % of their request when scaling down: (9*10+100)/1000 = 19 %, 0.38 * 10 -> 4",
        seen(10, *[pod(10)] * 9, pod(None)), 4, 4,
    ),
    Row(
        "1.2 missing pods use the target where it is above 100 %: (7*20+3*200)/1000 = 74 %, 0.37 * 10 -> 4",
        seen(10, *[pod(20)] * 7, *[pod(None)] * 3), 4, 4, spec(CpuUtilization(200)),
    ),
    Row(
        "1.2 missing pods use nothing when scaling up: 220 % falls to 110 %, inside tolerance",
        seen(2, pod(110), pod(None)), 2, 2,
    ),
    Row(
        "1.2 unready pods use nothing when scaling up: (3*100)/500 = 60 %, 1.2 * 5 -> 6",
        seen(5, *[pod(100)] * 3, *[pod(100, phase="Pending")] * 2), 6, 6,
    ),
    Row(
        "1.2 unready pods are left out altogether when scaling down: 0.2 * 9 -> 2 (!)",
        seen(10, *[pod(10)] * 9, pod(10, phase="Pending")), 2, 2,
    ),
    Row(
        "1.2 when scaling down past a missing pod, unready ones stay out: (8*10+100)/900 = 20 %, 0.4 * 9 -> 4",
        seen(10, *[pod(10)] * 8, pod(None), pod(10, phase="Pending")), 4, 4,
    ),
    Row("1.2 stay if filling in turns growth into shrinking: 60 % -> 30 %", seen(2, pod(60), pod(None)), 2, 2),
    Row("1.2 stay if filling in turns shrinking into growth: 40 % -> 70 %", seen(2, pod(40), pod(None)), 2, 2),
    Row(
        "1.2 stay if n = 6 would shrink 10 replicas while the ratio says grow",
        seen(10, *[pod(100)] * 3, pod(None)), 10, 10,
    ),
    Row(
        "1.2 stay if n = 4 would grow 2 replicas while the ratio says shrink",
        seen(2, *[pod(10)] * 9, pod(None)), 2, 2,
    ),
    Row(
        "1.2 one pod without a request fails the metric",
        seen(2, pod(110), pod(110, request_millicores=None)), None, 2, because="FailedGetResourceMetric",
    ),
    Row(
        "1.2 even a terminating pod without a request fails the metric",
        seen(2, pod(110), pod(110, request_millicores=None, deleted=True)), None, 2, because="FailedGetResourceMetric",
    ),
    Row(
        "1.2 no usable sample fails the metric",
        seen(2, pod(None), pod(110, phase="Pending")), None, 2, because="FailedGetResourceMetric",
    ),
    Row("1.2 no pods at all fails the metric", seen(2), None, 2, because="FailedGetResourceMetric"),
    Row(
        "1.2 requests that add up to nothing fail the metric",
        seen(1, pod(110, request_millicores=0)), None, 1, because="FailedGetResourceMetric",
    ),
]
TOLERANCE = [
    Row("1.3 the upper end is inside: 55/50 = 1.1", load(4, 55), 4, 4),
    Row("1.3 just above is outside: 1.12 * 4 = 4.48 -> 5", load(4, 56), 5, 5),
    Row("1.3 the lower end is inside: 45/50 = 0.9", load(10, 45), 10, 10),
    Row("1.3 just below is outside: 0.88 * 10 = 8.8 -> 9", load(10, 44), 9, 9),
    Row("1.3 inside tolerance spec.replicas stay, however few pods are ready", seen(10, *[pod(50)] * 4), 10, 10),
    Row(
        "1.3 the flag may be nothing: 1.02 * 4 = 4.08 -> 5",
        load(4, 51), 5, 5, spec(flags=ControllerFlags(tolerance=0.0)),
    ),
    Row("1.3 scaleUp.tolerance widens the way up only: 65/50 = 1.3 stays", load(4, 65), 4, 4, ups(tolerance=0.3)),
    Row("1.3 ... and leaves the way down alone: 0.88 * 10 -> 9", load(10, 44), 9, 9, ups(tolerance=0.3)),
    Row(
        "1.3 scaleDown.tolerance widens the way down only: 25/50 = 0.5 stays",
        load(10, 25), 10, 10, downs(tolerance=0.5),
    ),
    Row("1.3 ... and leaves the way up alone: 1.12 * 4 -> 5", load(4, 56), 5, 5, downs(tolerance=0.5)),
]
OTHERS = [
    Row(
        "1.4 Pods: the mean is an integer division, 2201/2 = 1100, inside tolerance",
        seen(2, valued(1100), valued(1101)), 2, 2, spec(RPS),
    ),
    Row(
        "1.4 Pods: readiness plays no role, 3 * 2 -> 6 (!)",
        seen(2, valued(3000), valued(3000, ready=False, ready_transition_ns=None)), 6, 4, spec(RPS),
    ),
    Row(
        "1.4 Pods: pending pods do not count, and use nothing on the way up",
        seen(2, valued(2200), valued(2200, phase="Pending")), 2, 2, spec(RPS),
    ),
    Row(
        "1.4 Pods: requests play no role",
        seen(2, valued(2000, request_millicores=None), valued(2000)), 4, 4, spec(RPS),
    ),
    Row(
        "1.4 Pods: missing pods use the target on the way down, (9*200+1000)/10 = 280, 0.28 * 10 -> 3",
        seen(10, *[valued(200)] * 9, pod()), 3, 3, spec(RPS),
    ),
    Row(
        "1.4 Pods: missing pods use nothing on the way up, 1500 -> 750 flips, stay",
        seen(2, valued(1500), pod()), 2, 2, spec(RPS),
    ),
    Row(
        "1.4 Pods: without any value the metric fails",
        seen(2, pod(), pod()), None, 2, spec(RPS), because="FailedGetPodsMetric",
    ),
    Row(
        "1.4 Value: 2 * 3 Running and Ready pods, not * 10 of the spec (!)",
        seen(10, pod(), pod(), pod(), pod(ready=False), lag=20_000), 6, 6, spec(LAG),
    ),
    Row(
        "1.4 Value: a pod that is Ready but not Running does not multiply",
        seen(9, pod(), pod(phase="Succeeded"), lag=20_000), 2, 2, spec(LAG),
    ),
    Row(
        "1.4 Value: without any pod to multiply the metric fails",
        seen(9, lag=20_000), None, 9, spec(LAG), because="FailedGetExternalMetric",
    ),
    Row("1.4 Value: inside tolerance the spec stays", seen(10, pod(), lag=11_000), 10, 10, spec(LAG)),
    Row(
        "1.4 Value: from 0 replicas it is ceil(1.05) = 2, without tolerance",
        seen(0, lag=10_500), 2, 2, spec(LAG, min_replicas=0),
    ),
    Row("1.4 Value: 0 replicas stay 0 while the value is 0", seen(0, lag=0), 0, 0, spec(LAG, min_replicas=0)),
    Row(
        "1.4 Value: nothing to do brings the target to 0 where minReplicas is 0",
        seen(2, pod(), pod(), lag=0), 0, 0, spec(LAG, min_replicas=0),
    ),
    Row(
        "1.4 External: a value that is not there fails the metric",
        seen(2, pod()), None, 2, spec(LAG), because="FailedGetExternalMetric",
    ),
    Row(
        "1.4 Object: it fails under its own name",
        seen(2, pod()), None, 2, spec(replace(LAG, source="Object")), because="FailedGetObjectMetric",
    ),
    Row("1.4 AverageValue: ceil(9500/1000) = 10, pods play no role", seen(6, lag=9500), 10, 10, spec(LAG_EACH)),
    Row(
        "1.4 AverageValue: 4200/(1000*4) = 1.05 is inside tolerance, though ceil(4.2) is 5",
        seen(4, lag=4200), 4, 4, spec(LAG_EACH),
    ),
    Row(
        "1.4 AverageValue: shared by the pods that exist, 6300/(1000*6) = 1.05, though ceil(6.3) is 7",
        replace(seen(4, lag=6300), status_replicas=6), 6, 6, spec(LAG_EACH),
    ),
    Row(
        "1.4 AverageValue: from 0 replicas it is ceil(1.5) = 2",
        seen(0, lag=1500), 2, 2, spec(LAG_EACH, min_replicas=0),
    ),
    Row("1.4 results saturate at int32 max", seen(4, pod(), lag=10**17), INT32_MAX, 8, spec(LAG_EACH)),
    Row("1.4 Value saturates too, 10^15 * 1", seen(4, pod(), lag=10**19), INT32_MAX, 8, spec(LAG)),
]
COMBINED = [
    Row(
        "1.5 the largest proposal wins: cpu 2, lag 6",
        seen(4, *[pod(25)] * 4, lag=6000), 6, 6, spec(CpuUtilization(50), LAG_EACH),
    ),
    Row(
        "1.5 the order of metrics does not matter",
        seen(4, *[pod(25)] * 4, lag=6000), 6, 6, spec(LAG_EACH, CpuUtilization(50)),
    ),
    Row(
        "1.5 a metric that fails blocks scale-down",
        load(4, 10), None, 4, spec(CpuUtilization(50), LAG), because="FailedGetExternalMetric",
    ),
    Row(
        "1.5 ... and does not block scale-up",
        load(4, 100), 8, 8, spec(LAG, CpuUtilization(50)), because="ValidMetricFound",
    ),
    Row(
        "1.5 all metrics fail: nothing changes, and the first one is blamed",
        seen(4), None, 4, spec(LAG, CpuUtilization(50)), because="FailedGetExternalMetric",
    ),
    Row("1.5 0 replicas with minReplicas 1: autoscaling is disabled", load(0, 0), None, 0, because="ScalingDisabled"),
    Row(
        "1.5 above maxReplicas: corrected at once, without metrics or windows",
        seen(12), None, 10, spec(max_replicas=10), FRESH,
    ),
    Row("1.5 below minReplicas: corrected at once, past max(2*current, 4)", seen(1), None, 20, spec(min_replicas=20)),
    Row(
        "1.5 the correction passes a disabled policy too",
        seen(12), None, 10, replace(downs(select_policy="Disabled"), max_replicas=10),
    ),
]
WITHOUT_BEHAVIOR = [
    Row(
        "1.6 the highest recommendation of the window holds",
        load(10, 10), 2, 9, state=recalling((9, 200 * S)), because="ScaleDownStabilized",
    ),
    Row("1.6 an entry exactly as old as the window still counts", load(10, 10), 2, 9, state=recalling((9, 300 * S))),
    Row(
        "1.6 a nanosecond older it does not",
        load(10, 10), 2, 2, state=recalling((9, 300 * S + 1)), because="ReadyForNewScale",
    ),
    Row("1.6 only scale-down is delayed", load(3, 100), 6, 6, state=recalling((3, 1 * S))),
    Row(
        "1.6 a high entry of late lifts the target even while the metrics are calm",
        load(4, 50), 4, 7, state=recalling((7, 15 * S)),
    ),
    Row("1.6 at most max(2*current, 4) a sync: 1 -> 4", load(1, 500), 10, 4, because="ScaleUpLimit"),
    Row("1.6 at most max(2*current, 4) a sync: 3 -> 6", load(3, 500), 30, 6, because="ScaleUpLimit"),
    Row("1.6 then maxReplicas", load(3, 500), 30, 5, spec(max_replicas=5), because="TooManyReplicas"),
    Row("1.6 then minReplicas", load(3, 0), 0, 2, spec(min_replicas=2), because="TooFewReplicas"),
    Row(
        "1.6 maxReplicas is named when it is as tight as the rate",
        load(3, 500), 30, 6, spec(max_replicas=6), because="TooManyReplicas",
    ),
    Row(
        "1.7 a fresh controller takes the present for its past: no scale-down for one window (!)",
        load(10, 10), 2, 10, state=FRESH,
    ),
    Row(
        "1.6 even with a window of 0, for the seed is exactly as old",
        load(10, 10), 2, 10, spec(flags=ControllerFlags(downscale_stabilization_ns=0)), FRESH,
    ),
]
WITH_BEHAVIOR = [
    Row("1.7 default up: Pods 4 wins at 1 -> 5", load(1, 1500), 30, 5, DEFAULT, because="ScaleUpLimit"),
    Row("1.7 default up: Percent 100 wins at 10 -> 20", load(10, 500), 100, 20, DEFAULT),
    Row(
        "1.7 default down: Percent 100 allows everything, the flag's 300 s window holds",
        load(10, 10), 2, 9, DEFAULT, recalling((9, 299 * S)), "ScaleDownStabilized",
    ),
    Row(
        "1.7 an entry exactly as old as the window does not count here (!)",
        load(10, 10), 2, 2, DEFAULT, recalling((9, 300 * S)),
    ),
    Row("1.7 a fresh controller does not scale down", load(10, 10), 2, 10, DEFAULT, FRESH),
    Row(
        "1.7 a scaleDown window of 0 frees even a fresh controller",
        load(10, 10), 2, 2, downs(stabilization_ns=0), FRESH,
    ),
    Row(
        "1.7 any part of behavior switches the algorithm",
        load(10, 10), 2, 2, ups(tolerance=0.1), recalling((9, 300 * S)),
    ),
    Row(
        "1.7 the scaleUp window takes the lowest entry: 4",
        load(3, 100), 6, 4, ups(stabilization_ns=60 * S), recalling((4, 30 * S), (5, 10 * S)), "ScaleUpStabilized",
    ),
    Row(
        "1.7 an entry as old as the scaleUp window does not count",
        load(3, 100), 6, 6, ups(stabilization_ns=60 * S), recalling((4, 60 * S)),
    ),
    Row(
        "1.7 a fresh controller with a scaleUp window does not scale up",
        load(3, 100), 6, 3, ups(stabilization_ns=60 * S), FRESH,
    ),
    Row(
        "1.7 between the two windows the current count stays: 4 <= 5 <= 6",
        load(5, 60), 6, 5, ups(stabilization_ns=60 * S), recalling((4, 30 * S)),
    ),
    Row(
        "1.7 a low entry within the scaleUp window cannot shrink: 4 <= 5",
        load(5, 50), 5, 5, ups(stabilization_ns=60 * S), recalling((2, 30 * S)),
    ),
    Row(
        "1.7 stabilise first, then limit: held at 15, and 3 a minute from 20 is 17 (!)",
        load(20, 10), 4, 17, downs(Policy("Pods", 3, 60 * S)), recalling((15, 30 * S)), "ScaleDownLimit",
    ),
    Row(
        "1.7 pods added within the period count: 6 - 3 + 4 = 7",
        load(6, 250), 30, 7, ups(FOUR), after_events(up=(3, 14 * S)),
    ),
    Row(
        "1.7 an event exactly as old as the period does not: 6 + 4 = 10",
        load(6, 250), 30, 10, ups(FOUR), after_events(up=(3, 15 * S)),
    ),
    Row(
        "1.7 pods removed within the period count the other way: 6 + 2 + 4 = 12",
        load(6, 250), 30, 12, ups(FOUR), after_events(down=(2, 5 * S)),
    ),
    Row(
        "1.7 ... and on the way down: 6 + 2 - 2 = 6, no move",
        load(6, 10), 2, 6, downs(TWO_A_MINUTE), after_events(down=(2, 59 * S)), "ScaleDownLimit",
    ),
    Row(
        "1.7 pods added within the period go first: 10 - 5 - 2 = 3",
        load(10, 10), 2, 3, downs(TWO_A_MINUTE), after_events(up=(5, 30 * S)),
    ),
    Row("1.7 up by percent is rounded up: 3 * 1.1 = 3.3 -> 4 (!)", load(3, 500), 30, 4, ups(TENTH)),
    Row(
        "1.7 down by percent is truncated: 10 * 0.75 = 7.5 -> 7 (!)",
        load(10, 10), 2, 7, downs(Policy("Percent", 25, 60 * S)),
    ),
    Row(
        "1.7 down by percent from one pod reaches 0, then minReplicas",
        load(2, 0), 0, 1, downs(Policy("Percent", 90, 60 * S)), because="TooFewReplicas",
    ),
    Row("1.7 down by pods: 10 - 2", load(10, 10), 2, 8, downs(TWO_A_MINUTE)),
    Row("1.7 selectPolicy Max is the most change, up: max(14, 11)", load(10, 500), 100, 14, ups(FOUR, TENTH)),
    Row(
        "1.7 selectPolicy Min is the least change, up: min(14, 11)",
        load(10, 500), 100, 11, ups(FOUR, TENTH, select_policy="Min"),
    ),
    Row(
        "1.7 selectPolicy Max is the most change, down: min(8, 5)",
        load(10, 10), 2, 5, downs(TWO_A_MINUTE, HALF_A_MINUTE),
    ),
    Row(
        "1.7 selectPolicy Min is the least change, down: max(8, 5)",
        load(10, 10), 2, 8, downs(TWO_A_MINUTE, HALF_A_MINUTE, select_policy="Min"),
    ),
    Row(
        "1.7 selectPolicy Disabled: no way up",
        load(3, 100), 6, 3, ups(select_policy="Disabled"), because="ScaleUpLimit",
    ),
    Row(
        "1.7 selectPolicy Disabled: no way down",
        load(10, 10), 2, 10, downs(select_policy="Disabled"), because="ScaleDownLimit",
    ),
    Row(
        "1.7 a limit up below the current count becomes it: 6 - 10 + 4 = 0 -> 6",
        load(6, 250), 30, 6, ups(FOUR), after_events(up=(10, 5 * S)),
    ),
    Row(
        "1.7 a limit down above the current count becomes it: 6 + 10 - 2 = 14 -> 6",
        load(6, 10), 2, 6, downs(TWO_A_MINUTE), after_events(down=(10, 5 * S)),
    ),
    Row(
        "1.7 maxReplicas is named where it is as tight as the rate: 5",
        load(1, 1500), 30, 5, replace(DEFAULT, max_replicas=5), because="TooManyReplicas",
    ),
    Row(
        "1.7 minReplicas is named where it is as tight as the rate: 8",
        load(10, 10), 2, 8, replace(downs(TWO_A_MINUTE), min_replicas=8), because="TooFewReplicas",
    ),
    Row(
        "1.7 within every limit the step is free",
        load(10, 44), 9, 9, downs(TWO_A_MINUTE), because="DesiredWithinRange",
    ),
]
TABLE = [*CLASSES, *UTILISATION, *TOLERANCE, *OTHERS, *COMBINED, *WITHOUT_BEHAVIOR, *WITH_BEHAVIOR]
