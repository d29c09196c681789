"""From a recommendation to a step: stabilise first, then limit the rate, then mind the bounds.

Follows normalizeDesiredReplicas and normalizeDesiredReplicasWithBehaviors in pkg/controller/podautoscaler/horizontal.go
(MECHANISMS 1.6 and 1.7). Times are ns, replica counts are pods.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from agents.autoscaling.manifest import SECOND_NS, Behavior, HpaSpec, Policy, ScaleDown, ScaleUp


class Recommendation(NamedTuple):
    """What the metrics asked for at one sync, before any limit (timestampedRecommendation)."""

    replicas: int
    at_ns: int


class ScaleEvent(NamedTuple):
    """A scale that was carried out; its direction is told by the list it stands in (timestampedScaleEvent)."""

    change: int  # pods, > 0
    at_ns: int


class HpaState(NamedTuple):
    """All the controller remembers about one HPA; never mutated (HorizontalController's maps, MECHANISMS 1.6, 1.7)."""

    recommendations: tuple[Recommendation, ...] = ()  # empty only before the first sync
    scale_up_events: tuple[ScaleEvent, ...] = ()
    scale_down_events: tuple[ScaleEvent, ...] = ()


class Step(NamedTuple):
    """A replica count after one stage, Kubernetes' reason for it, and who held it back, for humans."""

    replicas: int
    reason: str
    note: str = ""  # empty when nothing was held back


Stamped = TypeVar("Stamped", bound=Recommendation | ScaleEvent)


def stabilized(spec: HpaSpec, state: HpaState, current: int, recommended: int, now_ns: int) -> Step:
    """`recommended` pods after the stabilisation windows (stabilizeRecommendation*, MECHANISMS 1.6 and 1.7 step 1)."""
    if spec.behavior is None:
        replicas = _highest_recent(state, recommended, now_ns - spec.downscale_window_ns)
    else:
        replicas = _nearest_agreed(spec, spec.behavior, state, current, recommended, now_ns)
    if replicas == recommended:
        return Step(replicas, "ReadyForNewScale")
    if spec.behavior is not None and recommended >= current:
        window_ns, side = spec.behavior.scale_up.stabilization_ns, "Up"
    else:
        window_ns, side = spec.downscale_window_ns, "Down"
    return Step(replicas, f"Scale{side}Stabilized", f"held at {replicas} by scale{side} window {_seconds(window_ns)}")


def limited(spec: HpaSpec, state: HpaState, current: int, wanted: int, now_ns: int) -> Step:
    """`wanted` pods after rate limits and bounds (convertDesiredReplicasWith*, MECHANISMS 1.6 and 1.7 steps 2, 3)."""
    if wanted > current:
        step = _ceiling(spec, state, current, now_ns)
        if wanted > step.replicas:
            return step
    elif wanted < current:
        step = _floor(spec, state, current, now_ns)
        if wanted < step.replicas:
            return step
    return Step(wanted, "DesiredWithinRange")


def recommended_at(spec: HpaSpec, state: HpaState, recommended: int, now_ns: int) -> HpaState:
    """The state once `recommended` pods are on record, unstabilised and unclamped (MECHANISMS 1.6, 1.7)."""
    window_ns = spec.downscale_window_ns
    if spec.behavior is not None:
        window_ns = max(window_ns, spec.behavior.scale_up.stabilization_ns)
    entry = Recommendation(recommended, now_ns)
    return state._replace(recommendations=_stored(state.recommendations, entry, now_ns - window_ns))


def scaled_at(behavior: Behavior, state: HpaState, before: int, after: int, now_ns: int) -> HpaState:
    """The state once the target went from `before` to `after` pods (storeScaleEvent, MECHANISMS 1.7)."""
    if after > before:
        cutoff_ns = now_ns - _longest_period_ns(behavior.scale_up)
        entry = ScaleEvent(after - before, now_ns)
        return state._replace(scale_up_events=_stored(state.scale_up_events, entry, cutoff_ns))
    if after < before:
        cutoff_ns = now_ns - _longest_period_ns(behavior.scale_down)
        entry = ScaleEvent(before - after, now_ns)
        return state._replace(scale_down_events=_stored(state.scale_down_events, entry, cutoff_ns))
    return state


def _highest_recent(state: HpaState, recommended: int, cutoff_ns: int) -> int:
    # Unlike with behavior, an entry exactly as old as the window still counts.
    return max([recommended, *[entry.replicas for entry in state.recommendations if entry.at_ns >= cutoff_ns]])


def _nearest_agreed(
    spec: HpaSpec, behavior: Behavior, state: HpaState, current: int, recommended: int, now_ns: int
) -> int:
    up = min([recommended, *_younger(state, now_ns - behavior.scale_up.stabilization_ns)])
    down = max([recommended, *_younger(state, now_ns - spec.downscale_window_ns)])
    return min(max(current, up), down)


def _younger(state: HpaState, cutoff_ns: int) -> list[int]:
    return [entry.replicas for entry in state.recommendations if entry.at_ns > cutoff_ns]


def _ceiling(spec: HpaSpec, state: HpaState, current: int, now_ns: int) -> Step:
    if spec.behavior is None:
        limit, source = max(2 * current, 4), "max(2*current, 4)"
    else:
        limit, source = _rate_limit(spec.behavior.scale_up, state, current, now_ns)
    if spec.max_replicas > limit:
        return Step(limit, "ScaleUpLimit", f"limited to {limit} by {source}")
    return Step(spec.max_replicas, "TooManyReplicas", f"limited to {spec.max_replicas} by maxReplicas")


def _floor(spec: HpaSpec, state: HpaState, current: int, now_ns: int) -> Step:
    if spec.behavior is not None:
        limit, source = _rate_limit(spec.behavior.scale_down, state, current, now_ns)
        if spec.min_replicas < limit:
            return Step(limit, "ScaleDownLimit", f"limited to {limit} by {source}")
    return Step(spec.min_replicas, "TooFewReplicas", f"limited to {spec.min_replicas} by minReplicas")


def _rate_limit(rules: ScaleUp | ScaleDown, state: HpaState, current: int, now_ns: int) -> tuple[int, str]:
    growing = isinstance(rules, ScaleUp)
    side = "scaleUp" if growing else "scaleDown"
    if rules.select_policy == "Disabled":
        return current, f"{side} selectPolicy Disabled"
    farthest = max if growing else min
    chosen = farthest if rules.select_policy == "Max" else (min if growing else max)
    starts = [_period_start(state, current, now_ns - policy.period_ns) for policy in rules.policies]
    limits = [_reach(policy, start, growing) for policy, start in zip(rules.policies, starts, strict=True)]
    limit = chosen(limits)
    policy = rules.policies[limits.index(limit)]
    # What others did to the replica count may put the limit behind us; it may stop a move, never turn it round.
    return farthest(limit, current), f"{side} policy {policy}"


def _period_start(state: HpaState, current: int, cutoff_ns: int) -> int:
    return current - _changed(state.scale_up_events, cutoff_ns) + _changed(state.scale_down_events, cutoff_ns)


def _changed(events: Iterable[ScaleEvent], cutoff_ns: int) -> int:
    return sum(event.change for event in events if event.at_ns > cutoff_ns)


def _reach(policy: Policy, start: int, growing: bool) -> int:
    if policy.kind == "Pods":
        return start + policy.value if growing else start - policy.value
    share = float(policy.value) / 100
    return math.ceil(start * (1 + share)) if growing else int(start * (1 - share))


def _stored(history: tuple[Stamped, ...], entry: Stamped, cutoff_ns: int) -> tuple[Stamped, ...]:
    for index in range(len(history) - 1, -1, -1):
        if history[index].at_ns < cutoff_ns:
            # One slot is reused, the others stay: a window that is made longer later sees them again, as in Kubernetes.
            return (*history[:index], entry, *history[index + 1 :])
    return (*history, entry)


def _longest_period_ns(rules: ScaleUp | ScaleDown) -> int:
    return max(policy.period_ns for policy in rules.policies)


def _seconds(time_ns: int) -> str:
    return f"{time_ns / SECOND_NS:g}s"
