"""The Kubernetes HorizontalPodAutoscaler v2 as a pure function: state and observation in, decision and state out.

Follows reconcileAutoscaler in pkg/controller/podautoscaler/horizontal.go (MECHANISMS 1). Each sync period the
caller says

    decision, state = decide(spec, state, observation, now_ns)
    if decision.desired != observation.replicas:  # and once the scale has really been carried out:
        state = scaled(state, spec, observation.replicas, decision.desired, now_ns)

Times are integer ns, CPU is in milli-cores, other metrics are in thousandths of their unit. Scheduling, start-up and
the lag of metrics are not the autoscaler's: they are in what it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from agents.autoscaling.behavior import (
    HpaState,
    Recommendation,
    ScaleEvent,
    Step,
    limited,
    recommended_at,
    scaled_at,
    stabilized,
)
from agents.autoscaling.manifest import (
    Behavior,
    ControllerFlags,
    CpuUtilization,
    HpaSpec,
    PodsAverageValue,
    Policy,
    ScaleDown,
    ScaleUp,
    SourceAverageValue,
    SourceValue,
)
from agents.autoscaling.pods import Observation, PodSample
from agents.autoscaling.proposals import Proposal, propose

__all__ = [
    "Behavior",
    "Condition",
    "ControllerFlags",
    "CpuUtilization",
    "HpaDecision",
    "HpaSpec",
    "HpaState",
    "Observation",
    "PodSample",
    "PodsAverageValue",
    "Policy",
    "Proposal",
    "Recommendation",
    "ScaleDown",
    "ScaleEvent",
    "ScaleUp",
    "SourceAverageValue",
    "SourceValue",
    "decide",
    "scaled",
]


class Condition(NamedTuple):
    """One entry of `status.conditions`, with Kubernetes' type and reason (setCondition in horizontal.go)."""

    type: str  # AbleToScale, ScalingActive or ScalingLimited
    status: bool
    reason: str


@dataclass(frozen=True, slots=True)
class HpaDecision:
    """What one sync decided, and why (MECHANISMS 1.5)."""

    desired: int  # pods; the current spec.replicas when nothing is to be done
    reason: str  # for humans
    conditions: tuple[Condition, ...] = ()  # those this sync set; others keep their last value
    metrics: tuple[Proposal, ...] = ()  # one a metric, in the spec's order; empty when metrics were not asked
    recommended: int | None = None  # pods, before windows, limits and bounds; None when there is none

    def condition(self, type_: str) -> Condition | None:
        """The condition of that type, or None if this sync did not set it."""
        return next((each for each in self.conditions if each.type == type_), None)


def decide(spec: HpaSpec, state: HpaState, observation: Observation, now_ns: int) -> tuple[HpaDecision, HpaState]:
    """One sync at `now_ns`: the replica count to ask for, and what to remember (reconcileAutoscaler, MECHANISMS 1)."""
    current = observation.replicas
    state = _seeded(state, current, now_ns)
    if current == 0 and spec.min_replicas != 0:
        return _disabled(spec), state
    if current > spec.max_replicas:
        return _corrected(spec.max_replicas, f"replicas {current} above maxReplicas {spec.max_replicas}"), state
    if current < spec.min_replicas:
        return _corrected(spec.min_replicas, f"replicas {current} below minReplicas {spec.min_replicas}"), state
    return _decide_by_metrics(spec, state, observation, now_ns)


def scaled(state: HpaState, spec: HpaSpec, before: int, after: int, now_ns: int) -> HpaState:
    """The state after a scale from `before` to `after` pods succeeded at `now_ns` (storeScaleEvent, MECHANISMS 1.7)."""
    return state if spec.behavior is None else scaled_at(spec.behavior, state, before, after, now_ns)


def _seeded(state: HpaState, current: int, now_ns: int) -> HpaState:
    # A fresh controller knows no past: taking the present for it keeps it from shrinking at once.
    if state.recommendations:
        return state
    return state._replace(recommendations=(Recommendation(current, now_ns),))


def _disabled(spec: HpaSpec) -> HpaDecision:
    return HpaDecision(
        desired=0,
        reason=f"replicas 0 with minReplicas {spec.min_replicas}: autoscaling is disabled",
        conditions=(_scale_read(), Condition("ScalingActive", False, "ScalingDisabled")),
    )


def _corrected(bound: int, why: str) -> HpaDecision:
    return HpaDecision(desired=bound, reason=f"{why} -> {bound}", conditions=(_scale_read(),))


def _decide_by_metrics(
    spec: HpaSpec, state: HpaState, observation: Observation, now_ns: int
) -> tuple[HpaDecision, HpaState]:
    proposals = tuple(propose(metric, spec, observation, now_ns) for metric in spec.metrics)
    leader = _leader(proposals)
    failed = [proposal for proposal in proposals if proposal.replicas is None]
    current = observation.replicas
    if leader is None or leader.replicas is None or (failed and leader.replicas < current):
        return _blocked(current, proposals, failed[0]), state
    recommended = leader.replicas
    steady = stabilized(spec, state, current, recommended, now_ns)
    final = limited(spec, state, current, steady.replicas, now_ns)
    decision = HpaDecision(
        desired=final.replicas,
        reason=", ".join(filter(None, [str(leader), steady.note, final.note])),
        conditions=_conditions(steady, final),
        metrics=proposals,
        recommended=recommended,
    )
    return decision, recommended_at(spec, state, recommended, now_ns)


def _leader(proposals: tuple[Proposal, ...]) -> Proposal | None:
    computed = [proposal for proposal in proposals if proposal.replicas is not None]
    return max(computed, key=lambda proposal: proposal.replicas or 0, default=None)


def _blocked(current: int, proposals: tuple[Proposal, ...], culprit: Proposal) -> HpaDecision:
    return HpaDecision(
        desired=current,
        reason=f"{culprit}: stays at {current}",
        conditions=(_scale_read(), Condition("ScalingActive", False, culprit.metric.failure)),
        metrics=proposals,
    )


def _conditions(steady: Step, final: Step) -> tuple[Condition, ...]:
    return (
        Condition("AbleToScale", True, steady.reason),
        Condition("ScalingActive", True, "ValidMetricFound"),
        Condition("ScalingLimited", final.replicas != steady.replicas, final.reason),
    )


def _scale_read() -> Condition:
    return Condition("AbleToScale", True, "SucceededGetScale")
