"""Knative's pod autoscaler as a pure function: two averages and a state in, a pod count and the next state out.

Follows Scale in pkg/autoscaler/scaling/autoscaler.go and ResolveMetricTarget (MECHANISMS 2). Times are integer ns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

SECOND_NS = 1_000_000_000
TARGET_LEAST = 0.01
TICK_NS = 2 * SECOND_NS  # between two decisions


@dataclass(frozen=True, slots=True)
class DeciderSpec:
    """What is aimed at, and how fast (DeciderSpec)."""

    target_value: float  # of the metric, a pod
    total_value: float  # what a pod could take
    max_scale_up_rate: float = 1000.0
    max_scale_down_rate: float = 2.0
    panic_threshold: float = 2.0  # pods wanted over pods ready
    stable_window_ns: int = 60 * SECOND_NS
    target_burst_capacity: float = 211.0
    activation_scale: int = 1  # pods
    scale_down_delay_ns: int = 0
    is_reachable: bool = True


@dataclass(frozen=True, slots=True)
class KpaState:
    """What the decider remembers; never mutated."""

    panic_ns: int | None = None  # when it last was over the threshold; None: no panic
    max_panic_pods: int = 0  # the most it asked for in this panic
    delayed: tuple[tuple[int, int], ...] = ()  # (tick, pods): the largest of each tick of the delay


@dataclass(frozen=True, slots=True)
class ScaleResult:
    """One decision."""

    desired: int  # pods, before min-scale and max-scale
    excess_burst_capacity: int  # below 0 the activator would stand in the path
    reason: str  # for humans
    recommended: int  # pods the averages ask for, before rates, panic and delay


def targets(is_rps: bool, container_concurrency: float, annotation: float | None, utilization: float) -> tuple[float, float]:
    """(target, total) a pod: the limit or the default of 100 requests (200 a second), unless an annotation is lower (H11)."""
    total = 200.0 if is_rps else container_concurrency or 100.0
    if annotation is not None:
        total = min(annotation, container_concurrency) if container_concurrency and not is_rps else annotation
    return max(TARGET_LEAST, total * utilization), total


def started(ready: int, now_ns: int) -> KpaState:
    """A new decider: with more than one ready pod it begins in panic, for it knows no past (H12)."""
    return KpaState(panic_ns=now_ns if ready > 1 else None, max_panic_pods=ready)


def decide(spec: DeciderSpec, state: KpaState, ready: int, stable: float, panic: float, now_ns: int) -> tuple[ScaleResult, KpaState]:
    """One tick, from the averages over the stable and the panic window and the ready pods (H11 to H13)."""
    pods = max(1, ready)
    highest = math.ceil(spec.max_scale_up_rate * pods)
    lowest = math.floor(pods / spec.max_scale_down_rate) if spec.is_reachable else 0
    wanted, wanted_now = (math.ceil(value / spec.target_value) for value in (stable, panic))
    stably, at_once = (_raised(min(max(want, lowest), highest), want, spec) for want in (wanted, wanted_now))
    state = _alarmed(spec, state, wanted_now / pods >= spec.panic_threshold, now_ns)
    desired, recommended, why = stably, wanted, f"stable {stable:g} of {spec.target_value:g} a pod -> {wanted}"
    if state.panic_ns is not None:
        recommended = max(wanted, wanted_now)
        state = replace(state, max_panic_pods=max(state.max_panic_pods, stably, at_once))
        desired, why = state.max_panic_pods, f"panic {panic:g} of {spec.target_value:g} a pod -> {wanted_now}, {why}"
        why += f", never below {desired} in panic" if desired > max(stably, at_once) else ""
    why += "" if lowest <= recommended <= highest else f", within rates {lowest} to {highest}"
    if spec.scale_down_delay_ns > 0:
        state = _delayed(spec, state, desired, now_ns)
        held = max(kept for _, kept in state.delayed)
        desired, why = held, why + (f", held at {held} by scale-down-delay" if held != desired else "")
    return ScaleResult(desired, _excess(spec, ready, panic), why, recommended), state


def _raised(within: int, wanted: int, spec: DeciderSpec) -> int:
    return max(within, spec.activation_scale) if spec.activation_scale > 1 and wanted > 0 else within


def _alarmed(spec: DeciderSpec, state: KpaState, is_over: bool, now_ns: int) -> KpaState:
    if is_over:
        return replace(state, panic_ns=now_ns)  # begins or extends it
    if state.panic_ns is not None and state.panic_ns + spec.stable_window_ns < now_ns:
        return replace(state, panic_ns=None, max_panic_pods=0)
    return state


def _delayed(spec: DeciderSpec, state: KpaState, desired: int, now_ns: int) -> KpaState:
    tick, ticks = now_ns // TICK_NS, -(-spec.scale_down_delay_ns // TICK_NS)
    kept = {then: pods for then, pods in state.delayed if then > tick - ticks}
    kept[tick] = max(desired, kept.get(tick, 0))
    return replace(state, delayed=tuple(sorted(kept.items())))


def _excess(spec: DeciderSpec, ready: int, panic: float) -> int:
    if spec.target_burst_capacity <= 0:
        return 0 if spec.target_burst_capacity == 0 else -1
    return math.floor(ready * spec.total_value - spec.target_burst_capacity - panic)
