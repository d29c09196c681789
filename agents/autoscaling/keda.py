"""What KEDA does beside the HPA it creates: between none and some pods, and when a trigger cannot be read.

Follows RequestScale in pkg/scaling/executor/scale_scaledobjects.go and doFallback in pkg/fallback/fallback.go
(MECHANISMS 3). Times are integer ns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

SECOND_NS = 1_000_000_000
FallbackBehavior = Literal["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"]


@dataclass(frozen=True, slots=True)
class Fallback:
    """What stands in for a trigger that failed more than `failure_threshold` times in a row."""

    failure_threshold: int
    replicas: int
    behavior: FallbackBehavior = "static"


@dataclass(frozen=True, slots=True)
class ScaledObject:
    """A ScaledObject's spec and annotations, triggers apart."""

    min_replicas: int = 0
    max_replicas: int = 100
    idle_replicas: int | None = None  # < min_replicas
    cooldown_ns: int = 300 * SECOND_NS
    initial_cooldown_ns: int = 0
    is_paused: bool = False
    paused_replicas: int | None = None  # pause there
    is_scale_in_paused: bool = False
    is_scale_out_paused: bool = False
    fallback: Fallback | None = None

    @property
    def idle(self) -> int:
        """Pods while nothing is active."""
        return self.min_replicas if self.idle_replicas is None else self.idle_replicas


@dataclass(frozen=True, slots=True)
class KedaState:
    """What KEDA remembers; never mutated."""

    created_ns: int = 0
    last_active_ns: int | None = None
    failures: Mapping[str, int] = field(default_factory=dict)  # in a row, by trigger


@dataclass(frozen=True, slots=True)
class Step:
    """What one poll came to."""

    replicas: int  # the present count where nothing is to be done
    reason: str


def polled(
    spec: ScaledObject, state: KedaState, current: int, is_active: bool, is_error: bool, now_ns: int
) -> tuple[Step, KedaState]:
    """One poll: from none or idle to some when a trigger is active, and back after the cooldown (H14)."""
    if spec.paused_replicas is not None and current != spec.paused_replicas:
        return Step(spec.paused_replicas, f"paused at {spec.paused_replicas}"), state
    if spec.is_paused or spec.paused_replicas is not None:
        return Step(current, "paused"), state
    return (_while_active if is_active else _while_inactive)(spec, state, current, is_error, now_ns)


def _while_active(spec: ScaledObject, state: KedaState, current: int, is_error: bool, now_ns: int) -> tuple[Step, KedaState]:
    if current == 0 or (spec.idle_replicas is not None and current < spec.min_replicas):
        if spec.is_scale_out_paused:
            return Step(current, "active, but scaling out is paused"), state
        wanted = max(1, spec.min_replicas)
        return Step(wanted, f"a trigger is active -> {wanted}"), replace(state, last_active_ns=now_ns)
    if is_error:
        return Step(current, "a trigger is active, another cannot be read"), state
    return Step(current, "a trigger is active: the HPA decides"), replace(state, last_active_ns=now_ns)


def _while_inactive(spec: ScaledObject, state: KedaState, current: int, is_error: bool, now_ns: int) -> tuple[Step, KedaState]:
    if is_error and (spec.fallback is None or spec.fallback.replicas != 0):
        return Step(current, "a trigger cannot be read"), state
    if (spec.idle_replicas is not None and current > spec.idle_replicas) or (current > 0 and spec.min_replicas == 0):
        if spec.is_scale_in_paused:
            return Step(current, "inactive, but scaling in is paused"), state
        since_ns, wait_ns = state.created_ns, spec.initial_cooldown_ns
        if state.last_active_ns is not None:
            since_ns, wait_ns = state.last_active_ns, spec.cooldown_ns
        if since_ns + wait_ns < now_ns:
            return Step(spec.idle, f"inactive for longer than {wait_ns / SECOND_NS:g}s -> {spec.idle}"), state
        return Step(current, "inactive, cooling down"), state
    if spec.idle_replicas is None and current < spec.min_replicas:
        return Step(spec.min_replicas, f"below minReplicaCount -> {spec.min_replicas}"), state
    return Step(current, "inactive: nothing to do"), state


def answered(state: KedaState, trigger: str, failed: bool) -> KedaState:
    """With one more answer to the HPA: failures in a row are counted, a success ends them (H16)."""
    return replace(state, failures={**state.failures, trigger: state.failures.get(trigger, 0) + 1 if failed else 0})


def fallback_milli(fallback: Fallback, current: int, target_milli: int, ready: int | None) -> int | None:
    """The value, in thousandths, that lets the HPA come to the fallback's replicas (H16).

    `ready` are the ready pods where the target is a Value, which the HPA multiplies them by; None for AverageValue, and
    the answer is None where it would have to be shared by none.
    """
    replicas = {
        "static": fallback.replicas, "currentReplicas": current,
        "currentReplicasIfHigher": max(current, fallback.replicas), "currentReplicasIfLower": min(current, fallback.replicas),
    }[fallback.behavior]  # fmt: skip
    if ready is None:
        return target_milli * replicas
    return int(target_milli * (replicas / ready)) if ready else None
